"""Exception handlers: which one answers an exception, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException, WebSocketException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from vivace._body_limit import wrap_app_with_body_limit
from vivace._json import json_bytes, plain_json_bytes
from vivace._lanes import JSON_HEADERS, RESPONSE_STARTED, RawHeaders, respond, send_response
from vivace._starlette import is_async_callable
from vivace._status import is_body_allowed_for_status_code
from vivace.exception_handlers import http_exception_handler, request_validation_exception_handler
from vivace.exceptions import RequestValidationError

Handler = Callable[[Any, Any], Any]


async def answer(
    handlers: Mapping[Any, Handler], exc: Exception, scope: Scope, receive: Receive, send: Send
) -> bool:
    """Let the handler for the exception answer; false if there is none.

    Raises `RuntimeError` if there is one but something was answered already.
    """
    handler = find_handler(handlers, exc)
    if handler is None:
        return False
    if scope.get(RESPONSE_STARTED):
        raise RuntimeError("Caught handled exception, but response already started.") from exc
    plain = _plain_answer(handler, exc) if scope["type"] == "http" else None
    if plain is not None:
        status, headers, body = plain
        await respond(send, status, headers, body)
        scope[RESPONSE_STARTED] = True
        return True
    response = await response_to(handler, exc, scope, receive, send)
    if response is not None:
        await send_response(response, scope, receive, send)
    return True


def _plain_answer(handler: Handler, exc: Exception) -> tuple[int, RawHeaders, bytes] | None:
    """What our own handlers answer, if there is nothing special about it."""
    # PERF (401, 409, 422): without their request and response objects.
    if handler is http_exception_handler:
        assert isinstance(exc, HTTPException)
        if is_body_allowed_for_status_code(exc.status_code):
            body = plain_json_bytes({"detail": exc.detail})
            headers = json_headers(getattr(exc, "headers", None), body)
            return None if headers is None else (exc.status_code, headers, body)
    elif handler is request_validation_exception_handler:
        assert isinstance(exc, RequestValidationError)
        return 422, JSON_HEADERS, json_bytes({"detail": exc.errors()})
    return None


def json_headers(further: Mapping[str, str] | None, body: bytes) -> RawHeaders | None:
    """The headers of a JSON response, in the order that a response object gives them. None if the further ones say
    length or type themselves."""
    if not further:
        return JSON_HEADERS
    names = [name.lower() for name in further]
    if "content-length" in names or "content-type" in names:
        return None
    values = [value.encode("latin-1") for value in further.values()]
    encoded = [name.encode("latin-1") for name in names]
    return [*zip(encoded, values, strict=True), (b"content-length", b"%d" % len(body)), *JSON_HEADERS]


async def response_to(handler: Handler, exc: Exception, scope: Scope, receive: Receive, send: Send) -> Any:
    """What the handler makes of the exception: a response, or nothing if it has answered itself."""
    make = Request if scope["type"] == "http" else WebSocket
    connection = make(scope, receive, send)
    if is_async_callable(handler):
        return await handler(connection, exc)
    # PERF (W12): threads, and what anyio has for them, come with the first sync function that runs.
    from vivace.concurrency import run_in_thread

    return await run_in_thread(handler, connection, exc)


def limited(app: ASGIApp, max_body_size: int | None) -> ASGIApp:
    """`app` with a limit in bytes; a body that is too large is answered by the application's handlers."""
    return app if max_body_size is None else wrap_app_with_body_limit(_with_handlers(app), max_body_size)


def _with_handlers(app: ASGIApp) -> ASGIApp:

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as exc:
            handlers = getattr(scope.get("app"), "exception_handlers", {})
            if not await answer(handlers, exc, scope, receive, send):
                raise

    return answering


def answers_plainly(handlers: Mapping[Any, Handler], status_code: int) -> bool:
    """Whether an HTTPException with that status is answered as nobody has said otherwise."""
    return status_code not in handlers and handlers.get(HTTPException) is http_exception_handler


def find_handler(handlers: Mapping[Any, Handler], exc: Exception) -> Handler | None:
    """By status of an HTTPException, then by class; `Exception` and 500 belong to the outermost layer."""
    if isinstance(exc, HTTPException) and exc.status_code != 500 and exc.status_code in handlers:
        return handlers[exc.status_code]
    for cls in type(exc).__mro__:
        if cls is Exception:
            break
        if cls in handlers:
            return handlers[cls]
    return close_websocket if isinstance(exc, WebSocketException) else None


async def close_websocket(websocket: WebSocket, exc: WebSocketException) -> None:
    """What answers a `WebSocketException` unless the program says otherwise."""
    await websocket.close(code=exc.code, reason=exc.reason)
