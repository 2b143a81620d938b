"""Real servers on real sockets, and clients that send exactly the bytes a test says."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from vivace.server import HTTPProtocol, Limits

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Any, Any], Awaitable[None]]

GET = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
END = "<end>"
OPEN = "<open>"


@dataclass
class Reply:
    """What came back for the bytes of a client."""

    raw: bytes
    is_closed: bool
    """Whether the server has closed its side."""

    @property
    def statuses(self) -> list[int]:
        """Of all responses, in order. Right as long as no content looks like a status line."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", self.raw)]

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Of the first response."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]

    @property
    def content(self) -> bytes:
        """After the first head."""
        return self.raw.partition(b"\r\n\r\n")[2]


class Client:
    """One connection."""

    def __init__(self, port: int, patience: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)

    def send(self, *pieces: bytes, pause: float = 0.0) -> None:
        for piece in pieces:
            try:
                self.socket.sendall(piece)
            except OSError:
                return  # closed by the server: what it said is still to be read
            if pause:
                time.sleep(pause)

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Hang up without a word: the server sees a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def read_until(self, end: bytes) -> bytes:
        """What comes up to and including `end`."""
        found = b""
        while not found.endswith(end):
            piece = self.socket.recv(1)
            assert piece, f"closed after {found!r}"
            found += piece
        return found

    def read(self, quiet: float | None = None) -> Reply:
        """What comes until the server closes, or is quiet for `quiet` seconds."""
        if quiet is not None:
            self.socket.settimeout(quiet)
        raw = b""
        while True:
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                return Reply(raw, is_closed=False)
            except ConnectionResetError:
                return Reply(raw, is_closed=True)
            if not piece:
                return Reply(raw, is_closed=True)
            raw += piece

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class Served:
    """A server that runs."""

    server: uvicorn.Server
    port: int
    loop: asyncio.AbstractEventLoop
    records: list[logging.LogRecord] = field(default_factory=list)

    def connect(self) -> Client:
        return Client(self.port)

    def ask(self, raw: bytes, quiet: float | None = None) -> Reply:
        """Send some bytes on a new connection and half-close it: the answer ends when the server has no more to say."""
        with self.connect() as client:
            client.send(raw)
            if quiet is None:
                client.half_close()
            return client.read(quiet)

    @property
    def lines(self) -> list[str]:
        """What was logged."""
        return [record.getMessage() for record in self.records]

    @property
    def tracebacks(self) -> int:
        return sum(record.exc_info is not None for record in self.records)

    def wait_until(self, condition: Callable[[], bool], patience: float = 5.0) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.01)


class Changing:
    """An application that another one can be put in the place of, on a server that goes on."""

    served: Served

    def __init__(self) -> None:
        self._app: App | None = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        assert self._app is not None
        result: Any = await self._app(scope, receive, send)  # type: ignore[func-returns-value]
        return result

    def ask(self, app: App, raw: bytes = GET, quiet: float | None = None) -> Reply:
        with self.connect(app) as client:
            client.send(raw)
            if quiet is None:
                client.half_close()
            return client.read(quiet)

    def connect(self, app: App) -> Client:
        self._app = app
        return self.served.connect()

    @property
    def lines(self) -> list[str]:
        """What was logged in this test."""
        return self.served.lines


class _Collect(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def serve(
    app: App, *, limits: Limits | None = None, loop: str = "auto", http: Any = None, **options: Any
) -> Iterator[Served]:
    """A uvicorn server with our protocol class, in a thread."""
    protocol: Any = http or (HTTPProtocol if limits is None else HTTPProtocol.with_limits(limits))
    options = {"lifespan": "off", "access_log": False, "log_config": None, **options}
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=protocol, loop=loop, **options)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    records: list[logging.LogRecord] = []
    handler = _Collect(records)
    names = ["uvicorn.error", "asyncio", *(["uvicorn.access"] if options["access_log"] else [])]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.005)
    listener = server.servers[0]
    port = listener.sockets[0].getsockname()[1]
    try:
        yield Served(server, port, listener.get_loop(), records)
    finally:
        server.should_exit = True
        thread.join(10)
        for logger in loggers:
            logger.removeHandler(handler)
        assert not thread.is_alive(), "the server did not end"
