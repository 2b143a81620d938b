"""Files: a range request costs no more than the file, and a path never leaves its directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reliability.sockets import exchange, request
from vivace import FastAPI
from vivace.responses import FileResponse
from vivace.staticfiles import StaticFiles

from .conftest import Serve

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    site = tmp_path / "site"
    site.mkdir()
    (site / "data.bin").write_bytes(CONTENT)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site-secret").mkdir()
    (tmp_path / "site-secret" / "secret.txt").write_text("secret")
    (site / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = FastAPI()

    @app.get("/file")
    async def file() -> Any:
        return FileResponse(site / "data.bin")

    app.mount("/static", StaticFiles(directory=site))
    return app


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", ["/file", "/static/data.bin"])
@pytest.mark.parametrize(
    "ranges",
    [
        ",".join(f"{place}-{place}" for place in range(0, 12_000, 2)),
        ",".join(["0-"] * 10_000),
        ",".join("0-0" for _ in range(10_000)),
        "," * 60_000,
        "0-" + "9" * 60_000,
        "-" * 60_000,
        " " * 60_000,
    ],
    ids=["many", "overlapping", "equal", "commas", "digits", "hyphens", "spaces"],
)
def test_ranges_are_bounded(serve: Serve, app: FastAPI, path: str, ranges: str) -> None:
    """CVE-2025-62727: merging ranges took quadratic time, and each one made the answer longer."""
    (answer,) = exchange(serve(app).address, request(path, range=f"bytes={ranges}"), limit=15)
    assert answer.status in (200, 206, 400, 416)
    assert len(answer.body) < 2 * len(CONTENT)


@pytest.mark.parametrize("path", ["/file", "/static/data.bin"])
def test_a_range_is_what_was_asked_for(serve: Serve, app: FastAPI, path: str) -> None:
    served = serve(app)
    for asked, expected in (("0-9", CONTENT[:10]), ("-10", CONTENT[-10:]), ("256-511", CONTENT[256:512])):
        (answer,) = exchange(served.address, request(path, range=f"bytes={asked}"))
        assert (answer.status, answer.body) == (206, expected)


TRAVERSALS = (
    "/static/../secret.txt",
    "/static/%2e%2e/secret.txt",
    "/static/..%2fsecret.txt",
    "/static/..%5csecret.txt",
    "/static/....//secret.txt",
    "/static/../site-secret/secret.txt",
    "/static/%2e%2e/site-secret/secret.txt",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static///etc/passwd",
    "/static/C:%5cWindows%5cwin.ini",
    "/static/%5c%5chost%5cshare",
    "/static//host/share",
    "/static/data.bin%00.txt",
    "/static/%00",
    "/static/link.txt",
    "/static/" + "a/" * 5000,
    "/static/" + "a" * 5000,
)


@pytest.mark.parametrize("target", TRAVERSALS, ids=lambda target: target[:40])
def test_a_path_does_not_leave_the_directory(serve: Serve, app: FastAPI, target: str) -> None:
    (answer,) = exchange(serve(app).address, request(target))
    assert answer.status in (400, 404)
    assert b"secret" not in answer.body and b"root:" not in answer.body


@pytest.mark.parametrize(
    "target", [target.replace("/static", "/app") for target in TRAVERSALS], ids=lambda t: t[:40]
)
def test_a_single_page_application_does_not_leave_its_directory(
    serve: Serve, tmp_path: Path, target: str
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<title>page</title>")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site-secret").mkdir()
    (tmp_path / "site-secret" / "secret.txt").write_text("secret")
    (site / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = FastAPI()
    app.frontend("/app", directory=site)
    (answer,) = exchange(serve(app).address, request(target, accept="text/html"))
    assert answer.status in (200, 307, 400, 404)
    assert b"secret" not in answer.body and b"root:" not in answer.body
