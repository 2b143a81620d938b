"""One request, answered in four ways: by Starlette's middleware; by ours in messages, on the lane, and as an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from anyio.lowlevel import checkpoint
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace._lanes import is_plain
from vivace.middleware._layer import has_lane

Make = Callable[[Scope], Response]
Headers = Sequence[tuple[bytes, bytes]]


@dataclass
class Sent:
    """What reaches the client."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    is_complete: bool = False

    def header(self, name: str) -> list[str]:
        return [value.decode() for key, value in self.headers if key == name.encode()]


class Server:
    """The `send` of a server without a lane."""

    def __init__(self) -> None:
        self.sent = Sent()
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        await checkpoint()  # as a server does that waits for a slow reader
        self.messages.append({**message})
        sent = self.sent
        assert not sent.is_complete
        if message["type"] == "http.response.start":
            assert not sent.status
            sent.status, sent.headers = message["status"], [*message["headers"]]
        elif message["type"] == "http.response.body":
            assert sent.status
            sent.body += bytes(message.get("body", b""))
            sent.is_complete = not message.get("more_body", False)


class FastServer(Server):
    """The `send` of a server with a lane."""

    def __init__(self) -> None:
        super().__init__()
        self.on_lane = 0

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        assert not self.sent.status
        self.on_lane += 1
        if all(name != b"content-length" for name, _ in headers) and status not in (204, 304):
            headers = [(b"content-length", b"%d" % len(body)), *headers]
        self.sent = Sent(status, [*headers], body, True)


class Inner:
    """An application that offers nothing but messages."""

    def __init__(self, make: Make) -> None:
        self.make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self.make(scope)
        if has_lane(send) and is_plain(response):
            headers = tuple(response.raw_headers)
            if headers and headers[0][0] == b"content-length":
                headers = headers[1:]  # the server writes it there
            send.respond(response.status_code, headers, response.body)  # type: ignore[attr-defined]
        else:
            await response(scope, receive, send)


class Answering(Inner):
    """An application with an `answer`."""

    async def answer(self, scope: Scope, receive: Receive) -> Response | None:
        return self.make(scope)


def http(method: str = "GET", path: str = "/", /, **headers: str) -> dict[str, Any]:
    """`http("GET", "/", origin="https://a.example")`; underscores stand for hyphens."""
    fields = {"host": "example.com", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
        "server": ("example.com", 80),
        "client": ("127.0.0.1", 50000),
    }


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def in_messages(app: ASGIApp, scope: Scope) -> Server:
    server = Server()
    await app({**scope}, receive, server)
    return server


async def on_the_lane(app: ASGIApp, scope: Scope) -> FastServer:
    server = FastServer()
    await app({**scope}, receive, server)
    return server


async def as_answer(app: Any, scope: Scope) -> Server:
    server = Server()
    request = {**scope}
    response = await app.answer(request, receive)
    await response(request, receive, server)
    return server
