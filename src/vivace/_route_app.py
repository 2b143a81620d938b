"""The application that answers for a route: compiled on first use, and again when what it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from vivace._operation import Operation, WebSocketOperation
from vivace.telemetry._api import SCOPE_KEY as TELEMETRY_KEY

from . import _doors

# The operation whose handler is being built: a route in an included router builds one for each inclusion.
effective_operation: ContextVar[Any] = ContextVar("effective_operation", default=None)


class RouteApp:
    """Answers HTTP requests for an operation.

    `make_handler` makes the function `async (request) -> Response`; `is_custom` says that it is not ours, so
    that requests must go through it.
    """

    def __init__(self, operation: Operation, make_handler: Callable[[], Any], *, is_custom: bool) -> None:
        self.operation = operation
        self.make_handler = make_handler
        self.is_custom = is_custom
        self._around_handler: ASGIApp | None = None
        if is_custom:
            self.around_handler()  # a handler that cannot be built is reported now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.around_handler() if TELEMETRY_KEY in scope else self.current()
        await app(scope, receive, send)

    def current(self) -> ASGIApp:
        """The fastest application that answers as the program stands now."""
        if self.is_custom or _doors.are_replaced():
            return self.around_handler()
        return self.operation.variants.flat(self.operation.overrides)

    def around_handler(self) -> ASGIApp:
        """The application around the route's handler: for route classes, instrumentation and telemetry."""
        if self._around_handler is None:
            token = effective_operation.set(
                self.operation if hasattr(self.operation, "original_route") else None
            )
            try:
                handler = self.make_handler()
            finally:
                effective_operation.reset(token)
            app: ASGIApp = _doors.module().request_response(handler)
            self._around_handler = app
        return self._around_handler


class WebSocketApp:
    """Answers WebSocket connections for an operation."""

    def __init__(self, operation: WebSocketOperation) -> None:
        self.operation = operation
        self._composed: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.composed() if TELEMETRY_KEY in scope else self.current()
        await app(scope, receive, send)

    def current(self) -> ASGIApp:
        """The fastest application that answers as the program stands now."""
        if _doors.are_replaced():
            return self.composed()
        return self.operation.variants.websocket(self.operation.overrides)

    def composed(self) -> ASGIApp:
        """The application out of separate steps: for instrumentation and telemetry."""
        if self._composed is None:
            doors, operation = _doors.module(), self.operation
            handler = doors.get_websocket_app(
                operation.dependant, operation.dependency_overrides_provider, operation._embed_body_fields
            )
            app: ASGIApp = doors.websocket_session(handler)
            self._composed = app
        return self._composed
