"""Mutated streams of two requests: what the application sees, and the order of the answers.

Long: `desync`, `desync-sockets`.
"""

from __future__ import annotations

import asyncio

import pytest

from reliability.desync import search, search_over_sockets

STREAMS = 3000
ON_SOCKETS = 400
SEEDS = (1, 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_mutated_streams(seed: int, server: str) -> None:
    faults = asyncio.run(search(server, seed, range(STREAMS)))
    assert not faults, "\n".join(f"{number}: {fault}" for number, fault in faults[:5])


def test_mutated_streams_over_sockets(server: str) -> None:
    faults = search_over_sockets(server, 3, range(ON_SOCKETS))
    assert not faults, "\n".join(f"{number}: {fault}" for number, fault in faults[:5])
