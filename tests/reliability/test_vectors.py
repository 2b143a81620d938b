"""Each request vector gets its verdict however it arrives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from reliability import splits
from reliability.answers import read_answers
from reliability.vectors import VECTORS, Vector
from reliability.wire import Echo, Outcome, Workbench

RANDOM_SPLITS = 20


def arrivals(data: bytes) -> list[Sequence[bytes]]:
    choose = random.Random(len(data))
    return [
        splits.whole(data),
        splits.bytewise(data),
        *(splits.at_random(data, choose) for _ in range(RANDOM_SPLITS)),
    ]


def statuses(outcome: Outcome) -> list[int]:
    methods = [seen.method for seen in outcome.seen]
    return [answer.status for answer in read_answers(outcome.written, methods, closed=outcome.closed)]


@pytest.mark.parametrize("lanes", [False, True], ids=["ordinary", "lanes"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_verdict(vector: Vector, lanes: bool, server: str) -> None:
    expected = [200] * len(vector.seen) + ([vector.refusal] if vector.refusal else [])

    async def run() -> None:
        bench = Workbench(server, Echo(lanes))
        for pieces in arrivals(vector.data):
            outcome = await bench.converse(pieces)
            whole = tuple(seen for seen in outcome.seen if seen.is_whole)
            found = (statuses(outcome), whole, outcome.closed, outcome.errors)
            assert found == (expected, vector.seen, True, ()), [len(piece) for piece in pieces][:40]

    asyncio.run(run())
