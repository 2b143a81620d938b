"""Whatever way a response takes, the client gets the bytes that Starlette's middleware would have sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import TimestampSigner
from starlette.middleware.cors import CORSMiddleware as StarletteCORS
from starlette.middleware.gzip import GZipMiddleware as StarletteGZip
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware as StarletteHTTPSRedirect
from starlette.middleware.sessions import SessionMiddleware as StarletteSession
from starlette.middleware.trustedhost import TrustedHostMiddleware as StarletteTrustedHost
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from vivace.middleware.cors import CORSMiddleware
from vivace.middleware.gzip import GZipMiddleware
from vivace.middleware.httpsredirect import HTTPSRedirectMiddleware
from vivace.middleware.sessions import SessionMiddleware
from vivace.middleware.trustedhost import TrustedHostMiddleware

from .ways import Answering, Inner, as_answer, http, in_messages, on_the_lane

Layers = list[tuple[type[Any], type[Any], dict[str, Any]]]

CORS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "all": {"allow_origins": ["*"], "allow_methods": ["*"], "allow_headers": ["*"]},
    "all, credentials": {"allow_origins": ["*"], "allow_credentials": True, "expose_headers": ["x-a", "x-b"]},
    "some": {"allow_origins": ["https://a.example"], "allow_headers": ["x-token"], "max_age": 5},
    "some, credentials": {"allow_origins": ["https://a.example"], "allow_credentials": True},
    "pattern": {"allow_origin_regex": r"https://.*\.example", "expose_headers": ["x-a"]},
}
SESSION = {"secret_key": "secret", "session_cookie": "s"}

LAYERS: dict[str, Layers] = {
    **{f"cors: {name}": [(StarletteCORS, CORSMiddleware, options)] for name, options in CORS.items()},
    "gzip": [(StarletteGZip, GZipMiddleware, {})],
    "gzip, all in threads": [
        (StarletteGZip, GZipMiddleware, {"minimum_size": 1, "thread_minimum_size": 1, "compresslevel": 1})
    ],
    "gzip, own exclusions": [
        (StarletteGZip, GZipMiddleware, {"minimum_size": 1, "exclude_content_types": ("application/json",)})
    ],
    "hosts": [
        (StarletteTrustedHost, TrustedHostMiddleware, {"allowed_hosts": ["example.com", "*.a.example"]})
    ],
    "hosts, www": [(StarletteTrustedHost, TrustedHostMiddleware, {"allowed_hosts": ["www.example.com"]})],
    "hosts, any": [(StarletteTrustedHost, TrustedHostMiddleware, {})],
    "https": [(StarletteHTTPSRedirect, HTTPSRedirectMiddleware, {})],
    "session": [(StarletteSession, SessionMiddleware, SESSION)],
    "session, strict": [
        (StarletteSession, SessionMiddleware, {**SESSION, "max_age": None, "https_only": True, "domain": "a"})
    ],
    "session in gzip in cors in hosts": [
        (StarletteSession, SessionMiddleware, SESSION),
        (StarletteGZip, GZipMiddleware, {}),
        (StarletteCORS, CORSMiddleware, CORS["some, credentials"]),
        (StarletteTrustedHost, TrustedHostMiddleware, {"allowed_hosts": ["example.com"]}),
    ],
    "cors in gzip in session": [
        (StarletteCORS, CORSMiddleware, CORS["all, credentials"]),
        (StarletteGZip, GZipMiddleware, {}),
        (StarletteSession, SessionMiddleware, SESSION),
    ],
    "gzip in gzip": [(StarletteGZip, GZipMiddleware, {}), (StarletteGZip, GZipMiddleware, {})],
}

SIGNED = (
    "eyJhIjogMX0=.AAAAAQ.FBJXkGZf8WvU3Z9VhNhtZ-9jL0Y"  # any text: whether it is good, both have to find out
)

REQUESTS: dict[str, Scope] = {
    "plain": http(),
    "head": http("HEAD"),
    "options": http("OPTIONS"),
    "options with origin": http("OPTIONS", origin="https://a.example"),
    "origin": http(origin="https://a.example"),
    "other origin": http("POST", origin="https://other.test"),
    "preflight": http("OPTIONS", origin="https://a.example", access_control_request_method="GET"),
    "preflight, refused": http(
        "OPTIONS",
        origin="https://other.test",
        access_control_request_method="PATCH",
        access_control_request_headers="x-token, x-other",
        access_control_request_private_network="true",
    ),
    "gzip": http(accept_encoding="gzip, br", origin="https://a.example"),
    "no gzip": http(accept_encoding="br"),
    "other host": http(host="other.test"),
    "subdomain": http(host="x.a.example"),
    "bad host": http(host="a/b?c@d"),
    "no host": {**http(), "headers": []},
    "host twice": {**http(), "headers": [(b"host", b"example.com"), (b"host", b"other.test")]},
    "https": {**http(), "scheme": "https"},
    "port": http("GET", "/p", host="example.com:80"),
    "cookie": http(cookie=f"x=y; s={SIGNED}"),
    "range": http(range="bytes=2-5", accept_encoding="gzip"),
}

LONG = "long and longer " * 100
FILE = Path(__file__)


class Numbers(Response):
    """A response class of a program's, with a way of its own of being sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": 203, "headers": [(b"x-own", b"1"), *self.raw_headers]}
        )
        for number in range(3):
            await send({"type": "http.response.body", "body": b"%d " % number * 100, "more_body": True})
        await send({"type": "http.response.body"})


