"""Notices that a client has gone while a stream is made for it, and stops what makes it.

Servers of ASGI 2.4 say so by `send`, which raises. A stream that waits for its next piece sends nothing, and would wait
on for nobody: for a message that comes once an hour, say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from vivace._anyio import current_task

BODY_READ = "vivace.body_read"
"""Set in the scope when the framework has received the whole body: nobody will ask for a part of it."""

PATIENCE_SECONDS = 0.5
"""How long a stream may run before anybody looks whether its client is there."""


class Watch:
    """Cancels what runs inside of it once the client has gone; leaving it then raises `ClientDisconnect`.

    with Watch(scope, receive):
        await send_the_stream()
    """

    # PERF (W9): most streams are over before a task that waits for the client would pay; a timer costs a tenth of it.

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._has_gone = _waiter(scope, receive) if current_task() is not None else None
        self._timer: Any = None
        self._listener: Any = None

    def __enter__(self) -> None:
        if self._has_gone is None:
            return
        # PERF (W12): whoever runs an event loop has imported these.
        from asyncio import get_running_loop

        from anyio import CancelScope

        self._cancel_scope = CancelScope()
        self._cancel_scope.__enter__()
        self._loop = get_running_loop()
        self._timer = self._loop.call_later(PATIENCE_SECONDS, self._listen)

    def _listen(self) -> None:
        self._listener = self._loop.create_task(self._cancel_once_gone())

    async def _cancel_once_gone(self) -> None:
        assert self._has_gone is not None
        await self._has_gone()
        self._cancel_scope.cancel()

    def __exit__(self, kind: Any, exc: BaseException | None, traceback: Any) -> bool | None:
        if self._has_gone is None:
            return None
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        is_suppressed = self._cancel_scope.__exit__(kind, exc, traceback)
        if self._cancel_scope.cancelled_caught:
            raise ClientDisconnect() from None
        return is_suppressed


def _waiter(scope: Scope, receive: Receive) -> Callable[[], Awaitable[None]] | None:
    """What waits until the client has gone; `None` where that would take the request's body from whoever reads it."""
    lane: Callable[[], Awaitable[None]] | None = getattr(receive, "disconnected", None)
    if lane is not None:
        return lane
    if not scope.get(BODY_READ) and any(_announces_body(*header) for header in scope["headers"]):
        return None

    async def disconnected() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    return disconnected


def _announces_body(name: bytes, value: bytes) -> bool:
    return name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
