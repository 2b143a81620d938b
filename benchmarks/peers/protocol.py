"""The limit of this approach: httptools on uvloop, and constants. Nothing that a server has to do is done.

`python -m benchmarks.peers.protocol APP PORT`, where APP is `hello`, `streams`, `upload`, or `echo`: a WebSocket
that knows short frames, one at a time (RFC 6455, 5.2). It also shows what the load generators can ask for.
"""

import asyncio
import base64
import hashlib
import sys
from typing import cast

import httptools
import uvloop

OK, CREATED, NOT_FOUND = b"200 OK", b"201 Created", b"404 Not Found"
JSON, TEXT, EVENTS = b"application/json", b"text/plain", b"text/event-stream"
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-accept: %b\r\n\r\n"
)
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def whole(status: bytes, media_type: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-length: %d\r\ncontent-type: %b\r\n\r\n"
    return head % (status, len(body), media_type) + body


def chunked(media_type: bytes, chunks: list[bytes]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: %b\r\n\r\n" % media_type
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])


def uploaded() -> bytes:
    """The answer to W11's own request."""
    from benchmarks.workloads import UPLOAD

    end = UPLOAD.body.rpartition(b"\r\n--")[0][-4:].hex().encode()
    text = b'{"name":"lamp.raw","description":"A lamp, from above","size":4000000,"end":"%b"}'
    return whole(CREATED, JSON, text % end)


def answers(app: str) -> dict[bytes, bytes]:
    """By request target."""
    if app == "hello":
        return {b"/": whole(OK, JSON, b'{"message":"Hello, World!"}')}
    if app == "upload":
        return {b"/uploads": uploaded()}
    lines = [b"line %d of the stream\n" % number for number in range(200)]
    events = [b'data: {"event":%d}\n\n' % number for number in range(200)]
    return {b"/lines": chunked(TEXT, lines), b"/events": chunked(EVENTS, events)}


class Constants(asyncio.Protocol):
    known: dict[bytes, bytes]
    unknown = whole(NOT_FOUND, JSON, b"{}")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio.Transport, but like it.
        self.transport = cast(asyncio.Transport, transport)
        self.parser = httptools.HttpRequestParser(self)
        self.url = b""

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_message_complete(self) -> None:
        self.transport.write(self.known.get(self.url, self.unknown))


class Echo(Constants):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.accept: bytes | None = None

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"sec-websocket-key":
            self.accept = base64.b64encode(hashlib.sha1(value + MAGIC).digest())

    def data_received(self, data: bytes) -> None:
        if self.accept is None:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade:
                self.transport.write(SWITCH % self.accept)
            return
        opcode, length = data[0], data[1] & 127
        if opcode & 15 == 8:
            self.transport.close()
            return
        if length > 125 or len(data) != 6 + length:
            raise RuntimeError("only one short frame at a time is known here")
        padding = 4 - length % 4
        mask = int.from_bytes(data[2:6] * ((length + padding) // 4))
        text = (int.from_bytes(data[6:] + bytes(padding)) ^ mask).to_bytes(length + padding)[:length]
        self.transport.write(bytes((opcode, length)) + text)

    def on_message_complete(self) -> None:
        """The upgrade answers."""


async def serve(app: str, port: int) -> None:
    protocol = Echo if app == "echo" else Constants
    protocol.known = answers(app)
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], int(sys.argv[2])))
