"""Everything documented of anyio's `to_thread.run_sync` holds for `run_in_thread`: the tests run both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio.to_thread
import pytest

from vivace.concurrency import run_exit_in_thread, run_in_thread

Run = Callable[..., Awaitable[Any]]


async def anyio_runs(call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return await anyio.to_thread.run_sync(partial(call, *args, **kwargs))


LOOPS = {
    "asyncio": ("asyncio", {}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
}


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    return LOOPS[request.param]


@pytest.fixture(params=[anyio_runs, run_in_thread], ids=["anyio", "vivace"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=[run_in_thread, run_exit_in_thread], ids=["call", "exit"])
def lane(request: pytest.FixtureRequest) -> Run:
    return request.param  # type: ignore[no-any-return]