async def numbers(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield b"%d " % number * 50


def using_session(scope: Scope, use: Callable[[dict[str, Any]], object]) -> Response:
    if "session" in scope:
        use(scope["session"])
    return JSONResponse({"session": dict(scope.get("session") or {})})


def loaded(scope: Scope) -> Response:
    """As if the cookie had been good."""
    if "session" in scope:
        dict.update(scope["session"], old=1)
    return using_session(scope, lambda session: session.clear())


RESPONSES: dict[str, Callable[[Scope], Response]] = {
    "small": lambda scope: JSONResponse({"a": 1}),
    "long": lambda scope: JSONResponse({"a": LONG}),
    "huge": lambda scope: Response(LONG * 100, media_type="text/csv"),
    "headers": lambda scope: PlainTextResponse(
        LONG,
        status_code=201,
        headers={"vary": "Accept", "access-control-allow-origin": "x", "X-B": "c", "etag": '"1"'},
    ),
    "vary twice": lambda scope: vary_twice(PlainTextResponse(LONG)),
    "encoded": lambda scope: PlainTextResponse(LONG, headers={"content-encoding": "br"}),
    "image": lambda scope: Response(LONG, media_type="image/png"),
    "part": lambda scope: PlainTextResponse(LONG, status_code=206),
    "no content": lambda scope: Response(status_code=204),
    "not modified": lambda scope: Response(status_code=304, headers={"etag": '"1"'}),
    "memoryview": lambda scope: Response(memoryview(LONG.encode())),
    "redirect": lambda scope: RedirectResponse("/there"),
    "cookies": lambda scope: with_cookies(JSONResponse({})),
    "stream": lambda scope: StreamingResponse(numbers(5), media_type="text/csv"),
    "stream of text": lambda scope: StreamingResponse(iter(["ä", "", LONG]), media_type="text/plain"),
    "stream with a length": lambda scope: StreamingResponse(numbers(1), headers={"content-length": "100"}),
    "stream of nothing": lambda scope: StreamingResponse(numbers(0)),
    "events": lambda scope: StreamingResponse(iter(["data: 1\n\n"]), media_type="text/event-stream"),
    "file": lambda scope: FileResponse(FILE, stat_result=FILE.stat()),
    "own": lambda scope: Numbers(),
    "session written": lambda scope: using_session(scope, lambda session: session.update(a=1)),
    "session cleared": loaded,
    "session seen": lambda scope: using_session(scope, lambda session: session.mark_accessed()),  # type: ignore[attr-defined]
}


def vary_twice(response: Response) -> Response:
    response.raw_headers += [(b"vary", b"Accept"), (b"vary", b"Cookie")]
    return response


def with_cookies(response: Response) -> Response:
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _same_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: 1)


def stack(layers: Layers, app: ASGIApp, *, ours: bool) -> Any:
    for starlette, vivace, options in layers:
        app = (vivace if ours else starlette)(app, **options)
    return app


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("make", RESPONSES.values(), ids=RESPONSES)
async def test_same_bytes(layers: Layers, make: Callable[[Scope], Response]) -> None:
    for name, scope in REQUESTS.items():
        expected = await in_messages(stack(layers, Inner(make), ours=False), scope)

        messages = await in_messages(stack(layers, Inner(make), ours=True), scope)
        assert messages.messages == expected.messages, name

        lane = await on_the_lane(stack(layers, Inner(make), ours=True), scope)
        assert lane.sent == expected.sent, name

        answer = await as_answer(stack(layers, Answering(make), ours=True), scope)
        assert answer.sent == expected.sent, name


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
async def test_the_second_time(layers: Layers) -> None:
    """What is remembered gives the same, and a response that a program returns again and again does not grow."""

    def make(scope: Scope) -> Response:
        return PlainTextResponse("again" * 200, headers={"x-own": "1"})

    response = make({})
    starlette = stack(layers, Inner(make), ours=False)
    vivace = stack(layers, Inner(lambda scope: response), ours=True)
    answering = stack(layers, Answering(lambda scope: response), ours=True)
    for _ in range(3):
        for name, scope in REQUESTS.items():
            expected = (await in_messages(starlette, scope)).sent
            assert (await on_the_lane(vivace, scope)).sent == expected, name
            assert (await as_answer(answering, scope)).sent == expected, name
            if not any(
                ours is GZipMiddleware for _, ours, _ in layers
            ):  # Starlette's edits the list it is given
                assert (await in_messages(vivace, scope)).sent == expected, name
    assert response.raw_headers == make({}).raw_headers


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
async def test_exceptions_pass(layers: Layers) -> None:
    def fail(scope: Scope) -> Response:
        raise LookupError("of the endpoint")

    scope = {**REQUESTS["https"], "headers": [(b"host", b"www.example.com")]}
    if any(options.get("allowed_hosts", ["www"])[0] == "example.com" for _, _, options in layers):
        scope["headers"] = [(b"host", b"example.com")]
    for way in (in_messages, on_the_lane, as_answer):
        with pytest.raises(LookupError, match="of the endpoint"):
            await way(stack(layers, Answering(fail), ours=True), scope)
