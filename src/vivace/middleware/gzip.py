"""Compressed responses (RFC 9110, section 8.4)."""

from __future__ import annotations

import asyncio

from starlette.middleware.gzip import GZipMiddleware as StarletteGZipMiddleware
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from vivace._lanes import RawHeaders, is_plain

from ._layer import (
    Lane,
    Layer,
    Outward,
    body_message,
    first_value,
    has_lane,
    pass_out,
    respond,
    start_message,
)


class GZipMiddleware(Layer, StarletteGZipMiddleware):
    """Compresses responses for clients that accept gzip.

    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)

    Left as they are: bodies of less than `minimum_size` bytes, those with a `Content-Encoding`, parts of files (206),
    and content types that are compressed already or have to arrive at once (`exclude_content_types`).
    Bodies of `thread_minimum_size` bytes and more are compressed in a worker thread.
    """

    # PERF (W6): Starlette prepares for compressing at every request; here that waits for a response that is large
    # enough. Most are not.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not has_lane(send):
            await super().__call__(scope, receive, send)
            return
        lane = _GZipLane(self, scope, send)
        try:
            await self.app(scope, receive, lane)
        finally:
            if lane.sending is not None:
                await lane.sending

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        response = await self.inner_answer(scope, receive)
        if is_plain(response) and self.leaves(scope, response.body):
            return response
        outward = Outward()
        inward = self.enter(scope, outward)
        assert inward is not None
        return await pass_out(response, inward, outward)

    def leaves(self, scope: Scope, body: bytes | memoryview) -> bool:
        return len(body) < self.minimum_size


async def _not_entered(message: Message) -> None:
    raise AssertionError("the lane enters first")


class _GZipLane(Lane):
    __slots__ = ("gzip", "sending")

    def __init__(self, gzip: GZipMiddleware, scope: Scope, send: Send) -> None:
        super().__init__(gzip, scope, _not_entered, Outward(), send)
        self.gzip = gzip
        self.sending: asyncio.Task[None] | None = None

    def _enter(self) -> None:
        if self.inward is _not_entered:
            inward = self.gzip.enter(self.scope, self.outward)
            assert inward is not None
            self.inward = inward

    async def __call__(self, message: Message) -> None:
        self._enter()
        await super().__call__(message)

    def respond(self, status: int, headers: RawHeaders, body: bytes) -> None:
        if self.gzip.leaves(self.scope, body):
            respond(self.send, status, headers, body)
            return
        if first_value(headers, b"content-length") is None:
            # Where the server would have put it: Starlette changes it, and appends what it does not find.
            headers = [(b"content-length", b"%d" % len(body)), *headers]
        self._enter()
        if len(body) < self.gzip.thread_minimum_size:
            super().respond(status, headers, body)
        else:
            self.sending = asyncio.get_running_loop().create_task(self._respond_later(status, headers, body))

    async def _respond_later(self, status: int, headers: RawHeaders, body: bytes) -> None:
        """In messages, for compressing in a thread must be waited for; the application goes on in the meantime."""
        await self(start_message(status, headers))
        await self(body_message(body))
