"""`send.write`: a stream without a message per piece; the same bytes, the same flow control, the same ends."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from .apps import PLAIN
from .serving import GET, App, Changing

HEAD = GET.replace(b"GET", b"HEAD")
OLD = b"GET / HTTP/1.0\r\n\r\n"

STREAMS: dict[str, tuple[int, Any, list[bytes]]] = {
    "chunks": (200, PLAIN, [b"one", b"two", b"three"]),
    "empty pieces": (200, PLAIN, [b"", b"one", b"", b"two", b""]),
    "nothing": (200, PLAIN, []),
    "length": (200, [(b"content-length", b"6"), *PLAIN], [b"one", b"two"]),
    "large": (200, PLAIN, [b"x" * 100_000, b"y", b"z" * 40_000]),
    "many": (200, PLAIN, [b"%d," % number for number in range(20_000)]),
    "204": (204, PLAIN, [b"one"]),
}


def stream(status: int, headers: Any, pieces: list[bytes], *, lane: bool, pause: bool) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in pieces:
            if pause:
                await asyncio.sleep(0)
            if not lane:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            elif (wait := send.write(piece)) is not None:
                await wait
        await send({"type": "http.response.body", "body": b""})

    return app


@pytest.mark.parametrize("pause", [False, True])
@pytest.mark.parametrize("name", STREAMS)
def test_same_bytes(changing: Changing, name: str, pause: bool) -> None:
    pieces = STREAMS[name][2]
    if pause and len(pieces) > 1000:
        pieces = pieces[:1000]
    answer = (*STREAMS[name][:2], pieces)
    for raw in (GET + GET, HEAD + GET, OLD):
        on_lane = changing.ask(stream(*answer, lane=True, pause=pause), raw)
        assert on_lane == changing.ask(stream(*answer, lane=False, pause=pause), raw), raw


def test_a_piece_leaves_when_the_application_waits(changing: Changing) -> None:
    """Nothing is kept back for pieces that may come later."""
    go_on = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": PLAIN})
        send.write(b"first")
        send.write(b"second")
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        send.write(b"third")
        await send({"type": "http.response.body", "body": b""})

    with changing.connect(app) as client:
        client.send(GET)
        assert client.read_until(b"6\r\nsecond\r\n").endswith(b"5\r\nfirst\r\n6\r\nsecond\r\n")
        go_on.set()
        assert client.read_until(b"0\r\n\r\n") == b"5\r\nthird\r\n0\r\n\r\n"


def test_where_no_content_is_due(changing: Changing) -> None:
    said: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(RuntimeError) as before:
            send.write(b"x")
        send.respond(200, PLAIN, b"hello")
        with pytest.raises(RuntimeError) as after:
            send.write(b"x")
        said.extend([str(before.value), str(after.value)])

    assert changing.ask(app).content == b"hello"
    assert said == [
        "Expected ASGI message 'http.response.start', but got 'http.response.body'.",
        "Unexpected ASGI message 'http.response.body' sent, after response already completed.",
    ]


def test_a_slow_reader_makes_the_producer_wait(changing: Changing) -> None:
    waits: list[bool] = []
    piece = b"#" * 65_536

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": PLAIN})
        for _ in range(400):
            wait = send.write(piece)
            waits.append(wait is not None)
            if wait is not None:
                await wait
        await send({"type": "http.response.body", "body": b""})

    with changing.connect(app) as client:
        client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert client.read().raw.count(b"#") == 400 * len(piece)
    assert any(waits)


def test_after_the_client_has_gone(changing: Changing) -> None:
    ended = threading.Event()
    raised: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": PLAIN})
        try:
            while True:
                send.write(b"piece")
                await asyncio.sleep(0.001)
        except OSError as exc:
            raised.append(type(exc).__name__)
            raise
        finally:
            ended.set()

    with changing.connect(app) as client:
        client.send(GET)
        client.read_until(b"piece")
    assert ended.wait(5)
    assert raised == ["ClientDisconnected"]
