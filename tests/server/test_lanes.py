"""`send.respond` and `receive.body`: the same as the messages, byte for byte; and what they refuse."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from .apps import PLAIN
from .serving import GET, App, Changing

HEAD = GET.replace(b"GET", b"HEAD")
OLD = b"GET / HTTP/1.0\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
UNREAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
EXPECTS = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"

Headers = tuple[tuple[bytes, bytes], ...]


def on_the_lane(status: int, headers: Any, body: bytes, pause: bool) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if pause:
            await asyncio.sleep(0)
        send.respond(status, headers, body)

    return app


def on_the_ordinary_path(status: int, headers: Any, body: bytes, pause: bool) -> App:
    names = {name.lower() for name, _ in headers}
    has_content = status >= 200 and status not in (204, 304)
    if has_content and not names & {b"content-length", b"transfer-encoding"}:
        headers = [(b"content-length", b"%d" % len(body)), *headers]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if pause:
            await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


ANSWERS: dict[str, tuple[int, Headers, bytes]] = {
    "plain": (200, PLAIN, b"hello"),
    "empty": (200, (), b""),
    "not found": (404, PLAIN, b"no"),
    "length first": (200, ((b"content-length", b"5"), *PLAIN), b"hello"),
    "length last": (200, (*PLAIN, (b"Content-Length", b"5")), b"hello"),
    "coding": (200, ((b"transfer-encoding", b"chunked"),), b"hello"),
    "close": (200, ((b"Connection", b"close"),), b"hello"),
    "204": (204, PLAIN, b"hello"),
    "304": (304, ((b"etag", b"x"),), b""),
    "103": (103, (), b""),
    "unknown status": (599, PLAIN, b"hello"),
    "large": (200, PLAIN, b"x" * 100_000),
    "capitals": (200, ((b"X-Name", b"Value"),), b"x"),
}  # fmt: skip


STREAMS = [GET + GET, HEAD + GET, OLD, CLOSE + GET, UNREAD, UNREAD + b"abc" + GET, EXPECTS]


@pytest.mark.parametrize("pause", [False, True])
@pytest.mark.parametrize("kind", [tuple, list])
@pytest.mark.parametrize("name", ANSWERS)
def test_same_bytes(changing: Changing, name: str, kind: Any, pause: bool) -> None:
    status, headers, body = ANSWERS[name]
    answer = (status, kind(headers), body, pause)
    for raw in STREAMS:
        on_lane = changing.ask(on_the_lane(*answer), raw)
        assert on_lane == changing.ask(on_the_ordinary_path(*answer), raw), raw


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        (((b"a", b"b\r\nc: d"),), b"", "Invalid HTTP header value: b'a' holds a control character"),
        (((b"a\n", b"b"),), b"", "Invalid HTTP header name: b'a\\n'"),
        (((b"content-length", b"4"),), b"hello", "Response content longer than Content-Length"),
        (((b"content-length", b"6"),), b"hello", "Response content shorter than Content-Length"),
    ],
)
def test_raises_before_a_byte_is_written(
    changing: Changing, headers: Headers, body: bytes, message: str
) -> None:
    raised: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):  # a tuple that was refused is not remembered as good
            try:
                send.respond(200, headers, body)
            except RuntimeError as exc:
                raised.append(str(exc))
        send.respond(200, PLAIN, b"after all")

    reply = changing.ask(app)
    assert raised == [message] * 2
    assert (reply.statuses, reply.content) == ([200], b"after all")


def test_second_answer(changing: Changing) -> None:
    raised: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        send.respond(200, PLAIN, b"hello")
        try:
            send.respond(200, PLAIN, b"again")
        except RuntimeError as exc:
            raised.append(str(exc))

    assert changing.ask(app).content == b"hello"
    assert raised == ["respond() after the response has started"]


def test_after_the_client_has_gone(changing: Changing) -> None:
    """No-op."""
    results: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        await asyncio.sleep(0.05)
        results.append(send.respond(200, PLAIN, b"hello"))

    with changing.connect(app) as client:
        client.send(GET)
        client.reset()
    changing.served.wait_until(lambda: results == [None])
    assert changing.lines == []


def test_middleware_that_wraps_send_hides_the_lane(changing: Changing) -> None:
    seen: list[str] = []

    async def endpoint(scope: Any, receive: Any, send: Any) -> None:
        respond = getattr(send, "respond", None)
        assert respond is None
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def noting(message: Any) -> None:
            seen.append(message["type"])
            await send(message)

        await endpoint(scope, receive, noting)

    assert changing.ask(app).statuses == [200]
    assert seen == ["http.response.start", "http.response.body"]


# --- receive.body -------------------------------------------------------------------------------------------------

POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (GET, b""),
        (POST + b"hello", b"hello"),
        (CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello"),
    ],
)
def test_body_that_has_arrived(changing: Changing, raw: bytes, body: bytes) -> None:
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.extend([receive.body, receive.body, await receive(), receive.body])
        send.respond(200, PLAIN, b"")

    changing.ask(app, raw)
    assert found == [body, body, {"type": "http.request", "body": body, "more_body": False}, body]


def test_body_that_arrives_later(changing: Changing) -> None:
    """None first; the whole body once it is there; and still one message."""
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(receive.body)
        send_more.set()
        while receive.body is None:
            await asyncio.sleep(0.001)
        found.extend([receive.body, await receive()])
        send.respond(200, PLAIN, b"")

    send_more = threading.Event()
    with changing.connect(app) as client:
        client.send(POST, b"he")
        assert send_more.wait(5)
        client.send(b"llo")
        client.read_until(b"\r\n\r\n")
    assert found == [None, b"hello", {"type": "http.request", "body": b"hello", "more_body": False}]


def test_body_that_was_read_in_pieces(changing: Changing) -> None:
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(await receive())
        first.set()
        found.append(await receive())
        found.append(receive.body)
        send.respond(200, PLAIN, b"")

    first = threading.Event()
    with changing.connect(app) as client:
        client.send(POST + b"he")
        assert first.wait(5)
        client.send(b"llo")
        client.read_until(b"\r\n\r\n")
    assert found == [
        {"type": "http.request", "body": b"he", "more_body": True},
        {"type": "http.request", "body": b"llo", "more_body": False},
        None,
    ]


def test_whole_body_is_there_though_the_client_has_gone(changing: Changing) -> None:
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.1)
        found.extend([receive.body, await receive(), await receive()])

    with changing.connect(app) as client:
        client.send(POST + b"hello")
        client.reset()
    changing.served.wait_until(lambda: len(found) == 3)
    assert found == [
        b"hello",
        {"type": "http.request", "body": b"hello", "more_body": False},
        {"type": "http.disconnect"},
    ]
