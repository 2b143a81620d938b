"""What each layer is, where it offers what, and what a program may do with it."""

from __future__ import annotations

import gzip
import inspect
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.middleware import cors, httpsredirect, sessions, trustedhost
from starlette.middleware import gzip as gzip_module
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from vivace import FastAPI, Request
from vivace.middleware import cors as vivace_cors
from vivace.middleware import trustedhost as vivace_trustedhost
from vivace.middleware._layer import LayeredResponse
from vivace.middleware.cors import CORSMiddleware
from vivace.middleware.gzip import GZipMiddleware
from vivace.middleware.httpsredirect import HTTPSRedirectMiddleware
from vivace.middleware.sessions import SessionMiddleware
from vivace.middleware.trustedhost import TrustedHostMiddleware
from vivace.testclient import TestClient

from .ways import Answering, FastServer, Inner, as_answer, http, in_messages, on_the_lane, receive

pytestmark = pytest.mark.anyio

OURS: dict[type[Any], tuple[type[Any], dict[str, Any]]] = {
    CORSMiddleware: (cors.CORSMiddleware, {"allow_origins": ["https://a.example"]}),
    GZipMiddleware: (gzip_module.GZipMiddleware, {"minimum_size": 10}),
    HTTPSRedirectMiddleware: (httpsredirect.HTTPSRedirectMiddleware, {}),
    SessionMiddleware: (sessions.SessionMiddleware, {"secret_key": "secret"}),
    TrustedHostMiddleware: (trustedhost.TrustedHostMiddleware, {"allowed_hosts": ["example.com"]}),
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def long(scope: Scope) -> Response:
    return PlainTextResponse("long and longer " * 100)


@pytest.mark.parametrize("ours", OURS)
def test_starlettes_classes(ours: type[Any]) -> None:
    starlette, options = OURS[ours]
    assert issubclass(ours, starlette)
    assert ours.__name__ == starlette.__name__
    assert inspect.signature(ours) == inspect.signature(starlette)
    inner = Inner(long)
    layer = ours(inner, **options)
    assert layer.app is inner
    assert vars(layer).keys() == vars(starlette(inner, **options)).keys()


# --- who offers what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ours", OURS)
def test_an_answer_only_if_the_application_inside_has_one(ours: type[Any]) -> None:
    options = OURS[ours][1]
    assert getattr(ours(Inner(long), **options), "answer", None) is None
    assert getattr(ours(Answering(long), **options), "answer", None) is not None
    assert getattr(ours(ours(Answering(long), **options), **options), "answer", None) is not None
    assert getattr(ours(ours(Inner(long), **options), **options), "answer", None) is None


@pytest.mark.parametrize("ours", OURS)
async def test_a_lane_only_if_the_server_has_one(ours: type[Any]) -> None:
    seen: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(hasattr(send, "respond"))
        await PlainTextResponse("ok")(scope, receive, send)

    layer = ours(app, **OURS[ours][1])
    scope = {**http(), "scheme": "https"}
    await in_messages(layer, scope)
    server = await on_the_lane(layer, scope)
    assert seen == [False, True]
    assert server.on_lane == 0


@pytest.mark.parametrize("ours", OURS)
async def test_what_comes_in_on_the_lane_goes_out_on_it(ours: type[Any]) -> None:
    server = await on_the_lane(ours(Inner(long), **OURS[ours][1]), {**http(), "scheme": "https"})
    assert (server.on_lane, len(server.messages)) == (1, 0)


@pytest.mark.parametrize("ours", OURS)
@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_what_is_not_http_passes(ours: type[Any], kind: str) -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": f"{kind}.x", "scope": scope["type"]})

    async def send(message: Message) -> None:
        sent.append(message)

    await ours(app, **OURS[ours][1])({**http(), "type": kind, "scheme": "wss"}, receive, send)
    assert sent == [{"type": f"{kind}.x", "scope": kind}]


async def test_the_background_task_stays_with_the_response() -> None:
    ran: list[str] = []

    async def task() -> None:
        ran.append("task")

    def make(scope: Scope) -> Response:
        response = JSONResponse(["long"] * 200)
        response.background = task  # type: ignore[assignment]
        return response

    for ours, (_, options) in OURS.items():
        await as_answer(ours(Answering(make), **options), {**http(accept_encoding="gzip"), "scheme": "https"})
    assert ran == ["task"] * len(OURS)


async def test_headers_added_to_a_file_outside_of_a_layer() -> None:
    layer: Any = CORSMiddleware(Answering(lambda scope: FileResponse(Path(__file__))))
    scope = http()
    response = await layer.answer(scope, receive)
    assert isinstance(response, LayeredResponse)
    response.headers["x-outside"] = "1"
    server = FastServer()
    await response(scope, receive, server)
    assert (server.sent.header("x-outside"), server.sent.header("vary")) == (["1"], ["Origin"])


# --- CORS -----------------------------------------------------------------------------------------------------------


async def test_origins_that_change() -> None:
    """The collection is the program's; it is asked every time."""

    class Origins(Collection[str]):
        def __init__(self) -> None:
            self.known: set[str] = set()

        def __contains__(self, origin: object) -> bool:
            return origin in self.known

        def __iter__(self) -> Iterator[str]:
            return iter(self.known)

        def __len__(self) -> int:
            return len(self.known)

    origins = Origins()
    layer = CORSMiddleware(Inner(long), allow_origins=origins)
    scope = http(origin="https://new.example")
    for known, allowed in [(set(), []), ({"https://new.example"}, ["https://new.example"]), (set(), [])]:
        origins.known = known
        assert (await on_the_lane(layer, scope)).sent.header("access-control-allow-origin") == allowed


async def test_a_subclass_that_adds_a_header() -> None:
    class Own(CORSMiddleware):
        async def send(self, message: Message, send: Send, request_headers: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-own", b"1")]
            await super().send(message, send, request_headers)

    layer = Own(Answering(long), allow_origins=["*"])
    for server in (await in_messages(layer, http()), await on_the_lane(layer, http())):
        assert server.sent.header("x-own") == ["1"]
    assert (await as_answer(layer, http())).sent.header("x-own") == ["1"]


async def test_constant_headers_stay_constant() -> None:
    """The server may remember a tuple; it gets the same one each time."""
    tuples: list[Any] = []

    class Remembering(FastServer):
        def respond(self, status: int, headers: Any, body: bytes) -> None:
            tuples.append(headers)

    constant = ((b"content-type", b"text/plain"),)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        send.respond(200, constant, b"ok")  # type: ignore[attr-defined]

    layer = CORSMiddleware(app, allow_origins=["https://a.example"])
    for _ in range(2):
        await layer(http(origin="https://a.example"), receive, Remembering())
    assert tuples[0] is tuples[1]
    assert dict(tuples[0])[b"access-control-allow-origin"] == b"https://a.example"


async def test_origins_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vivace_cors, "MOST_REMEMBERED", 10)
    layer = CORSMiddleware(Inner(long), allow_origins=["*"], allow_credentials=True)
    for number in range(35):
        server = await on_the_lane(layer, http(origin=f"https://{number}.example"))
        assert server.sent.header("access-control-allow-origin") == [f"https://{number}.example"]
        assert len(layer._added) <= 10
        assert len(layer._joined) <= 10


# --- trusted hosts --------------------------------------------------------------------------------------------------


async def test_only_good_hosts_are_remembered_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vivace_trustedhost, "MOST_REMEMBERED", 10)
    layer = TrustedHostMiddleware(Inner(long), allowed_hosts=["*.example.com"])
    for number in range(35):
        assert (await in_messages(layer, http(host=f"h{number}.example.com"))).sent.status == 200
        assert (await in_messages(layer, http(host=f"h{number}.example.org"))).sent.status == 400
        assert 0 < len(layer._trusted) <= 10
    assert all(host is not None and host.endswith(b".example.com") for host in layer._trusted)


