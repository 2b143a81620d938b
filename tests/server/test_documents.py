"""`docs/fast-lanes.md` and `docs/http.md` are true: their programs run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .serving import GET, Served, serve

DOCS = Path(__file__).parents[2] / "docs"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"


def program(page: str, index: int) -> dict[str, Any]:
    """The names that a program of a page defines."""
    text = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)[
        index
    ]
    names: dict[str, Any] = {}
    exec(compile(text, f"{page}, program {index + 1}", "exec", dont_inherit=True), names)
    return names


def ask(app: Any, http: Any = None) -> tuple[list[tuple[str, str]], bytes]:
    served: Served
    with serve(app, http=http, date_header=False) as served:
        reply = served.ask(POST)
    return reply.headers, reply.content


def test_application() -> None:
    app = program("fast-lanes.md", 0)["app"]
    log: list[int] = []
    behind = program("fast-lanes.md", 1)["log_statuses"](app, log)
    headers = [("server", "uvicorn"), ("content-length", "5"), ("content-type", "application/octet-stream")]
    expected = headers, b"hello"
    assert ask(app) == ask(app, "httptools") == ask(behind) == expected
    assert log == [200]


def test_stream() -> None:
    count = program("fast-lanes.md", 2)["count"]
    behind = program("fast-lanes.md", 1)["log_statuses"](count, [])
    assert ask(count) == ask(count, "httptools") == ask(behind)
    assert ask(count)[1] == b"2\r\n0\n\r\n2\r\n1\n\r\n2\r\n2\n\r\n0\r\n\r\n"


def test_middleware() -> None:
    app = program("fast-lanes.md", 0)["app"]
    stamped = program("fast-lanes.md", 3)["Stamp"](app)
    assert ask(stamped) == ask(stamped, "httptools")
    assert ("x-stamp", "1") in ask(stamped)[0]


def test_limits() -> None:
    from .apps import hello

    protocol = program("http.md", 0)["LimitedProtocol"]
    assert protocol.limits.max_body_size == 10_000_000
    with serve(hello, http=protocol) as served:
        assert served.ask(GET).statuses == [200]


def test_links() -> None:
    for page in ("fast-lanes.md", "http.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", (DOCS / page).read_text(encoding="utf-8")):
            assert (DOCS / link).exists(), link
