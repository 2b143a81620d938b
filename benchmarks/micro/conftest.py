"""One request, stepped to its end within a task: what is measured does not wait, so the loop has no part in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any

os.environ.setdefault("BENCHMARK_FRAMEWORK", "vivace")

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import asgi
from benchmarks.messages import Request

Answered = Callable[..., asgi.Exchange]


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Raises `RuntimeError` if the coroutine waits for something: its time would not be the step's."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("this request waits for something, so the loop would be measured too")


@pytest.fixture
def answered(benchmark: BenchmarkFixture) -> Answered:
    """Measures `app` with a request that it has answered before; the last exchange, to be looked at."""

    def measure(app: Any, request: Request) -> asgi.Exchange:
        template = asgi.scope_of(request)

        def once() -> asgi.Exchange:
            exchange = asgi.Exchange(request.body)
            scope = {**template, "headers": list(template["headers"]), "state": {}}
            run(app(scope, exchange.receive, exchange.send))
            return exchange

        async def within_a_task() -> asgi.Exchange:
            once()  # compiles
            exchange: asgi.Exchange = benchmark(once)
            return exchange

        return asyncio.run(within_a_task())

    return measure
