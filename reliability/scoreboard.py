"""The scoreboard: a small JSON file for each run, and `docs/reliability.md` made of all of them."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reliability.runs import Result, Run, Task

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results")
PAGE = ROOT / "docs" / "reliability.md"
PACKAGES = ("uvicorn", "httptools", "uvloop", "starlette", "pydantic", "python-multipart")
MOST_FAULTS = 20  # that are kept

HEAD = """\
# Reliability: the scoreboard

What vivace is put through, what it has to reach, and what was measured. This page is written by
`python -m reliability report` from `reliability/results/`; `python -m reliability all` runs everything first. The short
versions of the same runs, and a test for each known fault and advisory, are `make reliability`, a part of `make test`.

| | figure | target | measured | with | when |
|---|---|---|---|---|---|
"""

TAIL = """
✓ reached, ✗ not reached, ◐ reached by a shorter run than the target asks for, – not run yet. All traffic stays on
127.0.0.1.

## Running one

"""


def keep(run: Run, task: Task, result: Result, seconds: float) -> Path:
    """Write the result of a run, and what it was measured with."""
    RESULTS.mkdir(exist_ok=True)
    content = {
        "passed": result.passed,
        "measured": result.measured,
        "count": task.count,
        "seed": task.seed,
        "seconds": round(seconds),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "faults": [fault[:2000] for fault in result.faults[:MOST_FAULTS]],
        "details": result.details,
    }
    path = RESULTS / f"{run.name}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(name: str) -> dict[str, Any] | None:
    """The result of a run; None if there is none."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write() -> Path:
    """Write the page."""
    # Here, not above: the runs import much that a reader of results does not need.
    from reliability.all_runs import RUNS

    PAGE.write_text(page([(run, read(run.name)) for run in RUNS.values()]), encoding="utf-8")
    return PAGE.relative_to(ROOT)


def page(results: list[tuple[Run, dict[str, Any] | None]]) -> str:
    lines = [_row(run, result) for run, result in results]
    commands = [
        f"| `{run.name}` | `python -m reliability {run.name}` | {run.count:,} {run.unit} |"
        for run, _ in results
    ]
    table = ["| run | command | `--count`, without it |", "|---|---|---|", *commands]
    return HEAD + "\n".join(lines) + "\n" + TAIL + "\n".join(table) + "\n" + _versions(results)


def _row(run: Run, result: dict[str, Any] | None) -> str:
    command = f"python -m reliability {run.name}"
    if result is None:
        return f"| – | {run.figure} | {run.target} | | `{command}` | |"
    is_short = result["count"] < run.count
    mark = "✗" if not result["passed"] else "◐" if is_short else "✓"
    if is_short:
        command += f" --count {result['count']}"
    if result["seed"] != 1:
        command += f" --seed {result['seed']}"
    return f"| {mark} | {run.figure} | {run.target} | {result['measured']} | `{command}` | {result['date']} |"


def _versions(results: list[tuple[Run, dict[str, Any] | None]]) -> str:
    """What was measured with, each combination once."""
    combinations: dict[str, list[str]] = {}
    for run, result in results:
        if result is not None:
            versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
            combinations.setdefault(f"{result['machine']}; {versions}", []).append(run.name)
    if not combinations:
        return ""
    lines = [f"- {', '.join(names)}: {text}" for text, names in combinations.items()]
    return "\n## Measured with\n\n" + "\n".join(lines) + "\n"
