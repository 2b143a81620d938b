"""The ways in which every promise is tried: two servers, and with and without the fast lanes.

A promise of the framework holds on uvicorn's own protocol class as well as on vivace's; a promise of the server is
tried on vivace's alone. *Compiled* is the application as it is; *ordinary* is the same application behind a
middleware that passes everything on through functions of its own, so that nothing but plain ASGI is left.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from reliability.lanes import hiding
from reliability.serving import Served, serving

Serve = Callable[..., Served]

SERVER = os.environ.get("RELIABILITY_PROTOCOL", "vivace")
"""The protocol class for promises of the server; another name checks the tests themselves: `uvicorn` fails many."""


@dataclass(frozen=True, slots=True)
class Way:
    protocol: str
    path: str

    def __str__(self) -> str:
        return f"{self.protocol}-{self.path}"

    def prepare(self, app: Any) -> Any:
        if self.path == "ordinary":
            app.add_middleware(hiding)
        return app


WAYS = [Way(protocol, path) for protocol in (SERVER, "uvicorn") for path in ("compiled", "ordinary")]


@pytest.fixture
def server() -> str:
    """The protocol class that promises of the server are about."""
    return SERVER


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    way: Way = request.param
    return way


@pytest.fixture
def serve(way: Way) -> Iterator[Serve]:
    """`serve(app)` runs a vivace application until the test ends, in each of the ways."""
    with ExitStack() as stack:
        yield lambda app, **options: stack.enter_context(serving(way.prepare(app), way.protocol, **options))


@pytest.fixture(params=["compiled", "ordinary"])
def serve_here(server: str, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """`serve_here(app)` is `serve` for promises of the server."""
    way = Way(server, request.param)
    with ExitStack() as stack:
        yield lambda app, **options: stack.enter_context(serving(way.prepare(app), way.protocol, **options))
