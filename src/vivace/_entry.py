"""The innermost application: select the route, run it, and turn exceptions into answers.

The layers that Starlette builds as middleware (exception handlers inside the user's middleware, the 500
outside of it) are one try block here when nothing stands between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from vivace._compile.runtime import RESPONSE_STARTED, tracked
from vivace._handlers import Handler, answer
from vivace.telemetry import _api as telemetry

if TYPE_CHECKING:
    from vivace.applications import FastAPI


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
            if not await answer(self.owner.exception_handlers, exc, scope, receive, send):
                raise

    def select(self, scope: Scope) -> ASGIApp:
        return self.router.select(scope)


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
                if await answer(self.owner.exception_handlers, exc, scope, receive, send):
                    return
                raise
            await self._answer_or_fail(exc, scope, receive, send)

    async def _answer_or_fail(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if await answer(self.owner.exception_handlers, exc, scope, receive, send):
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
        layer = server_error_layer(self.owner.debug)
        answer = layer(fail, server_error_handler(self.owner), self.owner.debug)
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


def server_error_layer(debug: bool) -> type[ServerErrorMiddleware]:
    """The layer that answers 500; with `debug`, the one whose answer shows the user's program and the plan."""
    if not debug:
        return ServerErrorMiddleware
    from vivace._debug import DebugErrors

    return DebugErrors


def server_error_handler(app: FastAPI) -> Handler | None:
    """The handler registered for 500 or `Exception`, the later one if both are."""
    found = None
    for key, handler in app.exception_handlers.items():
        if key in (500, Exception):
            found = handler
    return found
