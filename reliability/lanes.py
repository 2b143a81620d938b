"""The fast lanes against the ordinary path: the same answer, byte for byte, less `Date`.

The same application is served twice by the same protocol class: as it is, so that it may take the lanes of `receive`
and `send` (docs/fast-lanes.md), and inside a middleware that passes everything on through functions of its own, which
have no lanes. Random requests go to both, several on each connection, some pipelined.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from reliability import splits
from reliability.answers import read_answers
from reliability.runs import Result, Task, in_processes, in_shares
from reliability.wire import Wire, Workbench, silence_servers
from vivace import (
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
)
from vivace.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

ANSWER_LIMIT = 10.0  # seconds
CONVERSATION = 4  # requests on each connection


# --- the application ------------------------------------------------------------------------------------------------


class Item(BaseModel):
    name: str = Field(max_length=20)
    price: float = 0
    tags: list[str] = []


async def number_of_page(page: Annotated[int, Query(ge=1)] = 1) -> int:
    return page


async def connection() -> AsyncIterator[str]:
    yield "open"


def make_app() -> FastAPI:
    """One endpoint for every way in which an answer can come about."""
    app = FastAPI()

    @app.get("/plain")
    async def plain() -> Any:
        return {"hello": "world"}

    @app.get("/thread")
    def thread(q: str = "") -> Any:
        return {"q": q}

    @app.get("/items/{item_id}")
    async def read_item(item_id: int, q: str | None = None, page: int = Depends(number_of_page)) -> Any:
        return {"item_id": item_id, "q": q, "page": page}

    @app.post("/items", status_code=201, response_model=Item)
    async def create_item(item: Item) -> Any:
        return item

    @app.put("/two")
    async def two(item: Item, note: Annotated[str, Body()]) -> Any:
        return {"item": item, "note": note}

    @app.post("/form")
    async def form(name: Annotated[str, Form()], age: Annotated[int, Form()] = 0) -> Any:
        return {"name": name, "age": age}

    @app.get("/raw")
    @app.post("/raw")
    async def raw(request: Request) -> Any:
        return {"method": request.method, "body": (await request.body()).decode("latin-1")}

    @app.post("/unread")
    async def unread() -> Any:
        return "unread"

    @app.get("/headers")
    async def headers(
        response: Response,
        x_token: Annotated[str | None, Header()] = None,
        session: Annotated[str, Cookie()] = "",
    ) -> Any:
        response.headers["X-Token"] = x_token or "none"
        response.set_cookie("session", session or "new")
        return None

    @app.get("/status/{status}")
    @app.post("/status/{status}")
    async def status(status: int) -> Any:
        return Response(status_code=status) if status in (204, 304) else JSONResponse([1], status)

    @app.delete("/nothing", status_code=204)
    async def nothing() -> None:
        return None

    @app.get("/html", response_class=HTMLResponse)
    async def html() -> Any:
        return "<p>é</p>"

    @app.get("/text", response_class=PlainTextResponse)
    async def text(size: Annotated[int, Query(ge=0, le=300_000)] = 0) -> Any:
        return "x" * size

    @app.get("/redirect")
    async def redirect() -> Any:
        return RedirectResponse("/plain")

    @app.get("/stream")
    async def stream(parts: Annotated[int, Query(ge=0, le=20)] = 3) -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            for part in range(parts):
                yield b"%d," % part

        return StreamingResponse(chunks(), media_type="text/plain")

    @app.get("/lines")
    async def lines() -> AsyncIterator[Item]:
        yield Item(name="a")
        yield Item(name="b", price=1.5)

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> Any:
        tasks.add_task(int)
        return JSONResponse({}, background=BackgroundTask(int))

    @app.get("/yield")
    async def with_yield(state: str = Depends(connection)) -> Any:
        return state

    @app.get("/refused")
    async def refused() -> Any:
        raise HTTPException(418, detail={"why": "teapot"}, headers={"X-Why": "teapot"})

    @app.get("/broken")
    async def broken() -> Any:
        raise RuntimeError("broken")

    @app.get("/length")
    async def length() -> Any:
        return Response(b"12345", headers={"content-length": "5", "x-a": "b"})

    @app.get("/fields")
    async def fields(value: str = "a") -> Any:
        return Response(b"", headers={"x-value": value})

    @app.get("/close")
    async def close() -> Any:
        return JSONResponse({}, headers={"connection": "close"})

    return app


class Counted:
    """The application with the lanes that the server offers, counting how often each is taken.

    Without it a server that offers no lanes, or an application that asks for none, would differ in nothing either.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.responded = self.bodies = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        has_lanes = scope["type"] == "http" and hasattr(send, "respond")
        await self.app(
            scope,
            _CountedReceive(receive, self) if has_lanes else receive,
            _CountedSend(send, self) if has_lanes else send,
        )


