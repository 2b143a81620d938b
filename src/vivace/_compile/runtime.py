"""The helpers that generated code calls. Each does one step of a request; none asks about the endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextvars import copy_context
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import PydanticUndefined, ValidationError
from starlette.background import BackgroundTask, BackgroundTasks
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ASGIMessage

from vivace._body_limit import get_body_limit_error
from vivace._status import is_body_allowed_for_status_code
from vivace.encoders import jsonable_encoder
from vivace.exceptions import (
    EndpointContext,
    FastAPIError,
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)

# Set in the scope once a response has begun: from then on an error can only end the connection.
RESPONSE_STARTED = "vivace.response_started"

JSON_TYPE = (b"content-type", b"application/json")
_NO_QUERY: dict[str, str] = {}


MISSING = PydanticUndefined
UNSET = object()  # the value of a parameter that was invalid
UNREAD = object()  # a body that went straight to its value


# --- reading -------------------------------------------------------------------------------------------------------


def parse_query(raw: bytes) -> Mapping[str, str]:
    """The query string's last value of each name (application/x-www-form-urlencoded, WHATWG URL section 5)."""
    # PERF (W1, W2): most requests have no query, and most queries nothing to decode; parse_qsl costs 2 µs and more.
    if not raw:
        return _NO_QUERY
    text = raw.decode("latin-1")
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    values: dict[str, str] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            values[name] = value
    return values


