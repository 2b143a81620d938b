"""What a call costs the event loop: the Python functions that run. Times are the business of `benchmarks.parts`."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import anyio
import anyio.to_thread
import pytest

from vivace.concurrency import run_in_thread

from .conftest import Run, anyio_runs

COUNTED = ("vivace", "anyio", "weakref.py", "sniffio")
ONCE_A_MILLISECOND = {"watch", "look", "relieve", "progress"}
"""However many calls there are."""

HOP = Counter(
    {
        "run_in_thread": 1,
        "_run": 2,  # started, and resumed
        "get": 1,  # what scope the task is in
        "acquire_on_behalf_of_nowait": 1,
        "__init__": 1,  # of the call
        "put": 1,
        "receive": 1,
        "release_on_behalf_of": 1,
        "_notify_next_waiter": 1,
    }
)


async def functions_of(run: Run) -> Counter[str]:
    """The functions that run in the loop's thread for one call in a worker thread."""
    await run(int)
    counted: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        path = Path(frame.f_code.co_filename)
        is_counted = path.name in COUNTED or any(part in COUNTED for part in path.parts)
        if event == "call" and is_counted and frame.f_code.co_name not in ONCE_A_MILLISECOND:
            counted[frame.f_code.co_name] += 1

    sys.setprofile(profile)
    try:
        await run(int)
    finally:
        sys.setprofile(None)
    return counted


def test_a_hop() -> None:
    async def main() -> Counter[str]:
        await run_in_thread(int)
        return await functions_of(run_in_thread)

    assert asyncio.run(main()) == HOP


def test_a_hop_is_a_quarter_of_anyios() -> None:
    """In functions that run; anyio also goes through the loop twice before it starts."""
    assert asyncio.run(functions_of(anyio_runs)).total() > 4 * HOP.total()


@pytest.mark.parametrize("scopes", [1, 3])
def test_cancel_scopes_cost_one_question_each(scopes: int) -> None:
    async def main() -> Counter[str]:
        if scopes == 1:
            with anyio.CancelScope():
                return await functions_of(run_in_thread)
        with anyio.CancelScope(), anyio.CancelScope(), anyio.CancelScope():
            return await functions_of(run_in_thread)

    counted = asyncio.run(main())
    assert counted["_effectively_cancelled"] == 1
    assert counted["__enter__"] == 0