class _CountedReceive:
    def __init__(self, receive: Any, counted: Counted) -> None:
        self._receive, self._counted = receive, counted

    @property
    def body(self) -> bytes | None:
        self._counted.bodies += 1
        body: bytes | None = getattr(self._receive, "body", None)
        return body

    async def __call__(self) -> Any:
        return await self._receive()


class _CountedSend:
    def __init__(self, send: Any, counted: Counted) -> None:
        self._send, self._counted = send, counted

    def respond(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        self._counted.responded += 1
        self._send.respond(status, headers, body)

    async def __call__(self, message: Any) -> None:
        await self._send(message)


def hiding(app: Any) -> Any:
    """The application behind functions that have no lanes: what a middleware does that wraps `receive` and `send`."""

    async def hidden(scope: Any, receive: Any, send: Any) -> None:
        async def receive_on() -> Any:
            return await receive()

        async def send_on(message: Any) -> None:
            await send(message)

        await app(scope, receive_on, send_on)

    return hidden


# --- requests -------------------------------------------------------------------------------------------------------

TARGETS = (
    "/plain", "/thread?q=a%20b", "/items/{n}", "/items/{n}?q=é&page={n}", "/items/x", "/headers", "/status/200",
    "/status/204", "/status/304", "/status/404", "/status/500", "/html", "/text?size={n}", "/text?size=70000",
    "/text?size=x", "/redirect", "/stream", "/stream?parts={n}", "/lines", "/background", "/yield", "/refused",
    "/broken", "/length", "/fields?value={n}", "/fields?value=a%0d%0ab", "/close", "/raw", "/missing", "/plain/",
    "/openapi.json", "/docs",
)  # fmt: skip
JSON_BODIES = (
    b'{"name":"a","price":1.5,"tags":["x"]}', b'{"name":"a"}', b'{"item":{"name":"a"},"note":"n"}', b"{}", b"[1]",
    b"null", b"{", b'"\xff"', b"", b'{"name":"' + b"a" * 30 + b'"}', b'{"name":"a","price":NaN}', b"[" * 50, b" {} ",
)  # fmt: skip
FORMS = (
    b"name=a&age=3",
    b"name=a",
    b"age=x",
    b"",
    b"name=%zz&age=1",
    b"a=b&" * 20 + b"name=z",
    b"name=a;age=3",
)
TYPES = (
    b"application/json",
    b"application/json; charset=utf-8",
    b"text/plain",
    b"application/vnd.a+json",
    b"",
)


def make_request(choose: random.Random) -> bytes:
    """The bytes of one request that is well-formed HTTP, whatever else is wrong with it."""
    kind = choose.choice(("get", "get", "get", "json", "json", "form", "raw", "other"))
    if kind == "get":
        target = choose.choice(TARGETS).replace("{n}", str(choose.choice((0, 1, 7, 20, -1))))
        return _request(choose, choose.choice(("GET", "GET", "GET", "HEAD")), _quoted(target), b"")
    if kind == "json":
        method, target = choose.choice((("POST", "/items"), ("PUT", "/two")))
        content_type = choose.choice((TYPES[0], *TYPES))
        return _request(choose, method, target, choose.choice(JSON_BODIES), content_type)
    if kind == "form":
        return _request(choose, "POST", "/form", choose.choice(FORMS), b"application/x-www-form-urlencoded")
    if kind == "raw":
        target = choose.choice(("/raw", "/unread", "/status/200"))
        return _request(choose, "POST", target, choose.choice((b"", b"x", b"y" * 100_000)), b"text/plain")
    return _request(
        choose, choose.choice(("DELETE", "OPTIONS", "PATCH")), choose.choice(("/nothing", "/plain")), b""
    )


def _quoted(target: str) -> str:
    return target.replace("é", "%C3%A9")


def _request(
    choose: random.Random, method: str, target: str, body: bytes, content_type: bytes = b""
) -> bytes:
    fields = [b"host: a.example"]
    if content_type:
        fields.append(b"content-type: " + content_type)
    if choose.random() < 0.2:
        fields.append(b"cookie: session=" + choose.choice((b"abc", b'"q"', b"a=b")))
    if choose.random() < 0.2:
        fields.append(b"x-token: " + choose.choice((b"t", b"caf\xe9", b"")))
    if choose.random() < 0.05:
        fields.append(b"connection: close")
    choose.shuffle(fields)
    if body and choose.random() < 0.3:
        fields.append(b"transfer-encoding: chunked")
        pieces = splits.at_random(body, choose, 3)
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif body or method in ("POST", "PUT"):
        fields.append(b"content-length: %d" % len(body))
    return b"%s %s HTTP/1.1\r\n%s\r\n\r\n" % (method.encode(), target.encode(), b"\r\n".join(fields)) + body


# --- comparing ------------------------------------------------------------------------------------------------------

DATE = re.compile(rb"\r\ndate: [^\r\n]+", re.IGNORECASE)


async def converse(bench: Workbench, requests: Sequence[bytes], pieces: Sequence[Sequence[bytes]]) -> bytes:
    """Send the pieces of each request, waiting for each answer; everything that was written, less `Date`."""
    wire = bench.connect()
    methods = [request.partition(b" ")[0].decode() for request in requests]
    for answered, cut in enumerate(pieces):
        for piece in cut:
            bench.feed(wire, piece)
            await asyncio.sleep(0)
        await _until_answered(wire, methods, answered + 1)
    written = DATE.sub(b"", bytes(wire.written))
    if not wire.lost:
        wire.break_off()
        await bench.settle(wire)
    if errors := bench.outcome(wire).errors:
        return written + b"\n" + json.dumps(errors).encode()
    return written


async def _until_answered(wire: Wire, methods: Sequence[str], count: int) -> None:
    async with asyncio.timeout(ANSWER_LIMIT):
        while not wire.is_closing():
            try:
                if len(read_answers(bytes(wire.written), methods, closed=False)) >= count:
                    return
            except AssertionError:
                pass  # not all of it is there
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Difference:
    number: int
    sent: bytes
    with_lanes: bytes
    without: bytes

    def __str__(self) -> str:
        lines = [f"conversation {self.number}: {self.sent!r}"]
        return "\n".join([*lines, f"  with lanes: {self.with_lanes!r}", f"  without:    {self.without!r}"])


@dataclass(slots=True)
class Comparison:
    """What a search found, and how often the lanes were taken meanwhile."""

    differences: list[Difference] = field(default_factory=list)
    requests: int = 0
    responded: int = 0  # through send.respond
    bodies: int = 0  # asked for through receive.body


async def compare(protocol: str, seed: int, numbers: Sequence[int]) -> Comparison:
    """Compare conversations of four requests, each made from `seed:number`, so that one can be held alone."""
    app = make_app()
    counted = Counted(app)
    with_lanes, without = Workbench(protocol, counted), Workbench(protocol, hiding(app))
    result = Comparison()
    for number in numbers:
        choose = random.Random(f"{seed}:{number}")
        requests = [make_request(choose) for _ in range(CONVERSATION)]
        pieces = [choose.choice((splits.whole(r), splits.at_random(r, choose))) for r in requests]
        left, right = [await converse(bench, requests, pieces) for bench in (with_lanes, without)]
        result.requests += len(requests)
        if left != right:
            result.differences.append(Difference(number, b"".join(requests), left, right))
    result.responded, result.bodies = counted.responded, counted.bodies
    return result


# --- the long run ---------------------------------------------------------------------------------------------------

SHARE = 100  # conversations for a process at a time


def _compare_share(share: tuple[str, int, range]) -> Comparison:
    silence_servers()
    return asyncio.run(compare(*share))


def run(task: Task) -> Result:
    """`task.count` requests."""
    total = Comparison()
    conversations = -(-task.count // CONVERSATION)
    shares = [(task.protocol, task.seed, numbers) for numbers in in_shares(conversations, SHARE)]
    for found in in_processes(_compare_share, shares):
        total.differences += found.differences
        total.requests += found.requests
        total.responded += found.responded
        total.bodies += found.bodies
        task.advance(found.requests, f"{len(total.differences)} differences")
    faults = [str(difference) for difference in total.differences]
    if not total.responded:
        faults.append("no answer took the lane")
    return Result(
        f"{total.requests:,} requests, {total.responded:,} of them answered over the lane:"
        f" {len(total.differences)} differences",
        faults,
    )
