"""How errors are answered, unless the program says otherwise with `exception_handlers`."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.status import HTTP_422_UNPROCESSABLE_CONTENT, WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocket

from vivace._json import EncodedResponse, json_bytes, plain_json_bytes
from vivace._status import is_body_allowed_for_status_code
from vivace.exceptions import RequestValidationError, WebSocketRequestValidationError


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """`{"detail": ...}` with the exception's status and headers; no body where the status allows none."""
    headers = getattr(exc, "headers", None)
    if not is_body_allowed_for_status_code(exc.status_code):
        return Response(status_code=exc.status_code, headers=headers)
    body = plain_json_bytes({"detail": exc.detail})
    return EncodedResponse(body, status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """422 with the list of errors, each with its location, message and input."""
    return EncodedResponse(json_bytes({"detail": exc.errors()}), status_code=HTTP_422_UNPROCESSABLE_CONTENT)


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close with 1008 (policy violation) and the list of errors as the reason."""
    from vivace.encoders import jsonable_encoder

    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=jsonable_encoder(exc.errors()))