# --- compression ----------------------------------------------------------------------------------------------------


async def test_a_large_body_is_compressed_in_a_thread_before_the_middleware_returns() -> None:
    layer = GZipMiddleware(Inner(long), thread_minimum_size=1000)
    server = await on_the_lane(layer, http(accept_encoding="gzip"))
    assert server.sent.is_complete
    assert gzip.decompress(server.sent.body) == long({}).body
    assert server.on_lane == 0


async def test_an_exception_after_a_large_body() -> None:
    """The body arrives, and the exception goes on."""

    class Fails(Inner):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await super().__call__(scope, receive, send)
            raise LookupError

    layer, server = GZipMiddleware(Fails(long), thread_minimum_size=1000), FastServer()
    with pytest.raises(LookupError):
        await layer(http(accept_encoding="gzip"), receive, server)
    assert gzip.decompress(server.sent.body) == long({}).body


async def test_an_exception_before_the_first_chunk() -> None:
    """No response has been made by then, so the application can still make another."""

    async def chunks() -> AsyncIterator[str]:
        raise LookupError("before the first chunk")
        yield ""

    layer: Any = GZipMiddleware(Answering(lambda scope: StreamingResponse(chunks())))
    with pytest.raises(LookupError):
        await layer.answer(http(accept_encoding="gzip"), receive)


async def test_a_stream_that_nobody_reads_to_its_end_is_closed() -> None:
    events: list[str] = []

    async def chunks() -> AsyncIterator[str]:
        try:
            while True:
                yield "chunk"
                await anyio.sleep(0)
        finally:
            events.append("closed")

    layer: Any = GZipMiddleware(Answering(lambda scope: StreamingResponse(chunks())))
    response = await layer.answer(http(accept_encoding="gzip"), receive)
    async with aclosing(response.body_iterator) as body:
        async for _ in body:
            break
    assert events == ["closed"]


# --- sessions -------------------------------------------------------------------------------------------------------


def test_a_session_from_request_to_request() -> None:
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="secret")

    @app.get("/count")
    def count(request: Request) -> int:
        request.session["count"] = request.session.get("count", 0) + 1
        return int(request.session["count"])

    @app.get("/forget")
    def forget(request: Request) -> None:
        request.session.clear()

    client = TestClient(app)
    assert [client.get("/count").json() for _ in range(3)] == [1, 2, 3]
    client.get("/forget")
    assert client.get("/count").json() == 1
    assert TestClient(app, cookies={"session": "forged"}).get("/count").json() == 1
