"""The programs of these pages run, and their applications answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from vivace.testclient import TestClient

DOCS = Path(__file__).parents[2] / "docs"
PROGRAMS = [
    pytest.param(page, program, id=f"{page.stem}-{number}")
    for page in (DOCS / "middleware.md", DOCS / "threads.md")
    for number, program in enumerate(
        re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
]

HEADERS = {
    "middleware-1": ("x-stamp", "1"),
    "middleware-2": ("x-stamp", "1"),
    "middleware-0": ("vary", "Origin"),
}
PATHS = {"threads-0": "/report/may"}


@pytest.mark.parametrize(("page", "program"), PROGRAMS)
def test_program(page: Path, program: str, request: pytest.FixtureRequest) -> None:
    names: dict[str, Any] = {}
    exec(compile(program, str(page), "exec", dont_inherit=True), names)
    name = request.node.callspec.id
    with TestClient(names["app"]) as client:
        answer = client.get(PATHS.get(name, "/"))
    assert answer.status_code == 200
    field, value = HEADERS.get(name, ("content-type", "application/json"))
    assert answer.headers[field] == value


def test_programs_were_found() -> None:
    assert len(PROGRAMS) == 6
