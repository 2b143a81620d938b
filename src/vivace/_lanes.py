"""Fast lanes: what a server may offer on `send` and `receive` beyond ASGI, and answers that take them where they are.

    send.respond(status, headers, body)   a whole answer in one plain call
    send.write(body)                      a piece of an answer in one plain call
    receive.body                          the whole body, if it has arrived
    receive.disconnected()                waits until the client has gone, and consumes nothing

A middleware that wraps `send` or `receive` passes on an object of its own, which has no such attribute, so it sees
every message: nobody has to know about lanes to stay correct. `docs/fast-lanes.md` is the specification.

Nothing here knows endpoints or applications.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace._departure import Watch

# Set in the scope once a response has begun: from then on an error can only end the connection.
RESPONSE_STARTED = "vivace.response_started"

RawHeaders = Sequence[tuple[bytes, bytes]]

# A tuple, which a server may remember; a list it must read each time.
JSON_HEADERS: RawHeaders = ((b"content-type", b"application/json"),)

_plain_call = Response.__call__
_stream_call = StreamingResponse.__call__
_stream_response = StreamingResponse.stream_response
_own_body = Request.body


def is_own_reading() -> bool:
    """Whether bodies need not be read through `Request.body`: instrumentation may have replaced it, to be called."""
    return Request.body is _own_body


def arrived_body(receive: Receive) -> bytes | None:
    """The whole body of a request, if the server has it already; it can still be received as a message."""
    body: bytes | None = getattr(receive, "body", None)
    return body if body is not None and is_own_reading() else None


async def respond(send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    """Send a whole answer. Without a length among its headers, it is put before them, as the lane does it."""
    lane = getattr(send, "respond", None)
    if lane is not None:
        lane(status, headers, body)
        return
    if b"content-length" not in dict(headers):
        headers = [(b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def is_plain(response: Response) -> bool:
    """Whether all of a response is its status, its headers and its `body`; an `Answer` knows it of itself."""
    return type(response).__call__ is _plain_call or getattr(response, "is_whole", False)


async def send_response(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response object and remember that it began: what fails afterwards cannot be answered any more."""
    if not is_plain(response) or scope["type"] != "http":
        try:
            if not tells_by_send(scope) or scope["type"] != "http" or not hasattr(response, "body_iterator"):
                await response(scope, receive, tracked(scope, send))
            else:
                with Watch(scope, receive):
                    if is_plain_stream(response):
                        await _send_stream(cast("StreamingResponse", response), scope, send)
                    else:
                        await response(scope, receive, tracked(scope, send))
        finally:
            await close_chunks(getattr(response, "chunks", None) or getattr(response, "body_iterator", None))
        return
    lane = getattr(send, "respond", None)
    if lane is not None:
        lane(response.status_code, response.raw_headers, response.body)
        scope[RESPONSE_STARTED] = True
    else:
        start = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
        await send(start)
        scope[RESPONSE_STARTED] = True
        await send({"type": "http.response.body", "body": response.body})
    if response.background is not None:
        await response.background()


def is_plain_stream(response: Response) -> bool:
    """Whether all of a response is its status, its headers and the chunks of its `body_iterator`."""
    cls = type(response)
    return cls.__call__ is _stream_call and cls.stream_response is _stream_response  # type: ignore[attr-defined]


def tells_by_send(scope: Scope) -> bool:
    """Whether the server's `send` raises once the client has gone (ASGI 2.4): nobody need wait for it to be told."""
    version: str = scope.get("asgi", {}).get("spec_version", "2.0")
    return tuple(map(int, version.split("."))) >= (2, 4)


async def close_chunks(chunks: Any) -> None:
    """End the generator of a stream, if it is one, now and not when it is collected: it may hold what others need."""
    if isinstance(chunks, AsyncGenerator):
        await chunks.aclose()


async def _send_stream(response: StreamingResponse, scope: Scope, send: Send) -> None:
    # PERF (W9): a message per chunk, straight to the server.
    charset = response.charset
    try:
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        )
        scope[RESPONSE_STARTED] = True
        write = getattr(send, "write", None)
        async for chunk in response.body_iterator:
            body = chunk if isinstance(chunk, (bytes, memoryview)) else chunk.encode(charset)
            if write is None:
                await send({"type": "http.response.body", "body": body, "more_body": True})
            elif (wait := write(body)) is not None:
                await wait
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except OSError:
        scope[RESPONSE_STARTED] = True  # there is nobody to answer otherwise
        raise ClientDisconnect() from None
    if response.background is not None:
        await response.background()


class _TrackedSend:
    """`send`, noting in the scope when a response starts."""

    __slots__ = ("scope", "send")

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.scope[RESPONSE_STARTED] = True
        await self.send(message)


class _TrackedLane(_TrackedSend):
    """The same around a `send` that has lanes."""

    __slots__ = ()

    @property
    def write(self) -> Any:
        return self.send.write  # type: ignore[attr-defined]  # absent if it has none

    def respond(self, status: int, headers: RawHeaders, body: bytes) -> None:
        send: Any = self.send
        send.respond(status, headers, body)
        self.scope[RESPONSE_STARTED] = True


def tracked(scope: Scope, send: Send) -> Send:
    """`send`, noting in the scope when a response starts."""
    return (_TrackedLane if hasattr(send, "respond") else _TrackedSend)(scope, send)


def tracked_app(app: ASGIApp) -> ASGIApp:
    """`app` with a `tracked` send: for whatever is not compiled, and so does not note by itself that it answered."""

    async def tracked_call(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, tracked(scope, send))

    return tracked_call
