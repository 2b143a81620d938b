"""An ASGI application driven without a server: scope in, messages out.

What servers do is left out on purpose (sockets, parsing, a task per request): the difference between two
frameworks shows undiluted. The loop is uvloop, as under the server.
https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from benchmarks.messages import Answer, Request, make_answer

# Any, because that is how ASGI's own types describe scopes and messages.
Scope = dict[str, Any]
Message = dict[str, Any]
CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 8000)
BATCH = 20  # requests between two looks at the clock


class Exchange:
    """`receive` and `send` of one request. After the body, `receive` waits for the answer's end, as a server's does."""

    __slots__ = ("_asked", "_body", "_complete", "_waiting", "chunks", "headers", "status")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._asked = self._complete = False
        self._waiting: asyncio.Event | None = None
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        if not self._complete:
            if self._waiting is None:
                self._waiting = asyncio.Event()
            await self._waiting.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message.get("headers", [])
            return
        self.chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            self._complete = True
            if self._waiting is not None:
                self._waiting.set()


def scope_of(request: Request) -> Scope:
    """As uvicorn makes it for HTTP/1.1 on 127.0.0.1; a `Host` header stands first, a `Content-Length` last."""
    path, _, query = request.target.partition("?")
    pairs = [("Host", "127.0.0.1:8000"), *request.headers]
    if request.body:
        pairs.append(("Content-Length", str(len(request.body))))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": SERVER,
        "client": CLIENT,
        "scheme": "http",
        "root_path": "",
        "method": request.method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in pairs],
    }


async def answer(app: Any, request: Request) -> Answer:
    """The app's answer to one request."""
    exchange = Exchange(request.body)
    await app(scope_of(request) | {"state": {}}, exchange.receive, exchange.send)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers]
    return make_answer(exchange.status, headers, b"".join(exchange.chunks))


async def drive(app: Any, request: Request, status: int, *, count: int) -> None:
    """Send the request `count` times, one after the other. Raises `RuntimeError` at a status other than `status`."""
    template = scope_of(request)
    body = request.body
    for _ in range(count):
        exchange = Exchange(body)
        await app(
            {**template, "headers": list(template["headers"]), "state": {}}, exchange.receive, exchange.send
        )
        if exchange.status != status:
            raise RuntimeError(
                f"{request.method} {request.target} gave {exchange.status} instead of {status}"
            )


async def time_requests(app: Any, request: Request, status: int, *, seconds: float) -> float:
    """Microseconds per request, over batches of requests that together take at least `seconds`."""
    count = 0
    start = now = time.perf_counter()
    while now - start < seconds:
        await drive(app, request, status, count=BATCH)
        count += BATCH
        now = time.perf_counter()
    return (now - start) / count * 1e6


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Start the app up, and shut it down when the block ends. Raises `RuntimeError` if either fails."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    running = asyncio.create_task(app(scope, to_app.get, from_app.put))

    async def step(event: str) -> None:
        await to_app.put({"type": event})
        reply = await from_app.get()
        if reply["type"] != f"{event}.complete":
            raise RuntimeError(f"the application answered {reply} to {event}")

    await step("lifespan.startup")
    yield
    await step("lifespan.shutdown")
    await running
