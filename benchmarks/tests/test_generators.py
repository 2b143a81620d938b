"""The load generators, against real servers for a moment: what they count, and that they find errors."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from benchmarks import soak, websocket, wrk
from benchmarks.answers import ask_all
from benchmarks.contenders import choose
from benchmarks.processes import ChildError
from benchmarks.servers import Server, serving
from benchmarks.workloads import WORKLOADS, Load, Request, Soak, select, upload

needs_wrk = pytest.mark.skipif(bool(wrk.missing()), reason="wrk is not installed")
CORES = sorted(os.sched_getaffinity(0))
SERVER, LOAD = CORES[0], CORES[-1]
(VIVACE, PROTOCOL) = choose(["vivace-uvicorn", "protocol"])
W1, ECHO = (workload for workload in WORKLOADS if workload.id in ("W1", "W10"))
assert isinstance(W1, Load) and isinstance(ECHO, Load)


@contextmanager
def protocol(workload: Load) -> Iterator[Server]:
    with serving(PROTOCOL, workload, core=SERVER) as server:
        yield server


@needs_wrk
def test_wrk_counts_answers_and_measures_latencies() -> None:
    with protocol(W1) as server:
        outcome = wrk.load(W1, server.port, seconds=0.3, connections=2, core=LOAD)
    assert outcome.fault is None
    assert outcome.requests > 0
    assert 0.2 < outcome.seconds < 1
    assert list(outcome.latencies) == ["50", "75", "90", "99", "99.9"]


@needs_wrk
@pytest.mark.parametrize("status", [200, 405], ids=["wrk counts", "Lua counts"])
def test_wrk_finds_another_status(status: int) -> None:
    elsewhere = replace(W1, request=Request("GET", "/no/such/path"), status=status)
    with protocol(W1) as server:
        outcome = wrk.load(elsewhere, server.port, seconds=0.3, connections=2, core=LOAD)
    assert outcome.requests > 0
    assert outcome.fault == f"{outcome.requests} of {outcome.requests} answers were not the expected ones"


@needs_wrk
def test_wrk_sends_large_bodies() -> None:
    (w11,) = select(["W11"])
    assert isinstance(w11, Load)
    with serving(VIVACE, w11, core=SERVER) as server:
        assert [answer.status for answer in ask_all(w11, server.port)] == [201, 201, 422]
        outcome = wrk.load(w11, server.port, seconds=1, connections=2, core=LOAD)
    assert outcome.fault is None


@needs_wrk
def test_a_soak_sends_its_requests_in_turn_and_looks_at_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "SLICE", 0.3)
    (memory,) = select(["memory"])
    assert isinstance(memory, Soak)
    short = replace(memory, count=50)
    with serving(VIVACE, short, core=SERVER) as server:
        soaked = soak.measure(short, server, limit=20, connections=2, core=LOAD)
        picky = replace(short, statuses=short.statuses - {409})
        refused = soak.measure(picky, server, limit=20, connections=2, core=LOAD)
    assert soaked.fault is None
    assert soaked.curve[0][0] == 0 and soaked.curve[-1][0] >= 50
    assert all(10 < megabytes < 1000 for _, megabytes in soaked.curve)
    assert "were not the expected ones" in (refused.fault or "")


def test_the_slope_is_that_after_the_warm_up() -> None:
    warming = [(0, 30.0), (10_000, 60.0)]
    after = [(100_000 + step * 1_000, 60.0 + step * 0.002) for step in range(10)]
    assert soak.slope([*warming, *after], warm_up=0.2) == pytest.approx(2.0)  # KB per 1,000 requests
    assert soak.slope([*warming, *((x, 60.0) for x, _ in after)], warm_up=0.2) == 0
    assert soak.slope([*warming, *after[:2]], warm_up=0.2) is None


def test_websocket_echoes_are_counted_and_compared() -> None:
    if not shutil.which("go"):
        pytest.skip("Go is not installed")
    try:
        websocket.PROGRAM.prepare()
    except ChildError as error:
        pytest.skip(str(error))
    with protocol(ECHO) as server:
        outcome = websocket.load(ECHO, server.port, seconds=0.3, connections=2, core=LOAD)
    assert outcome.fault is None
    assert outcome.requests > 0
    assert set(outcome.latencies) >= {"50", "75", "90", "99"}
    with protocol(W1) as server:  # knows no WebSocket
        refused = websocket.load(ECHO, server.port, seconds=0.3, connections=2, core=LOAD)
    assert refused.fault == "2 socket errors, 0 timeouts"


def test_the_form_is_as_long_as_it_says_and_the_same_each_time() -> None:
    assert upload(1000) == upload(1000)
    assert len(upload(1000).body) - len(upload(10).body) == 990


def test_requests_as_they_are_sent() -> None:
    request = Request("POST", "/orders?x=1", (("X-Tag", "a"),), b"{}")
    head = b"POST /orders?x=1 HTTP/1.1\r\nHost: 127.0.0.1:80\r\nX-Tag: a\r\nContent-Length: 2\r\n\r\n"
    assert wrk.as_sent(request, 80) == head + b"{}"
    assert b"Content-Length" not in wrk.as_sent(Request("GET", "/"), 80)
