"""The short way, for fields that a connection has seen before, gives what the parser's way gives: scope and verdict.

A request is sent twice: after another one on the same connection, so that it may go the short way, and on a connection
of its own, where nothing is known. In memory: hundreds of examples take no port.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from vivace.server import HTTPProtocol, Limits

from .apps import readable


class Transport:
    """What the protocol asks of a transport, and what it wrote."""

    def __init__(self) -> None:
        self.written = b""
        self.is_ended = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_ended = True

    write_eof = abort = close

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.is_ended

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> Any:
        return {"sockname": ("127.0.0.1", 8000), "peername": ("127.0.0.1", 9000)}.get(name)


class Connection:
    """A protocol object without a network."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self.scopes: list[Any] = []
        self.transport = Transport()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            self.scopes.append((readable(scope), receive.body))
            send.respond(200, ((b"a", b"b"),), b"ok")

        config = uvicorn.Config(app, lifespan="off", log_config=None, proxy_headers=False)
        self.protocol = HTTPProtocol.with_limits(limits)(config, ServerState(), {}, loop)
        self.protocol.connection_made(self.transport)  # type: ignore[arg-type]

    @property
    def uses_the_short_way(self) -> bool:
        return self.protocol._block is not None and self.protocol._line != b""

    async def ask(self, raw: bytes) -> tuple[list[Any], bytes, bool]:
        """What the application saw, what was written, and whether the connection ended."""
        self.scopes.clear()
        self.transport.written = b""
        self.protocol.data_received(raw)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        found = list(self.scopes), self.transport.written, self.transport.is_ended
        self.protocol.shared.sweep.waiting.clear()
        return found


def lines() -> st.SearchStrategy[bytes]:
    methods = st.sampled_from(
        [b"GET", b"POST", b"HEAD", b"OPTIONS", b"BREW", b"get", b"CONNECT", b"QUERY", b""]
    )
    characters = st.sampled_from(
        [bytes([code]) for code in range(256)] + [b"/", b"%41", b"%ff", b"?", b"a"] * 12
    )
    rest = st.lists(characters, max_size=8).map(b"".join)
    targets = st.one_of(
        rest.map(lambda text: b"/" + text),
        rest,
        st.sampled_from([b"*", b"http://b/c?d", b"/" + b"a" * 60, b"//x/", b"/?", b"/a?b?c#d"]),
    )
    versions = st.sampled_from([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ", b""])
    return st.tuples(methods, targets, versions).map(lambda parts: b" ".join(parts) + b"\r\n")


BLOCKS = [
    b"Host: a\r\n\r\n",
    b"host: a:80\r\nX: y\r\nX: z\r\n\r\n",
    b"Host: a\r\nConnection: close\r\n\r\n",
    b"Host: a\r\nContent-Length: 3\r\n\r\nabc",
    b"Host: a\r\nContent-Length: 30\r\n\r\nabc",
    b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"Host: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    b"Host: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"Host: a\r\n\r\n\r\n",
    b"X: y\r\n\r\n",
]

LIMITS = Limits(max_target_size=64, max_head_size=150)


@settings(max_examples=400, deadline=None)
@given(line=lines(), block=st.sampled_from(BLOCKS), data=st.data())
def test_both_ways_agree(line: bytes, block: bytes, data: st.DataObject) -> None:
    other = data.draw(st.one_of(st.just(block), st.sampled_from(BLOCKS)))
    first = b"GET /first?q HTTP/1.1\r\n" + other

    async def compare() -> None:
        loop = asyncio.get_running_loop()
        known, unknown = Connection(loop, LIMITS), Connection(loop, LIMITS)
        await known.ask(first)
        if known.transport.is_ended or known.protocol.reading.name != "HEAD":
            return
        for _ in range(2):  # the second time, the line is known too
            assert await known.ask(line + block) == await unknown.ask(line + block)
            if known.transport.is_ended or known.protocol.reading.name != "HEAD":
                return
            unknown = Connection(loop, LIMITS)

    asyncio.run(compare())


def test_the_short_way_is_taken() -> None:
    """Or the test above would show nothing."""

    async def ask() -> None:
        connection = Connection(asyncio.get_running_loop(), LIMITS)
        await connection.ask(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        assert not connection.uses_the_short_way
        await connection.ask(b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.uses_the_short_way

    asyncio.run(ask())


def test_headers_are_the_applications_own() -> None:
    """What it does to them does not reach the next request."""

    async def ask() -> None:
        connection = Connection(asyncio.get_running_loop(), Limits())

        async def app(scope: Any, receive: Any, send: Any) -> None:
            connection.scopes.append(list(scope["headers"]))
            scope["headers"].clear()
            scope["state"]["x"] = 1
            scope["extra"] = 2
            send.respond(204, (), b"")

        connection.protocol._app = connection.protocol._unproxied_app = app
        for _ in range(3):
            scopes, _, _ = await connection.ask(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            assert scopes == [[(b"host", b"a")]]

    asyncio.run(ask())
