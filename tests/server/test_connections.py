"""What a connection lives through between and around its requests."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from vivace.server import Limits

from . import apps
from .apps import answer, read_body
from .serving import GET, Changing, Served, serve

POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"


def get(path: str) -> bytes:
    return b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode()


# --- order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_pipelined_requests_are_answered_in_order(loop: str) -> None:
    """Also when the earlier ones take longer."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep({"/slow": 0.1, "/medium": 0.03}.get(scope["path"], 0))
        await answer(send, scope["path"].encode() + b";")

    paths = ["slow", "a", "medium", "b", "c"]
    with serve(app, loop=loop) as served:
        reply = served.ask(b"".join(map(get, paths)))
    found = [part.partition(b"\r\n\r\n")[2] for part in reply.raw.split(b"HTTP/1.1 200 OK")[1:]]
    assert found == [f"/{path};".encode() for path in paths]


def test_many_pipelined_requests(changing: Changing) -> None:
    """No recursion, however many there are."""
    with changing.connect(apps.hello_on_the_lane) as client:
        threading.Thread(target=client.send, args=(GET * 5000,)).start()
        expected, found = 5000 * b"hello", b""
        while found.count(b"hello") < 5000:
            found += client.socket.recv(65536)
        client.half_close()
        assert client.read().raw == b""
    assert found.replace(b"\r\n\r\nhello", b"").count(b"HTTP/1.1 200 OK") == 5000
    assert len(expected) == 25_000


def test_pipelined_requests_leave_time_for_others(changing: Changing) -> None:
    """A client that asks for two seconds of work in one packet does not have the server to itself."""
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/work":
            time.sleep(0.01)
        order.append(scope["path"])
        await answer(send, b"hello")

    with changing.connect(app) as greedy, changing.connect(app) as modest:
        greedy.send(get("work") * 200)
        greedy.half_close()
        greedy.read_until(b"hello")
        modest.send(get("modest"))
        modest.read_until(b"hello")
        assert len(greedy.read().statuses) == 199
    assert order.index("/modest") < 150


def test_background_work_does_not_hold_up_the_next_request(changing: Changing) -> None:
    done = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"hello")
        if scope["path"] == "/first":
            await asyncio.sleep(0.3)
            done.set()

    reply = changing.ask(app, get("first") + get("second"))
    assert reply.statuses == [200, 200]
    assert not done.is_set()
    assert done.wait(5)


def test_each_request_has_a_fresh_context(changing: Changing) -> None:
    """On one connection too, pipelined or not, and whichever way the request before has ended."""
    variable = contextvars.ContextVar("variable", default="unset")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found = variable.get()
        variable.set("set")
        if scope["path"] == "/wait":
            await asyncio.sleep(0.01)
        await answer(send, found.encode())
        variable.set("set later")

    reply = changing.ask(app, (get("wait") + get("")) * 3)
    assert (reply.raw.count(b"unset"), reply.statuses) == (6, [200] * 6)


# --- keep-alive and close -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
@pytest.mark.parametrize("app", [apps.hello, apps.hello_on_the_lane])
def test_keep_alive(changing: Changing, app: Any, head: bytes, closes: bool) -> None:
    """After `close`, nothing that was pipelined is answered."""
    reply = changing.ask(app, head + GET, quiet=None if closes else 0.3)
    assert (reply.is_closed, reply.statuses) == (closes, [200] if closes else [200, 200])
    assert (("connection", "close") in reply.headers) == closes


def test_half_closed_client_is_answered(changing: Changing) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = await read_body(receive)
        await asyncio.sleep(0.1)
        await answer(send, body)

    for raw, expected in ((GET, b""), (POST + b"hello", b"hello")):
        reply = changing.ask(app, raw)
        assert (reply.statuses, reply.content, reply.is_closed) == ([200], expected, True)