def find_header(headers: list[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first header of that (lower-case) name."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None


def read_cookies(scope: Scope) -> dict[str, str]:
    return HTTPConnection(scope).cookies


_own_body = Request.body  # instrumentation may replace it, and then wants to be called


async def read_body(scope: Scope, receive: Receive, request: Request | None) -> bytes:
    """The whole body. Read through the request where there is one, so that the endpoint can ask for it again."""
    if request is not None or Request.body is not _own_body:
        return await (request or Request(scope, receive)).body()
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return message.get("body", b"")  # type: ignore[no-any-return]  # PERF (W3): nearly always one message
    chunks: list[bytes] = []
    while message["type"] == "http.request":
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()
    raise ClientDisconnect()


_LONG_NUMBER = re.compile(rb"[0-9]{3}")


async def receive_body(scope: Scope, receive: Receive, request: Request | None) -> bytes:
    """`read_body`, with what goes wrong turned into an answer: 413 for a limit, 400 for anything else."""
    try:
        return await read_body(scope, receive, request)
    except Exception as exc:
        raise body_error(exc) from exc


def body_error(exc: Exception) -> Exception:
    """The HTTP error for a body that could not be read."""
    limit_error = get_body_limit_error(exc)
    if limit_error is not None:
        return limit_error
    if isinstance(exc, StarletteHTTPException):
        return exc
    return StarletteHTTPException(status_code=400, detail="There was an error parsing the body")


def is_json(content_type: str | None, strict: bool) -> bool:
    """Whether a Content-Type announces JSON: `application/json` or `application/*+json` (RFC 8259, RFC 6839).

    Without one a body is JSON only if the check is not strict: a browser sends no preflight for it (CVE-2021-32677).
    """
    if content_type == "application/json":
        return True
    if not content_type:
        return not strict
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )


def parse_body(scope: Scope, raw: bytes, strict: bool, context: Callable[[Scope], EndpointContext]) -> Any:
    """The body as data: `MISSING` if empty, parsed if its type says JSON, else as it came."""
    if not raw:
        return MISSING
    try:
        if not is_json(find_header(scope["headers"], b"content-type"), strict):
            return raw
        return json.loads(raw)
    except json.JSONDecodeError as exc:
        error = {
            "type": "json_invalid",
            "loc": ("body", exc.pos),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": exc.msg},
        }
        raise RequestValidationError([error], body=exc.doc, endpoint_ctx=context(scope)) from exc
    except Exception as exc:
        raise body_error(exc) from exc


def read_whole(
    scope: Scope,
    raw: bytes,
    strict: bool,
    validate_json: Callable[[bytes], Any],
    context: Callable[[Scope], EndpointContext],
) -> tuple[Any, Any]:
    """The value of a body that is one parameter, read in one pass, and the body as data if that was not possible."""
    # PERF (W3): one call instead of parsing to dicts and validating those.
    # A float of 309 digits or more is infinite to one of the two and refused by the other. Such a number covers three
    # hundredth bytes in a row; a false alarm only goes the long way.
    is_whole = raw and not _LONG_NUMBER.search(raw[::100])
    if is_whole and is_json(find_header(scope["headers"], b"content-type"), strict):
        try:
            return validate_json(raw), UNREAD
        except ValidationError:
            pass
    return MISSING, parse_body(scope, raw, strict, context)


def in_own_context(call: Callable[..., Any], /, **arguments: Any) -> Any:
    """Call a function that shares its hop to a worker thread with others."""
    return copy_context().run(call, **arguments)


def set_values(**values: Any) -> dict[str, Any]:
    """The values without those that were invalid."""
    return {name: value for name, value in values.items() if value is not UNSET}


# --- refusing ------------------------------------------------------------------------------------------------------


def validation_error(
    errors: list[Any], body: Any, scope: Scope, context: Callable[[Scope], EndpointContext]
) -> RequestValidationError:
    return RequestValidationError(errors, body=None if body is MISSING else body, endpoint_ctx=context(scope))


def unread_body(body: Any, raw: bytes) -> Any:
    """The body as data, for an error, where it was read in one pass."""
    return json.loads(raw) if body is UNREAD else body


def websocket_validation_error(
    errors: list[Any], scope: Scope, context: Callable[[Scope], EndpointContext]
) -> WebSocketRequestValidationError:
    return WebSocketRequestValidationError(errors, endpoint_ctx=context(scope))


def response_error(
    errors: list[Any], value: Any, scope: Scope, context: Callable[[Scope], EndpointContext]
) -> ResponseValidationError:
    return ResponseValidationError(errors, body=value, endpoint_ctx=context(scope))


def no_response_error() -> FastAPIError:
    """A `yield` dependency swallowed the exception, so that nobody answered."""
    return FastAPIError(
        "Response not awaited. There's a high chance that the application code is raising an exception and a dependency"
        " with yield has a block with a bare except, or a block with except Exception, and is not raising the exception"
        " again. Read more about it in the docs:"
        " https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/#dependencies-with-yield-and-except"
    )


# --- answering -----------------------------------------------------------------------------------------------------

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def json_bytes(value: Any) -> bytes:
    """A value without a response model as JSON, as `JSONResponse(jsonable_encoder(value))` would write it."""
    # PERF (W1): plain data is written in one pass. What the encoder cannot write, and what jsonable_encoder would leave
    # out (keys of SQLAlchemy's state), goes the long way, which also makes the errors.
    try:
        text = _encode(value)
    except (TypeError, ValueError, RecursionError):
        text = ""
    if text and '"_sa' not in text:
        return text.encode("utf-8")
    return bytes(JSONResponse(jsonable_encoder(value)).body)


async def respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """Send a whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-length", b"%d" % len(body)), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


_ATOMIC = frozenset({Response, JSONResponse})


async def send_response(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response object and remember that it began: what fails afterwards cannot be answered any more."""
    if type(response) in _ATOMIC and response.background is None:
        await response(scope, receive, send)
    else:
        await response(scope, receive, tracked(scope, send))


def tracked(scope: Scope, send: Send) -> Send:
    """`send`, noting in the scope when a response starts."""

    async def tracked_send(message: ASGIMessage) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            scope[RESPONSE_STARTED] = True
        await send(message)

    return tracked_send


def tracked_app(app: ASGIApp) -> ASGIApp:
    """`app` with a `tracked` send: for whatever is not compiled, and so does not note by itself that it answered."""

    async def tracked_call(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, tracked(scope, send))

    return tracked_call


async def run_background(tasks: BackgroundTask | None, scope: Scope) -> None:
    """Run background tasks after the response."""
    if tasks is not None:
        scope[RESPONSE_STARTED] = True
        await tasks()


def with_background(response: Response, tasks: BackgroundTasks | None) -> Response:
    """The endpoint's own response, with the background tasks of the request unless it brought its own."""
    if response.background is None:
        response.background = tasks
    return response


def injected_response() -> Response:
    """The response that a `response: Response` parameter is: only its headers, cookies and status count."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]  # a number only once somebody has set it
    return response


def without_forbidden_body(response: Response) -> Response:
    """The response, without the content of a status that has none (RFC 9110, section 15)."""
    if not is_body_allowed_for_status_code(response.status_code):
        response.body = b""
    return response
