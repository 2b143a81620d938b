"""From messages to bytes: framing, validation, and what happens when an application does not do its part."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .apps import answer
from .serving import GET, App, Changing, serve

HEAD = GET.replace(b"GET", b"HEAD")
OLD = b"GET / HTTP/1.0\r\n\r\n"


def sends(*messages: dict[str, Any], pause: bool = False) -> App:
    """An application that sends these messages; with a pause, not in the first step of its task."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if pause:
            await asyncio.sleep(0)
        for message in messages:
            await send(message)

    return app


def start(status: int = 200, *headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def body(content: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


LENGTH = (b"content-length", b"5")
CHUNKED = (b"transfer-encoding", b"chunked")

FRAMED = {
    "length": (GET, [start(200, LENGTH), body(b"hello")], b"content-length: 5\r\n\r\nhello"),
    "pieces": (GET, [start(200, LENGTH), body(b"he", True), body(b"llo")], b"content-length: 5\r\n\r\nhello"),
    "chunks": (
        GET,
        [start(), body(b"he", True), body(b"", True), body(b"llo")],
        b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    ),
    "no content": (GET, [start(), body(b"")], b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    "coding asked for": (
        GET,
        [start(200, LENGTH, CHUNKED), body(b"a")],
        b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ),
    "HEAD": (HEAD, [start(200, LENGTH), body(b"hello")], b"content-length: 5\r\n\r\n"),
    "HEAD in pieces": (HEAD, [start(200, LENGTH), body(b"he", True), body(b"llo")], b"content-length: 5\r\n\r\n"),
    "HEAD, no length": (HEAD, [start(), body(b"hello")], b"\r\n"),
    "204": (GET, [start(204, LENGTH), body(b"hello")], b"\r\n"),
    "304": (GET, [start(304, LENGTH), body(b"hello")], b"content-length: 5\r\n\r\n"),
    "103": (GET, [start(103, LENGTH), body(b"hello")], b"connection: close\r\n\r\n"),
    "1.0": (OLD, [start(200, LENGTH), body(b"hello")], b"content-length: 5\r\nconnection: close\r\n\r\nhello"),
    "1.0, no length": (OLD, [start(), body(b"he", True), body(b"llo")], b"connection: close\r\n\r\nhello"),
    "1.0, coding": (OLD, [start(200, CHUNKED), body(b"hello")], b"connection: close\r\n\r\nhello"),
    "memoryview": (GET, [start(200, LENGTH), body(memoryview(b"hello"))], b"content-length: 5\r\n\r\nhello"),
    "trailers": (
        GET,
        [
            start(trailers=True),
            body(b"hello"),
            {"type": "http.response.trailers", "headers": [(b"a", b"b")], "more_trailers": True},
            {"type": "http.response.trailers", "headers": [(b"C", b"d")]},
        ],
        b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\na: b\r\nc: d\r\n\r\n",
    ),
    "trailers, but no chunks": (
        OLD,
        [start(trailers=True), body(b"hello"), {"type": "http.response.trailers", "headers": [(b"a", b"b")]}],
        b"connection: close\r\n\r\nhello",
    ),
}  # fmt: skip


@pytest.mark.parametrize("pause", [False, True])
@pytest.mark.parametrize("name", FRAMED)
def test_framing(changing: Changing, name: str, pause: bool) -> None:
    raw, messages, expected = FRAMED[name]
    reply = changing.ask(sends(*messages, pause=pause), raw)
    first = reply.raw.partition(b"server: uvicorn\r\n")
    assert first[2] == expected
    assert changing.lines == []


def test_large_content_is_not_changed(changing: Changing) -> None:
    content = bytes(range(256)) * 1000
    reply = changing.ask(sends(start(200, (b"content-length", b"%d" % len(content))), body(content)))
    assert reply.content == content
    chunked = changing.ask(sends(start(), body(content))).content
    assert chunked == b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


def test_early_hint(changing: Changing) -> None:
    """RFC 8297."""
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}
    reply = changing.ask(sends(hint, start(200, LENGTH), body(b"hello")))
    assert reply.raw.startswith(
        b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n"
    )
    assert changing.ask(sends(hint, start(200, LENGTH), body(b"hello")), OLD).statuses == [200]


def test_default_headers_and_names_in_lower_case() -> None:
    with serve(sends(start(299, (b"X-A", b"\xe9\t b")), body(b"")), headers=[("X-Name", "value")]) as served:
        reply = served.ask(GET)
    assert reply.raw.startswith(b"HTTP/1.1 299 \r\n")
    date, *others = reply.headers
    assert date[0] == "date" and date[1].endswith(" GMT")
    assert others == [
        ("server", "uvicorn"),
        ("x-name", "value"),
        ("x-a", "é\t b"),
        ("transfer-encoding", "chunked"),
    ]


# --- mistakes of the application ----------------------------------------------------------------------------------

NEVER_STARTED: dict[str, list[dict[str, Any]]] = {
    "line end in value": [start(200, (b"a", b"b\r\nset-cookie: x=y")), body(b"")],
    "line feed in value": [start(200, (b"a", b"b\nc")), body(b"")],
    "NUL in value": [start(200, (b"a", b"b\0")), body(b"")],
    "space in name": [start(200, (b"a b", b"c")), body(b"")],
    "colon in name": [start(200, (b"a:", b"c")), body(b"")],
    "empty name": [start(200, (b"", b"c")), body(b"")],
    "length is no number": [start(200, (b"content-length", b"five")), body(b"hello")],
    "two lengths": [start(200, LENGTH, LENGTH), body(b"hello")],
    "unknown coding": [start(200, (b"transfer-encoding", b"gzip")), body(b"hello")],
    "no status": [start(99), body(b"")],
    "body first": [body(b"hello")],
    "nothing": [],
}


@pytest.mark.parametrize("name", NEVER_STARTED)
def test_mistake_before_the_start(changing: Changing, name: str) -> None:
    """500, and not a byte of what was wrong."""
    reply = changing.ask(sends(*NEVER_STARTED[name]))
    assert reply.statuses == [500]
    assert reply.content == b"Internal Server Error"
    assert ("connection", "close") in reply.headers
    assert b"cookie" not in reply.raw
    assert len(changing.lines) == 1


BROKEN_OFF: dict[str, list[dict[str, Any]]] = {
    "chunks without end": [start(), body(b"hello", True)],
    "too short": [start(200, LENGTH), body(b"he", True), body(b"l")],
    "too long": [start(200, LENGTH), body(b"hell", True), body(b"owned")],
    "second start": [start(200, LENGTH), body(b"hell", True), start(), body(b"o")],
}


@pytest.mark.parametrize("name", BROKEN_OFF)
@pytest.mark.parametrize("pause", [False, True])
def test_mistake_after_the_start(changing: Changing, name: str, pause: bool) -> None:
    """The connection ends in a way that the client can tell from a complete answer."""
    with changing.connect(sends(*BROKEN_OFF[name], pause=pause)) as client:
        client.send(GET, GET)
        reply = client.read()
    assert reply.is_closed
    assert reply.statuses == [200]
    assert b"0\r\n\r\n" not in reply.raw
    assert b"hello" not in reply.content or name == "chunks without end"


def test_broken_answer_without_length_ends_with_a_reset(changing: Changing) -> None:
    """To HTTP/1.0, the end of the connection would be the end of a complete answer."""
    with changing.connect(sends(start(), body(b"hello", True), pause=True)) as client:
        client.send(OLD)
        client.read_until(b"hello")
        with pytest.raises(ConnectionResetError):
            client.socket.recv(100)


def test_exception(changing: Changing) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("oh")

    assert changing.ask(app).statuses == [500]
    assert changing.served.tracebacks == 1


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
@pytest.mark.parametrize("pause", [False, True])
def test_exception_that_would_end_the_server(changing: Changing, error: BaseException, pause: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if pause:
            await asyncio.sleep(0)
        raise error

    assert changing.ask(app).statuses == [500]
    assert changing.ask(app).statuses == [500]


def test_exception_after_the_answer_costs_the_connection_nothing(changing: Changing) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"hello")
        raise ValueError("oh")

    assert changing.ask(app, GET + GET).statuses == [200, 200]
    assert changing.served.tracebacks == 2


def test_returned_value(changing: Changing) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> int:
        await answer(send, b"hello")
        return 1

    assert changing.ask(app).statuses == [200]  # type: ignore[arg-type]
    assert changing.lines == ["ASGI callable should return None, but returned '1'."]


def test_message_after_the_answer(changing: Changing) -> None:
    errors: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"hello")
        for message in (start(), body(b"x")):
            try:
                await send(message)
            except RuntimeError as exc:
                errors.append(str(exc))

    assert changing.ask(app).content == b"hello"
    assert errors == [
        f"Unexpected ASGI message 'http.response.{kind}' sent, after response already completed."
        for kind in ("start", "body")
    ]


def test_answer_before_the_body_is_read(changing: Changing) -> None:
    """The rest of the body is thrown away; it does not become a request."""
    raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(GET)
    app = sends(start(200, LENGTH), body(b"hello"))
    assert changing.ask(app, raw + GET + GET).statuses == [200, 200]
    with changing.connect(app) as client:
        client.send(raw)
        client.read_until(b"hello")
        client.send(GET, GET)
        client.half_close()
        assert client.read().statuses == [200]


@pytest.mark.parametrize("framing", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
def test_long_body_that_is_not_read_ends_the_connection(changing: Changing, framing: bytes) -> None:
    """Above `max_unread_body`; and the client gets to read its answer."""
    pieces = [b"1000\r\n" + b"x" * 4096 + b"\r\n"] * 200
    with changing.connect(sends(start(200, LENGTH), body(b"hello"))) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % framing, *pieces)
        reply = client.read()
    assert reply.is_closed
    assert reply.content == b"hello"


def test_headers_may_be_lists(changing: Changing) -> None:
    """ASGI says: an iterable of two-item iterables."""
    assert changing.ask(sends({**start(), "headers": [[b"a", b"b"]]}, body(b""))).headers[1] == ("a", "b")
