"""The exit code of a `yield` dependency runs exactly once, however the request ends."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from reliability.sockets import connected, eventually, exchange, receive_answers, request, reset
from vivace import Depends, FastAPI, HTTPException, Request
from vivace.responses import StreamingResponse

from .conftest import Serve

KINDS = ("async", "sync")


class Journal:
    """Counts what happens: `journal.count["enter"]`."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, what: str) -> None:
        with self._lock:
            self.count[what] += 1

    def is_even(self) -> bool:
        return self.count["enter"] > 0 and self.count["enter"] == self.count["exit"]


def make_app(kind: str, journal: Journal) -> FastAPI:
    app = FastAPI()

    async def asynchronous() -> AsyncIterator[None]:
        journal.note("enter")
        try:
            yield
        finally:
            journal.note("exit")
            await anyio.sleep(0.01)

    def synchronous() -> Iterator[None]:
        journal.note("enter")
        try:
            yield
        finally:
            journal.note("exit")

    needs = [Depends(asynchronous if kind == "async" else synchronous)]

    @app.get("/returns", dependencies=needs)
    async def returns() -> Any:
        return 1

    @app.get("/refuses", dependencies=needs)
    async def refuses() -> Any:
        raise HTTPException(404)

    @app.get("/raises", dependencies=needs)
    async def raises() -> Any:
        raise RuntimeError("on purpose")

    @app.get("/waits", dependencies=needs)
    async def waits(seconds: float = 30) -> Any:
        journal.note("waits")
        await anyio.sleep(seconds)
        return 1

    @app.post("/reads", dependencies=needs)
    async def reads(request: Request) -> Any:
        journal.note("reads")
        return len(await request.body())

    @app.get("/streams", dependencies=needs)
    async def streams() -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000
                await anyio.sleep(0.005)

        return StreamingResponse(chunks())

    @app.get("/cancelled", dependencies=needs)
    async def cancelled() -> Any:
        with anyio.move_on_after(0.01):
            await anyio.sleep(30)
        return 1

    return app


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.mark.parametrize(
    ("path", "status"), [("/returns", 200), ("/refuses", 404), ("/raises", 500), ("/cancelled", 200)]
)
def test_after_an_answer(serve: Serve, kind: str, path: str, status: int) -> None:
    journal = Journal()
    served = serve(make_app(kind, journal))
    for _ in range(3):
        (answer,) = exchange(served.address, request(path))
        assert answer.status == status
    assert eventually(lambda: journal.count["exit"] == 3)
    assert journal.count["enter"] == 3


@pytest.mark.parametrize("leave", [reset, lambda client: client.close()], ids=["reset", "close"])
@pytest.mark.parametrize("path", ["/streams", "/reads"])
def test_after_the_client_has_left(serve: Serve, kind: str, path: str, leave: Any) -> None:
    journal = Journal()
    served = serve(make_app(kind, journal))
    with connected(served.address) as client:
        if path == "/reads":
            client.sendall(b"POST /reads HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            assert eventually(lambda: journal.count["reads"] == 1)
        else:
            client.sendall(request(path))
            assert client.recv(100)
        leave(client)
    assert eventually(journal.is_even, 5), journal.count


def test_after_the_client_has_left_a_slow_endpoint(serve: Serve, kind: str) -> None:
    """The endpoint is not cancelled, as in FastAPI; its dependency exits when it has ended."""
    journal = Journal()
    served = serve(make_app(kind, journal))
    with connected(served.address) as client:
        client.sendall(request("/waits?seconds=0.2"))
        assert eventually(lambda: journal.count["waits"] == 1)
        reset(client)
    assert eventually(journal.is_even, 5), journal.count


def test_at_shutdown(serve: Serve, kind: str) -> None:
    """Requests that outlast the time of grace are cancelled, and their dependencies exit before the server ends."""
    journal = Journal()
    served = serve(make_app(kind, journal), timeout_graceful_shutdown=1)
    with connected(served.address) as client:
        client.sendall(request("/waits"))
        assert eventually(lambda: journal.count["waits"] == 1)
        served.stop()
    assert eventually(journal.is_even, 5), journal.count
    assert journal.count["exit"] == 1


def test_a_request_that_is_answered_at_shutdown(serve: Serve, kind: str) -> None:
    journal = Journal()
    served = serve(make_app(kind, journal))
    with connected(served.address) as client:
        client.sendall(request("/waits?seconds=0.3"))
        assert eventually(lambda: journal.count["waits"] == 1)
        served.server.should_exit = True
        (answer,) = receive_answers(client)
    assert answer.status == 200
    assert eventually(journal.is_even, 5)
