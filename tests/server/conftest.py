"""Servers that many tests share: they keep no state between connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import apps
from .serving import Changing, Served, serve


@pytest.fixture(scope="session", params=["uvloop", "asyncio"])
def shown(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server that answers with what it was asked."""
    with serve(apps.show, loop=request.param) as served:
        yield served


@pytest.fixture(scope="session")
def _changing() -> Iterator[Changing]:
    changing = Changing()
    with serve(changing, date_header=False) as served:
        changing.served = served
        yield changing


@pytest.fixture
def changing(_changing: Changing) -> Changing:
    """A server whose application is the test's."""
    _changing.served.records.clear()
    return _changing


@pytest.fixture(scope="session")
def echoing() -> Iterator[Served]:
    with serve(apps.echo) as served:
        yield served
