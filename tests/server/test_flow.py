"""Nobody has to keep more in memory than the other side takes: streams in both directions."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from typing import Any

import pytest

from vivace.server import ClientDisconnected

from .serving import GET, Changing, serve

CHUNK = b"x" * 50_000


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_slow_reader_pauses_the_producer(loop: str) -> None:
    produced = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal produced
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):  # 100 MB
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            produced += len(CHUNK)

    with serve(app, loop=loop) as served:
        tracemalloc.start()
        with served.connect() as client:
            client.send(GET)
            client.read_until(b"\r\n\r\n")
            threading.Event().wait(0.5)
            paused_at = produced
            threading.Event().wait(0.3)
            assert produced == paused_at < 8_000_000  # what the two sockets' buffers hold, and no more
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
            tracemalloc.stop()
        served.wait_until(lambda: not served.server.server_state.tasks)
        assert served.lines[4:] == []


def test_lane_waits_with_the_next_request_until_the_reader_has_caught_up() -> None:
    """`respond` never waits: so one answer may wait to be sent, but not two."""
    answered = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal answered
        send.respond(200, (), b"x" * 5_000_000)
        answered += 1

    with serve(app) as served, served.connect() as client:
        client.send(GET * 20)
        threading.Event().wait(0.5)
        assert answered < 5
        client.half_close()
        found = 0
        while piece := client.socket.recv(1_000_000):
            found += piece.count(b"x")
    assert (found, answered) == (100_000_000, 20)


def test_requests_that_nobody_takes_are_not_read() -> None:
    """A client that asks on and on and reads nothing: its requests stay with it, too."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        send.respond(200, (), b"x" * 5_000_000)

    sent = 0

    def ask() -> None:
        nonlocal sent
        try:
            while True:
                sent += client.socket.send(GET * 1000)
        except OSError:
            pass

    with serve(app) as served, served.connect() as client:
        client.socket.settimeout(1)
        ask()
        (connection,) = served.server.server_state.connections
        assert len(connection.buffer) < 600_000  # type: ignore[union-attr]
        assert sent > 1_000_000
        client.reset()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_slow_application_pauses_the_client(framing: str) -> None:
    received = 0
    go_on = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal received
        await receive()
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        while True:
            message = await receive()
            received += len(message["body"])
            if not message["more_body"]:
                break
        send.respond(200, (), b"done")

    sent = 0
    total = 30_000_000
    if framing == "length":
        head, piece, end = b"Content-Length: %d" % total, CHUNK, b""
    else:
        head, piece, end = b"Transfer-Encoding: chunked", b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK), b"0\r\n\r\n"

    def upload() -> None:
        nonlocal sent
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % head)
        for _ in range(total // len(CHUNK)):
            client.send(piece)
            sent += len(CHUNK)
        client.send(end)

    with serve(app) as served, served.connect() as client:
        client.socket.settimeout(20)
        thread = threading.Thread(target=upload)
        thread.start()
        threading.Event().wait(0.5)
        paused_at = sent
        threading.Event().wait(0.3)
        assert sent == paused_at < 20_000_000
        go_on.set()
        thread.join(20)
        assert client.read_until(b"done").startswith(b"HTTP/1.1 200 OK")
    assert 0 < total - received <= 400_000  # less the first message


def test_stream_ends_when_the_client_goes(changing: Changing) -> None:
    """`send` raises, so that Starlette's StreamingResponse needs nobody to listen for the end of the client."""
    raised: list[Exception] = []
    ended = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"tick", "more_body": True})
                await asyncio.sleep(0.01)
        except OSError as exc:
            raised.append(exc)
            raise
        finally:
            await send({"type": "http.response.body", "body": b""})  # the last message never raises
            ended.set()

    with changing.connect(app) as client:
        client.send(GET)
        client.read_until(b"tick")
        client.reset()
    assert ended.wait(2)
    assert [type(exc) for exc in raised] == [ClientDisconnected]
    changing.served.wait_until(lambda: not changing.served.server.server_state.tasks)
    assert changing.lines == []


def test_producer_that_waits_for_a_slow_reader_is_freed_when_it_goes(changing: Changing) -> None:
    ended = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        finally:
            ended.set()

    with changing.connect(app) as client:
        client.send(GET)
        threading.Event().wait(0.3)
        client.reset()
    assert ended.wait(5)
    assert changing.lines == []


def test_head_of_a_stream_does_not_wait_for_content(changing: Changing) -> None:
    """An EventSource opens before there is an event: in the first step of a task, and later."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/later":
            await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await asyncio.sleep(0.5)
        await send({"type": "http.response.body", "body": b"ok"})

    for path in (b"/", b"/later"):
        with changing.connect(app) as client:
            client.send(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
            client.socket.settimeout(0.4)
            client.read_until(b"\r\n\r\n")


def test_two_readers_of_one_request(changing: Changing) -> None:
    """Middleware that watches for the end of the client, beside the endpoint."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        watchers = [asyncio.create_task(receive()) for _ in range(2)]
        await asyncio.sleep(0.01)
        send.respond(200, (), b"hello")
        seen.extend([(await watcher)["type"] for watcher in watchers])

    assert changing.ask(app, quiet=0.3).content == b"hello"
    assert seen == ["http.disconnect"] * 2
