"""Finding the route: among few and many, by a literal path and by one with a parameter, and when there is none."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import asgi
from benchmarks.apps._framework import FastAPI
from benchmarks.messages import Request


def shelves(count: int) -> FastAPI:
    app = FastAPI()

    async def read() -> None: ...

    for number in range(count):
        app.add_api_route(f"/shelf-{number}", read)
        app.add_api_route(f"/shelf-{number}/items/{{item_id}}/tags", read)
    return app


@pytest.mark.parametrize("count", [3, 500])
@pytest.mark.parametrize(
    ("path", "parameters"),
    [("/shelf-{last}", {}), ("/shelf-{last}/items/7/tags", {"item_id": "7"})],
    ids=["literal", "parameter"],
)
def test_match(benchmark: BenchmarkFixture, count: int, path: str, parameters: dict[str, str]) -> None:
    router = shelves(count).router
    if not hasattr(router, "select"):
        pytest.skip("only vivace finds a route without answering the request")
    template = asgi.scope_of(Request("GET", path.format(last=count - 1)))

    def once() -> dict[str, Any]:
        scope = dict(template)
        router.select(scope)
        return scope

    assert benchmark(once)["path_params"] == parameters
