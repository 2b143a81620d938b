"""The scoreboard says what was measured, and with which command; it does not pass off a short run as the long one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reliability import scoreboard
from reliability.__main__ import main
from reliability.all_runs import RUNS
from reliability.runs import Result, Run, Task, in_processes, in_shares

RUN = Run("a-run", "the figure", "the target", 100, "steps", lambda task: Result("nothing"))


def result(**changes: Any) -> dict[str, Any]:
    found = {
        "passed": True,
        "measured": "7 of 7",
        "count": 100,
        "seed": 1,
        "date": "2026-01-02",
        "machine": "m",
    }
    return {**found, "versions": {"python": "3"}, **changes}


@pytest.mark.parametrize(
    ("found", "mark", "end"),
    [
        (None, "–", " | `python -m reliability a-run` | |"),
        (result(), "✓", "7 of 7 | `python -m reliability a-run` | 2026-01-02 |"),
        (result(count=5), "◐", "7 of 7 | `python -m reliability a-run --count 5` | 2026-01-02 |"),
        (result(passed=False, seed=2), "✗", "7 of 7 | `python -m reliability a-run --seed 2` | 2026-01-02 |"),
    ],
)
def test_row(found: dict[str, Any] | None, mark: str, end: str) -> None:
    (row,) = [line for line in scoreboard.page([(RUN, found)]).splitlines() if "the figure" in line]
    assert row.startswith(f"| {mark} | the figure | the target | ") and row.endswith(end)


def test_the_page_is_that_of_the_results() -> None:
    """`python -m reliability report` would change nothing."""
    results = [(run, scoreboard.read(run.name)) for run in RUNS.values()]
    assert scoreboard.PAGE.read_text(encoding="utf-8") == scoreboard.page(results)


def test_results_are_of_runs_that_exist() -> None:
    names = {path.stem for path in scoreboard.RESULTS.glob("*.json")}
    assert names <= RUNS.keys()
    for name in names:
        assert json.loads((scoreboard.RESULTS / f"{name}.json").read_text(encoding="utf-8"))["measured"]


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [*RUNS]


@pytest.mark.parametrize(
    ("count", "size", "sizes"), [(5, 2, [2, 2, 1]), (4, 2, [2, 2]), (1, 9, [1]), (0, 3, [])]
)
def test_shares(count: int, size: int, sizes: list[int]) -> None:
    assert [len(share) for share in in_shares(count, size)] == sizes


def test_shares_are_done_in_processes() -> None:
    assert sorted(in_processes(sum, in_shares(10, 3))) == [3, 9, 12, 21]


def test_progress_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    task = Task("a-run", 20)
    assert list(task.each(range(20))) == list(range(20))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10 and lines[-1].startswith("a-run: 20 of 20")
