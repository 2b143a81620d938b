"""More sync endpoints than there are threads: nothing waits for itself, and async routes go on answering."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from reliability.sockets import connected, eventually, exchange, receive_answers, request
from vivace import Depends, FastAPI

from .conftest import Serve

THREADS = 40  # anyio's limit
CLIENTS = 3 * THREADS


class Gate:
    """What sync code waits at, counting those who came."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.waiting = 0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            self.waiting += 1
        assert self.open.wait(30)


def make_app(gate: Gate, exits: list[int]) -> FastAPI:
    app = FastAPI()

    def session() -> Iterator[str]:
        yield "session"
        exits.append(1)

    def nested(outer: str = Depends(session)) -> Iterator[str]:
        yield f"nested {outer}"
        exits.append(1)

    @app.get("/slow")
    def slow(session: str = Depends(nested)) -> Any:
        gate.wait()
        return session

    @app.get("/async")
    async def quick() -> Any:
        return "quick"

    return app


def ask_all(stack: ExitStack, address: tuple[str, int], count: int) -> list[socket.socket]:
    clients = [stack.enter_context(connected(address, 30)) for _ in range(count)]
    for client in clients:
        client.sendall(request("/slow"))
    return clients


@pytest.mark.timeout(60)
def test_no_deadlock_and_async_routes_answer(serve: Serve) -> None:
    """Exit code that waited for the tokens that its own requests hold would never run."""
    gate, exits = Gate(), []
    served = serve(make_app(gate, exits))
    with ExitStack() as stack:
        clients = ask_all(stack, served.address, CLIENTS)
        assert eventually(lambda: gate.waiting >= THREADS)
        (answer,) = exchange(served.address, request("/async"))
        assert answer.body == b'"quick"'
        gate.open.set()
        for client in clients:
            (answer,) = receive_answers(client, limit=30)
            assert (answer.status, answer.body) == (200, b'"nested session"')
    assert eventually(lambda: len(exits) == 2 * CLIENTS)


@pytest.mark.timeout(60)
def test_clients_that_leave_hold_no_thread(serve: Serve) -> None:
    gate, exits = Gate(), []
    served = serve(make_app(gate, exits))
    with ExitStack() as stack:
        ask_all(stack, served.address, CLIENTS)
        assert eventually(lambda: gate.waiting >= THREADS)
    gate.open.set()
    (answer,) = exchange(served.address, request("/slow"), limit=30)
    assert answer.status == 200
