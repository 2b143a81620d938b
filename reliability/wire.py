"""A connection without a socket: a protocol class on a transport that a test can see into.

The transport behaves as those of asyncio do where it matters to a protocol: no data arrives while reading is paused
or after `close()`, an end of file closes the connection unless the protocol asks to keep it half open, and
`connection_lost` is called once, from the loop. Everything the protocol writes is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from uvicorn.config import Config
from uvicorn.importer import import_from_string
from uvicorn.server import ServerState

PROTOCOLS = {
    "vivace": "vivace.server:HTTPProtocol",
    "uvicorn": "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol",
}
"""The protocol classes by a short name; `protocol_class` also takes any import string."""

ROUNDS = 200  # of the event loop, at most, until a connection is quiet
QUIET_ROUNDS = 4  # without a write, a new request or a transition: nothing more will come by itself


def protocol_class(name: str) -> type[asyncio.Protocol]:
    """The class of that name in `PROTOCOLS`, or of that import string: `protocol_class("package.module:Class")`."""
    found: type[asyncio.Protocol] = import_from_string(PROTOCOLS.get(name, name))
    return found


class Wire(asyncio.Transport):
    """The transport: what is fed goes to the protocol, what the protocol writes is kept in `written`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol) -> None:
        super().__init__({"sockname": ("127.0.0.1", 8000), "peername": ("127.0.0.1", 50000)})
        self._loop = loop
        self._protocol = protocol
        self._incoming: deque[bytes | None] = deque()  # None is the end of file
        self._paused = self._closing = self._delivering = False
        self.written = bytearray()
        self.has_ended = False  # the server has said its last word, and may wait for the client's
        self.lost = False

    # -- the client's side

    def feed(self, data: bytes | None) -> None:
        """Data from the client; None is its end of file."""
        self._incoming.append(data)
        self._deliver()

    def break_off(self) -> None:
        """The client has reset the connection."""
        self._close(ConnectionResetError(104, "Connection reset by peer"))

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._incoming and not (self._paused or self._closing):
                data = self._incoming.popleft()
                if data is not None:
                    self._protocol.data_received(data)
                elif not self._protocol.eof_received():
                    self.close()
        finally:
            self._delivering = False

    # -- the protocol's side

    def write(self, data: Any) -> None:
        if not self._closing:
            self.written += data

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        for data in list_of_data:
            self.write(data)

    def close(self) -> None:
        self._close(None)

    def abort(self) -> None:
        self._close(None)

    def _close(self, reason: Exception | None) -> None:
        if not self._closing:
            self._closing = self.has_ended = True
            self._loop.call_soon(self._lose, reason)

    def _lose(self, reason: Exception | None) -> None:
        self.lost = True
        self._protocol.connection_lost(reason)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._loop.call_soon(self._deliver)

    def is_reading(self) -> bool:
        return not (self._paused or self._closing)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.Protocol:
        return self._protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever buffered here: what is written has arrived."""

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the application saw it."""

    method: str
    target: bytes  # path and query, as they stood on the request line
    body: bytes
    is_whole: bool = True  # False: the client left before the end of the body


@dataclass(slots=True)
class Echo:
    """An application that notes every request and answers with its number, its method and its target.

    With `lanes` it takes the fast lanes where the server offers them (docs/fast-lanes.md).
    """

    lanes: bool = False
    seen: list[Seen] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        place = len(self.seen)
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        # Noted before the body: the order of the notes is the order in which requests begin.
        self.seen.append(Seen(scope["method"], target, b"", is_whole=False))
        body, is_whole = await self._body(receive)
        self.seen[place] = Seen(scope["method"], target, body, is_whole)
        if not is_whole:
            return
        text = b"%d %s %s" % (place, scope["method"].encode(), target)
        headers = ((b"x-request", b"%d" % place), (b"content-length", b"%d" % len(text)))
        respond = getattr(send, "respond", None) if self.lanes else None
        if respond is not None:
            respond(200, headers, text)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    async def _body(self, receive: Any) -> tuple[bytes, bool]:
        whole = getattr(receive, "body", None) if self.lanes else None
        if whole is not None:
            return whole, True
        chunks: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(chunks), False
            chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(chunks), True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a connection."""

    seen: tuple[Seen, ...]
    written: bytes
    closed: bool
    errors: tuple[str, ...]  # exceptions that left the protocol or reached the event loop


class Workbench:
    """Makes connections of one protocol class to one application, inside a running event loop.

    bench = Workbench("vivace", Echo())
    outcome = await bench.converse([b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"])
    """

    def __init__(self, protocol: str, app: Any) -> None:
        self.notes = app if isinstance(app, Echo) else Echo()
        self._class = protocol_class(protocol)
        self._config = Config(app=app, lifespan="off", log_config=None, access_log=False, ws="none")
        self._config.load()
        self._loop = asyncio.get_running_loop()
        self._errors: list[str] = []
        self._loop.set_exception_handler(lambda loop, context: self._errors.append(_describe(context)))

    def connect(self) -> Wire:
        self.notes.seen = []
        self._errors.clear()
        make: Any = self._class
        protocol = make(config=self._config, server_state=ServerState(), app_state={})
        wire = Wire(self._loop, protocol)
        protocol.connection_made(wire)
        return wire

    async def converse(self, pieces: Iterable[bytes], *, end: bool = True) -> Outcome:
        """Send the pieces, and the end of file unless told otherwise; return when nothing moves any more."""
        wire = self.connect()
        for piece in pieces:
            self.feed(wire, piece)
            await asyncio.sleep(0)
        await self.settle(wire)
        if end:
            self.feed(wire, None)
            await self.settle(wire)
        outcome = self.outcome(wire)
        if not wire.lost:
            wire.break_off()
            await self.settle(wire)
        return outcome

    def feed(self, wire: Wire, data: bytes | None) -> None:
        try:
            wire.feed(data)
        except Exception as error:  # an event loop would report it and close the connection
            self._errors.append(f"{type(error).__name__}: {error}")
            wire.break_off()

    async def settle(self, wire: Wire) -> None:
        quiet, before = 0, None
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
            now = (len(wire.written), len(self.notes.seen), wire.is_closing(), wire.lost)
            quiet = quiet + 1 if now == before else 0
            before = now
            if quiet == QUIET_ROUNDS:
                return

    def outcome(self, wire: Wire) -> Outcome:
        return Outcome(tuple(self.notes.seen), bytes(wire.written), wire.is_closing(), tuple(self._errors))


def _describe(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{type(error).__name__}: {error}" if error else str(context.get("message"))


def silence_servers() -> None:
    """Keep the servers' logs off the terminal: a run makes hundreds of thousands of bad requests."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