def test_last_word_that_came_while_a_request_waited_holds_for_it_too(changing: Changing) -> None:
    """A half-close that arrives before a pipelined request begins: the rest of its body will not come."""
    asked: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/first":
            await asyncio.sleep(0.1)
            await answer(send, b"hello")
            return
        with pytest.raises(ConnectionError):
            await read_body(receive)
        asked.append(scope["path"])

    changing.ask(app, get("first") + POST + b"he")
    assert asked == ["/"]


def test_application_that_asks_is_told_of_a_half_close(changing: Changing) -> None:
    """A client that hangs up looks the same, and its request may be expensive."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await read_body(receive)
        message = await receive()
        await answer(send, message["type"].encode())

    assert changing.ask(app).content == b"http.disconnect"


def test_truncated_body(changing: Changing) -> None:
    """The application learns that there is no more; whoever still listens gets its answer."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await read_body(receive)
        except ConnectionError:
            await answer(send, b"incomplete", status=400)

    reply = changing.ask(app, POST + b"hel")
    assert (reply.statuses, reply.content, reply.is_closed) == ([400], b"incomplete", True)


def test_client_that_goes_in_the_middle_of_its_body(changing: Changing) -> None:
    """It costs no line in the log, however the framework calls its exception."""

    class ClientDisconnect(Exception):
        pass

    ended = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await read_body(receive)
        except ConnectionError as exc:
            raise ClientDisconnect from exc
        finally:
            ended.set()

    with changing.connect(app) as client:
        client.send(POST, b"hel", pause=0.02)
        client.reset()
    assert ended.wait(5)
    changing.served.wait_until(lambda: not changing.served.server.server_state.tasks)
    assert changing.lines == []


def test_fault_of_a_request_whose_client_has_gone_is_logged(changing: Changing) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ValueError("a real fault")

    with changing.connect(app) as client:
        client.send(GET)
        client.reset()
    changing.served.wait_until(lambda: changing.served.tracebacks == 1)


# --- Expect -------------------------------------------------------------------------------------------------------

EXPECTS = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")


def test_continue_when_the_application_reads(changing: Changing) -> None:
    with changing.connect(apps.echo) as client:
        client.send(EXPECTS)
        client.read_until(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.send(b"hello")
        assert client.read(0.3).content == b"hello"


def test_no_continue_for_a_body_that_is_there(changing: Changing) -> None:
    """RFC 9110, section 10.1.1."""
    assert changing.ask(apps.echo, EXPECTS + b"hello").statuses == [200]


def test_no_continue_when_the_application_does_not_read(changing: Changing) -> None:
    """Nobody can know whether the body comes all the same: the connection ends."""
    reply = changing.ask(apps.hello, EXPECTS, quiet=2)
    assert (reply.statuses, reply.is_closed) == ([200], True)
    assert ("connection", "close") in reply.headers


def test_no_continue_for_http_1_0(changing: Changing) -> None:
    with changing.connect(apps.echo) as client:
        client.send(EXPECTS.replace(b"1.1", b"1.0"))
        assert client.read(0.2).raw == b""
        client.send(b"hello")
        client.socket.settimeout(5)
        assert client.read().statuses == [200]


# --- time ---------------------------------------------------------------------------------------------------------

QUICK = Limits(
    head_timeout=0.3, body_timeout=0.3, keep_alive_timeout=0.3, write_timeout=0.3, linger_timeout=0.3
)


@pytest.fixture(scope="module")
def quick() -> Iterator[Served]:
    """A server without patience."""
    with serve(apps.echo, limits=QUICK) as served:
        yield served


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (b"", []),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", [408]),
        (b"GET / HTT", [408]),
        (b"\r\n", []),
        (GET, [200]),
        (GET + b"G", [200, 408]),
        (POST, [408]),
        (POST + b"hel", [408]),
    ],
)
def test_time_out(quick: Served, raw: bytes, statuses: list[int]) -> None:
    before = time.monotonic()
    with quick.connect() as client:
        client.send(raw)
        reply = client.read()
    assert (reply.statuses, reply.is_closed) == (statuses, True)
    assert time.monotonic() - before > 0.25


