"""The innermost application: select the route, run it, and turn exceptions into answers.

The layers that Starlette builds as middleware (exception handlers inside the user's middleware, the 500
outside of it) are one try block here when nothing stands between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException, WebSocketException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from vivace._compile.runtime import RESPONSE_STARTED, tracked
from vivace._starlette import is_async_callable
from vivace.telemetry import _api as telemetry

if TYPE_CHECKING:
    from vivace.applications import FastAPI

Handler = Callable[[Any, Any], Any]


class Entry:
    """The application inside the user's middleware: routes, and the handlers of `exception_handlers`."""

    def __init__(self, app: FastAPI) -> None:
        self.owner = app
        self.router = app.router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.router(scope, receive, send)
            return
        try:
            await self.select(scope)(scope, receive, send)
        except Exception as exc:
            if not await self.answer(exc, scope, receive, send):
                raise

    def select(self, scope: Scope) -> ASGIApp:
        return self.router.select(scope)

    async def answer(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> bool:
        """Let the handler for the exception answer; false if there is none."""
        handler = find_handler(self.owner.exception_handlers, exc)
        if handler is None:
            return False
        if scope.get(RESPONSE_STARTED):
            raise RuntimeError("Caught handled exception, but response already started.") from exc
        make = Request if scope["type"] == "http" else WebSocket
        response = await call_handler(handler, make(scope, receive, send), exc)
        if response is not None:
            await response(scope, receive, tracked(scope, send))
        return True


class WholeEntry(Entry, ServerErrorMiddleware):
    """The whole application when there is no middleware: also answers 500.

    A `ServerErrorMiddleware` to those who look for one, with the entry inside it.
    """

    def __init__(self, app: FastAPI) -> None:
        ServerErrorMiddleware.__init__(self, Entry(app), handler=server_error_handler(app), debug=app.debug)
        self.owner = app
        self.router = app.router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.router(scope, receive, send)
            return
        try:
            await self.select(scope)(scope, receive, send)
        except Exception as exc:
            if scope["type"] != "http":
                if await self.answer(exc, scope, receive, send):
                    return
                raise
            await self._answer_or_fail(exc, scope, receive, send)

    async def _answer_or_fail(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if await self.answer(exc, scope, receive, send):
                return
        except Exception as failure:
            await self._fail(failure, scope, receive, send)
        await self._fail(exc, scope, receive, send)

    async def _fail(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500, unless something was answered already, and raise: the server logs what happened."""
        telemetry.unhandled(scope, exc)

        async def fail(scope: Scope, receive: Receive, send: Send) -> None:
            raise exc

        if scope.get(RESPONSE_STARTED):
            raise exc
        answer = ServerErrorMiddleware(fail, server_error_handler(self.owner), self.owner.debug)
        # Tracked: an application around this one must not answer again.
        await answer(scope, receive, tracked(scope, send))


class UnhandledErrors:
    """Tells telemetry of exceptions that nobody handles, on their way to the layer that answers 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as exc:
            telemetry.unhandled(scope, exc)
            raise


def find_handler(handlers: dict[Any, Handler], exc: Exception) -> Handler | None:
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


async def call_handler(handler: Handler, connection: Any, exc: Exception) -> Any:
    if is_async_callable(handler):
        return await handler(connection, exc)
    return await run_in_threadpool(handler, connection, exc)


def server_error_handler(app: FastAPI) -> Handler | None:
    """The handler registered for 500 or `Exception`, the later one if both are."""
    found = None
    for key, handler in app.exception_handlers.items():
        if key in (500, Exception):
            found = handler
    return found
