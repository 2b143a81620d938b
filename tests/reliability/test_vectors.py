"""Each request vector gets its verdict however it arrives. Long: `vectors`."""

from __future__ import annotations

import asyncio

import pytest

from reliability.corpora import try_vector
from reliability.vectors import VECTORS, Vector
from reliability.wire import Echo, Workbench

RANDOM_SPLITS = 20


@pytest.mark.parametrize("lanes", [False, True], ids=["ordinary", "lanes"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_verdict(vector: Vector, lanes: bool, server: str) -> None:
    async def run() -> list[str]:
        return await try_vector(Workbench(server, Echo(lanes)), vector, RANDOM_SPLITS, seed=1)

    assert asyncio.run(run()) == []
