"""What a server goes through: clients that leave, that are slow, that stop reading, and many of them.

Long: `storm`, `slow`, `reader`, `soak`. What is measured in time is left to those: here it only has to be right.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from reliability import reader, soak, stack, storm
from reliability.apps import app, ordinary
from reliability.processes import serving_process
from reliability.runs import Task
from reliability.serving import serving
from reliability.sockets import connected, exchange, receive_answers, request

CLIENTS = 1500
REQUESTS = 30_000
SLOW = 200
LEAK = 100_000.0
"""Bytes per 1,000 requests that a short soak may seem to grow by. One forgotten object per request is far above it."""


def test_clients_that_leave_leave_nothing_behind(server: str) -> None:
    result = storm.run(Task("storm", CLIENTS, protocol=server, is_quiet=True))
    assert not result.faults


def test_a_reader_that_stops_costs_next_to_nothing(server: str) -> None:
    result = reader.run(Task("reader", 1, protocol=server, is_quiet=True))
    assert not result.faults


def test_the_cost_of_a_reader_is_noticed(server: str) -> None:
    """An answer that is one piece cannot be produced bit by bit: the test above would see it."""
    with serving_process(protocol=server) as process:
        cost, received = reader.cost_of_one(process, "/whole?size=30000000")
    assert cost > reader.MOST and received == 30_000_000


@pytest.mark.timeout(300)
def test_a_soak_leaves_memory_tasks_and_descriptors_flat(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak, "MOST_SLOPE", LEAK)
    result = soak.run(Task("soak", REQUESTS, protocol=server, is_quiet=True))
    assert not result.faults


@pytest.mark.parametrize("application", [app, ordinary], ids=["compiled", "ordinary"])
@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /plain HTTP/1.1\r\nHost: a\r\nX-",
        b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx",
        b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n",
        b"",
    ],
    ids=["head", "body", "chunk", "answer", "nothing"],
)
def test_slow_clients_do_not_keep_healthy_ones_waiting(
    server: str, application: object, beginning: bytes
) -> None:
    with serving(application, server, access_log=False) as served, ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(connected(served.address)).sendall(beginning)
        for _ in range(50):
            (answer,) = exchange(served.address, request("/plain", connection="close"))
            assert answer.status == 200
        assert len(served.server.server_state.connections) >= SLOW


def test_background_tasks_of_clients_that_reset_finish(server: str) -> None:
    result = stack.run_tasks(Task("tasks", 400, protocol=server, is_quiet=True))
    assert not result.faults


def test_async_routes_answer_while_all_threads_are_held(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "MOST_MS", 1000.0)  # the long run measures; here, that they answer at all
    result = stack.run_pool(Task("pool", 3, protocol=server, is_quiet=True))
    assert not result.faults


def test_a_half_closed_client_gets_its_answer(server: str) -> None:
    with serving(app, server) as served, connected(served.address) as client:
        client.sendall(request("/slow?seconds=0.1&id=x"))
        client.shutdown(socket.SHUT_WR)
        (answer,) = receive_answers(client)
    assert (answer.status, answer.body) == (200, b'"x"')


@pytest.mark.parametrize(
    ("points", "expected"),
    [([(0, 5), (1, 5), (2, 5)], 0), ([(0, 0), (1, 10), (2, 20)], 10), ([(0, 4), (1, 0), (2, 4)], 0)],
)
def test_slope(points: list[tuple[float, float]], expected: float) -> None:
    assert soak.slope(points) == expected
