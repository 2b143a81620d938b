"""Requests with a known verdict: our vectors at many splits, gunicorn's corpus, and uvicorn's own tests."""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Iterator, Sequence

from conformance.server.run import examine
from reliability import splits
from reliability.answers import MalformedAnswerError, read_answers
from reliability.runs import Result, Task
from reliability.vectors import VECTORS, Vector
from reliability.wire import Echo, Outcome, Workbench, silence_servers


def arrivals(data: bytes, count: int, seed: int) -> Iterator[Sequence[bytes]]:
    """The ways in which a stream arrives: whole, byte by byte, and cut at random places."""
    choose = random.Random(f"{seed}:{len(data)}")
    yield splits.whole(data)
    yield splits.bytewise(data)
    for _ in range(count):
        yield splits.at_random(data, choose)


def objection(vector: Vector, outcome: Outcome) -> str | None:
    """How the outcome is not the vector's verdict."""
    expected = [200] * len(vector.seen) + ([vector.refusal] if vector.refusal else [])
    methods = [seen.method for seen in outcome.seen]
    try:
        statuses = [answer.status for answer in read_answers(outcome.written, methods, closed=outcome.closed)]
    except MalformedAnswerError as error:
        return str(error)
    if statuses != expected:
        return f"answered {statuses}, not {expected}"
    whole = tuple(seen for seen in outcome.seen if seen.is_whole)
    if whole != vector.seen:
        return f"the application saw {whole}, not {vector.seen}"
    if outcome.errors or not outcome.closed:
        return f"errors {outcome.errors}, closed {outcome.closed}"
    return None


async def try_vector(bench: Workbench, vector: Vector, count: int, seed: int) -> list[str]:
    """The objections, one for each way in which the vector arrived."""
    found = []
    for pieces in arrivals(vector.data, count, seed):
        if problem := objection(vector, await bench.converse(pieces)):
            found.append(f"{vector.name}, in pieces of {[len(piece) for piece in pieces][:20]}: {problem}")
    return found


async def _try_all(task: Task) -> list[str]:
    faults: list[str] = []
    for lanes in (False, True):
        bench = Workbench(task.protocol, Echo(lanes))
        for vector in VECTORS:
            faults += await try_vector(bench, vector, task.count // 2, task.seed)
        task.advance(task.count // 2)
    return faults


def run_vectors(task: Task) -> Result:
    """Every vector in `task.count` random splits, half of them with the lanes."""
    silence_servers()
    faults = asyncio.run(_try_all(task))
    refused = sum(vector.refusal is not None for vector in VECTORS)
    return Result(
        f"{len(VECTORS)} vectors ({refused} must-reject), whole, byte by byte and at {task.count} splits: {len(faults)}"
        " other verdicts",
        faults,
    )


def run_conformance(task: Task) -> Result:
    verdict = examine(task.protocol, argparse.Namespace(k=None, processes=2, junitxml=None))
    task.advance(task.count)
    return Result(
        f"uvicorn's tests: {verdict.tests}; gunicorn's corpus: {verdict.corpus}", verdict.objections
    )
