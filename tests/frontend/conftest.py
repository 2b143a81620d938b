"""A built site on disk, and an app that serves frontends and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from vivace._frontend import match_low_priority, update_scope

Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """`build("site", {"index.html": "home"})` writes those files and returns the directory."""

    def write(name: str, files: dict[str, str]) -> Path:
        directory = tmp_path / name
        directory.mkdir()
        for path, content in files.items():
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return directory

    return write


def serve(*routes: BaseRoute) -> TestClient:
    """A client of an app whose router has nothing but low-priority routes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        _, child_scope, route = match_low_priority(routes, scope)
        if route is None:
            raise HTTPException(status_code=404)
        update_scope(scope, child_scope)
        await route.handle(scope, receive, send)

    return TestClient(ExceptionMiddleware(app), follow_redirects=False)
