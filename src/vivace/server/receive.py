"""`receive`, as the application gets it: the body of the request, then the end of the client.

The lanes are the attribute `body` and the method `disconnected` (see `docs/fast-lanes.md`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .states import Answer

if TYPE_CHECKING:
    from .protocol import HTTPProtocol
    from .send import Send

__all__ = ["Receive"]

_COMPLETE = Answer.COMPLETE
_DISCONNECT = "http.disconnect"

HIGH_WATER = 64 * 1024
"""Bytes of a body that wait to be read before the connection is no longer read from."""


class Receive:
    """The body of one request.

    ```python
    body = receive.body        # bytes, if the whole body has arrived: the lane. Consumes nothing
    message = await receive()  # ASGI
    ```
    """

    # PERF (W1): no __slots__, and defaults on the class: a request with no body, or a whole one, sets two attributes.
    is_whole = True  # nothing more will come
    is_taken = False  # the last piece was given to the application
    is_lost = False  # the client went away, or stopped making sense, before the end
    expects_continue = False
    connection: HTTPProtocol | None = None  # only while there is something to come
    size = 0
    change: asyncio.Event | None = None  # set when there is something new for an application that waits

    def __init__(self, send: Send, body: bytes | None) -> None:
        self._send = send
        self.body = body
        """The whole body, or None if it has not arrived, or was read in pieces."""

    def await_body(self, connection: HTTPProtocol, expects_continue: bool) -> None:
        """The body is still to come."""
        self.is_whole = False
        self.connection = connection
        self.expects_continue = expects_continue
        self.pieces: list[bytes] = []
        self.was_read = False

    # --- from the connection ---------------------------------------------------------------------------------------

    def add(self, pieces: list[bytes], is_end: bool) -> None:
        """More of the body arrived, perhaps the last of it."""
        self.pieces += pieces
        self.size += sum(map(len, pieces))
        if is_end:
            self.is_whole = True
            if not self.was_read:
                self.body = b"".join(self.pieces)
        self._wake()

    def lose(self) -> None:
        """There will be no more: the application reads `http.disconnect`."""
        self.is_lost = True
        self._wake()

    def _wake(self) -> None:
        if self.change is not None:
            self.change.set()

    # --- from the application --------------------------------------------------------------------------------------

    async def __call__(self) -> dict[str, Any]:
        while self._send.state is not _COMPLETE:
            if not self.is_taken:
                if self.body is not None:
                    self.is_taken = True
                    return {"type": "http.request", "body": self.body, "more_body": False}
                if self.pieces or self.is_whole:
                    return self._next_piece()
            if self.is_lost:
                break
            await self._next_change()
        return {"type": _DISCONNECT}

    async def disconnected(self) -> None:
        """Return when the client has gone, or has got its answer. Consumes nothing: the lane for who only watches."""
        while self._send.state is not _COMPLETE and not self.is_lost:
            await self._wait()

    def _next_piece(self) -> dict[str, Any]:
        body = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        self.pieces = []
        self.size = 0
        self.was_read = True
        self.is_taken = self.is_whole
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}

    async def _next_change(self) -> None:
        if not self.is_whole and self.connection is not None:
            self.connection.want_body(self)
        await self._wait()

    async def _wait(self) -> None:
        if self.change is None:
            self.change = asyncio.Event()
        self.change.clear()
        await self.change.wait()
