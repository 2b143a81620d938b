"""The innermost application: select the route, run it, and turn exceptions into answers.

The layers that Starlette builds as middleware (exception handlers inside the user's middleware, the 500
outside of it) are one try block here when nothing stands between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace._answers import ANSWERING, answer_in_task, let_travel
from vivace._handlers import Handler, answer, find_handler, response_to
from vivace._lanes import RESPONSE_STARTED, tracked
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

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """The form that http middleware calls."""
        try:
            app = self.select(scope)
            form = getattr(app, "answer", None)
            if form is None:
                return await answer_in_task(app, scope, receive)
            response: Response = await form(scope, receive)
            return response
        except Exception as exc:
            handler = find_handler(self.owner.exception_handlers, exc)
            if handler is None:
                raise
            response = await response_to(handler, exc, scope, receive, scope[ANSWERING].send)
            return await let_travel(response, scope, receive)

    def select(self, scope: Scope) -> ASGIApp:
        return self.router.select(scope)


class OuterErrors(ServerErrorMiddleware):
    """Around the user's middleware: answers 500 where nobody has answered, and raises on, for the server to log."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        super().__init__(app, handler=server_error_handler(owner), debug=owner.debug)
        self.owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, tracked(scope, send))
        except Exception as exc:
            await self.fail(exc, scope, receive, send)

    async def fail(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500, unless something was answered already, and raise."""
        if scope["type"] != "http":
            raise exc
        telemetry.unhandled(scope, exc)

        async def failing(scope: Scope, receive: Receive, send: Send) -> None:
            raise exc

        layer = server_error_layer(self.owner.debug)
        answer = layer(failing, server_error_handler(self.owner), self.owner.debug)
        # The handler is called in any case. Tracked: an application around this one must not answer again.
        has_started = scope.get(RESPONSE_STARTED)
        try:
            await answer(scope, receive, _discard if has_started else tracked(scope, send))
        except ClientDisconnect:
            if has_started:
                raise
            # The client left before all of its body had come. That is no error of the program, and nothing to log.


async def _discard(message: Message) -> None:
    """A `send` for what cannot be sent any more."""


class WholeEntry(Entry, OuterErrors):
    """The whole application when there is no middleware.

    A `ServerErrorMiddleware` to those who look for one, with the entry inside it.
    """

    def __init__(self, app: FastAPI) -> None:
        OuterErrors.__init__(self, Entry(app), app)
        self.router = app.router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.router(scope, receive, send)
            return
        try:
            await self.router.select(scope)(scope, receive, send)
        except Exception as exc:
            await self._answer_or_fail(exc, scope, receive, send)

    async def _answer_or_fail(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if await answer(self.owner.exception_handlers, exc, scope, receive, send):
                return
        except Exception as failure:
            await self.fail(failure, scope, receive, send)
        await self.fail(exc, scope, receive, send)


class UnhandledErrors:
    """Tells telemetry of exceptions that nobody handles, on their way to Starlette's layer that answers 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as exc:
            if scope["type"] == "http":
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
