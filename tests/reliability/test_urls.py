"""`request.url` is what was asked for: neither `Host` nor the target can make it another site, or another path."""

from __future__ import annotations

from typing import Any

import pytest

from reliability.sockets import exchange
from vivace import FastAPI, Request

from .conftest import Serve


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/{path:path}")
    async def where(request: Request) -> Any:
        url = request.url
        return {"host": url.hostname, "path": url.path, "query": url.query, "user": url.username}

    return app


@pytest.mark.parametrize(
    "host",
    ["a/b?c@d", "a.example/evil", "a.example?x", "a.example#x", "a\\b", "user:secret@a.example", "a b"],
)
def test_a_host_that_is_no_host_changes_nothing(serve: Serve, host: str) -> None:
    """CVE-2026-48710: vivace's server refuses such a field; behind another, the URL has the server's own name."""
    data = f"GET /path?query HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    (answer,) = exchange(serve(make_app()).address, data)
    if answer.status != 400:
        assert answer.body == b'{"host":"127.0.0.1","path":"/path","query":"query","user":null}'


@pytest.mark.parametrize(
    "target", ["@evil", ".evil/x", "evil.example", "//evil.example/x", "/\\evil.example"]
)
def test_a_target_that_is_no_path_changes_nothing(serve: Serve, target: str) -> None:
    """CVE-2026-54282: appended to the host as it is, `@evil` would make the host a user name."""
    data = f"GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode()
    (answer,) = exchange(serve(make_app()).address, data)
    if answer.status != 400:
        assert b'"host":"a.example"' in answer.body and b'"user":null' in answer.body


def test_a_redirect_stays_on_the_site(serve: Serve) -> None:
    app = FastAPI()

    @app.get("/{name}/")
    async def page(name: str) -> Any:
        return name

    served = serve(app)
    for target in ("//evil.example/..%2f", "/evil.example", "//evil.example"):
        data = f"GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode()
        (answer,) = exchange(served.address, data)
        location = answer.header(b"location") or b""
        assert not location.startswith(b"//")
        assert location.startswith(b"http://a.example/") or not location