def test_head_that_trickles_has_no_more_time(quick: Served) -> None:
    with quick.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: ")
        trickle = threading.Thread(target=client.send, args=[b"x"] * 40, kwargs={"pause": 0.05})
        trickle.start()
        assert client.read().statuses == [408]
        trickle.join()


def test_empty_lines_are_no_sign_of_life(quick: Served) -> None:
    with quick.connect() as client:
        trickle = threading.Thread(target=client.send, args=[b"\r", b"\n"] * 40, kwargs={"pause": 0.02})
        trickle.start()
        assert client.read().is_closed
        trickle.join()


def test_body_that_trickles_has_time(quick: Served) -> None:
    """What is limited is silence."""
    with quick.connect() as client:
        client.send(POST, *[b"x"] * 5, pause=0.15)
        assert client.read().statuses == [200]


def test_client_that_waits_for_continue_has_time() -> None:
    """It is the application that takes long."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1)
        await answer(send, await read_body(receive))

    with serve(app, limits=QUICK) as served, served.connect() as client:
        client.send(EXPECTS)
        client.read_until(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.send(b"hello")
        assert client.read(0.5).content == b"hello"


def test_slow_application_has_time() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1)
        await answer(send, b"hello")

    with serve(app, limits=QUICK) as served:
        assert served.ask(GET, quiet=3).content == b"hello"
        assert served.ask(GET).content == b"hello"
        assert served.ask(POST).content == b"hello"


def test_client_that_takes_nothing_is_cut_off() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        send.respond(200, (), b"x" * 20_000_000)

    with serve(app, limits=QUICK) as served, served.connect() as client:
        client.send(GET)
        served.wait_until(lambda: not served.server.server_state.connections)


def test_client_that_takes_its_answer_slowly_is_not() -> None:
    """Fifteen pieces, each within the time-out, all together far beyond it."""
    size = 6_000_000

    async def app(scope: Any, receive: Any, send: Any) -> None:
        send.respond(200, ((b"connection", b"close"),), b"x" * size)

    with serve(app, limits=QUICK) as served, served.connect() as client:
        client.send(GET)
        client.read_until(b"\r\n\r\n")
        found = 0
        while found < size:
            piece = client.socket.recv(400_000)
            assert piece
            found += len(piece)
            time.sleep(0.05)
    assert found == size


def test_answer_survives_a_client_that_still_sends() -> None:
    """It sends more than it was allowed to; the refusal reaches it all the same (RFC 9112, section 9.6)."""
    with serve(apps.echo, limits=Limits(max_body_size=10)) as served, served.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
        client.send(*[b"x" * 100_000] * 30, pause=0.002)
        assert client.read().statuses == [413]


# --- shutdown -----------------------------------------------------------------------------------------------------


def test_shutdown() -> None:
    """A running request is answered and says that it is the last; one that is under way, too; idle connections end."""
    started = threading.Event()
    release = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            started.set()
            while not release.is_set():
                await asyncio.sleep(0.01)
        await answer(send, b"hello")

    with serve(app, limits=Limits(shutdown_grace=0.5)) as served:
        slow, idle, late = served.connect(), served.connect(), served.connect()
        with slow, idle, late:
            for client in (idle, late):
                client.send(GET)
                client.read_until(b"hello")
            slow.send(get("slow"), get("next"))
            assert started.wait(5)
            served.server.should_exit = True
            time.sleep(0.3)
            late.send(GET)
            release.set()
            for client, statuses in ((slow, [200]), (idle, []), (late, [200])):
                reply = client.read()
                assert (reply.statuses, reply.is_closed) == (statuses, True)
                assert not statuses or ("connection", "close") in reply.headers
    assert served.tracebacks == 0


def test_concurrency_limit() -> None:
    with serve(apps.hello, limit_concurrency=2) as served, served.connect() as first:
        first.send(GET)
        first.read_until(b"hello")
        assert served.ask(GET).statuses == [503]


def test_max_requests() -> None:
    with serve(apps.hello_on_the_lane, limit_max_requests=3) as served:
        served.ask(GET * 3)
        served.wait_until(lambda: served.server.should_exit or not served.server.servers[0].is_serving())
