"""`docs/frontend.md` is true: its programs run, and give the answers that stand below them."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs" / "frontend.md"
PROGRAMS = re.findall(r"```python\n(.*?)```.*?```answers\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
ACCEPT = {"open": "text/html,application/xhtml+xml,*/*;q=0.8", "fetch": "*/*"}
BUILT = [
    "dist/index.html",
    "dist/assets/main.js",
    "docs/index.html",
    "docs/guide/index.html",
    "docs/404.html",
    "admin/index.html",
]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directories of the page; each file contains its own path."""
    for path in BUILT:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    monkeypatch.chdir(tmp_path)


def test_every_program_has_answers() -> None:
    assert len(PROGRAMS) == PAGE.read_text().count("```python") == PAGE.read_text().count("```answers")


@pytest.mark.parametrize(("program", "answers"), PROGRAMS)
@pytest.mark.usefixtures("built")
def test_program(program: str, answers: str) -> None:
    names: dict[str, Any] = {}
    exec(compile(program, str(PAGE), "exec"), names)
    client = TestClient(names["app"], follow_redirects=False)
    for answer in answers.splitlines():
        way, path, status_code, *text = answer.split(maxsplit=3)
        response = client.get(path, headers={"accept": ACCEPT[way]})
        assert [str(response.status_code), response.text] == [status_code, *(text or [""])], answer


@pytest.mark.usefixtures("built")
def test_assets_are_cached_for_ever() -> None:
    (program,) = (program for program, _ in PROGRAMS if "cache_assets" in program)
    names: dict[str, Any] = {}
    exec(compile(program, str(PAGE), "exec"), names)
    client = TestClient(names["app"])
    assert client.get("/assets/main.js").headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/").headers["cache-control"] == "no-cache"
    assert client.get("/admin/", headers={"cookie": "session=1"}).text == "admin/index.html"
