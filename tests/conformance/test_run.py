"""The conformance runner's verdict: what makes a run fail, and that nothing is excused silently."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conformance import run
from conformance.run import ConformanceError, Ledger, group, objections, read_excused

ROOT = Path(__file__).parents[2]
# Read, not imported from vivace.as_fastapi: in this process `fastapi` has to stay what it is.
FASTAPI_VERSION = re.findall(
    r'^FASTAPI_VERSION = "(.+)"$',
    (ROOT / "src/vivace/as_fastapi.py").read_text(encoding="utf-8"),
    re.MULTILINE,
)[0]
EXPECTED = {"collected": 3, "skipped": ["s"]}
REASON = "pins a detail"


def ledger(**outcomes: Any) -> Ledger:
    empty = dict.fromkeys(("passed", "failed", "error", "xfailed", "xpassed"), frozenset[str]())
    return Ledger(**{**empty, "skipped": (), **outcomes})


def ids(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("result", "excused", "found"),
    [
        (ledger(passed=ids("a", "b", "c")), {}, []),
        (ledger(passed=ids("a", "b"), skipped=("s",)), {}, []),
        (ledger(passed=ids("a", "b"), xfailed=ids("c")), {"c": REASON}, []),
        (ledger(passed=ids("a", "b"), failed=ids("c")), {}, ["failed: c"]),
        (ledger(passed=ids("a", "b"), error=ids("c")), {}, ["failed: c"]),
        (ledger(passed=ids("a", "b"), skipped=("c",)), {}, ["skipped, although FastAPI itself runs it: c"]),
        (
            ledger(passed=ids("a", "b"), failed=ids("c")),  # a strict xfail that passed
            {"c": REASON},
            ["excused, but it passes: c. Take it out of excused.toml."],
        ),
        (ledger(passed=ids("a", "b", "c")), {"d": REASON}, ["excused, but there is no such test: d"]),
        (ledger(passed=ids("a", "b")), {}, ["2 tests were collected; with FastAPI itself it is 3"]),
    ],
)
def test_objections(result: Ledger, excused: dict[str, str], found: list[str]) -> None:
    assert list(objections(result, excused, EXPECTED, everything=True)) == found


def test_part_of_the_tests_may_be_run() -> None:
    assert list(objections(ledger(passed=ids("a")), {"d": REASON}, EXPECTED, everything=False)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[excused]]\nid = "a"\nreason = " "\n', "gives no reason for a"),
        ('[[excused]]\nid = "a"\nreason = "x"\n' * 2, "names a test twice"),
        ("".join(f'[[excused]]\nid = "{n}"\nreason = "x"\n' for n in range(30)), "at most 29 may be excused"),
    ],
)
def test_excuses_that_are_refused(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "excused.toml").write_text(text)
    monkeypatch.setattr(run, "HERE", tmp_path)
    with pytest.raises(ConformanceError, match=message):
        read_excused()


def test_the_excuses_are_in_order() -> None:
    assert all(test.startswith("tests/") and reason for test, reason in read_excused().items())


def test_a_dependency_group_includes_others() -> None:
    groups: dict[str, list[Any]] = {"a": ["x", {"include-group": "b"}], "b": ["y>=1"], "c": ["z"]}
    assert list(group(groups, "a")) == ["x", "y>=1"]


def test_one_release_of_fastapi_is_meant_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"fastapi=={run.VERSION}" in project["optional-dependencies"]["dev"]
    assert run.VERSION == FASTAPI_VERSION
