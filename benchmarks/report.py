"""The report of a run: report.md for readers, report.json for programs, report.svg to look at.

Everything in them comes from the run itself; nothing is written by hand, and nothing is kept from a run before.
"""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, plot, summary, wrk
from benchmarks.contenders import Contender, Package
from benchmarks.processes import ROOT
from benchmarks.rounds import Turn
from benchmarks.summary import Row
from benchmarks.turns import Reading, Settings
from benchmarks.workloads import Workload

LEAST_ROUNDS = 5
SATURATED = 0.95  # cores: from there on the load generator may be what is measured
HARDLY_BUSY = 0.9  # cores: below, the server was waiting for something
OTHERS = 0.1  # cores
PLOT = "report.svg"

DOUBTS: tuple[tuple[str, Callable[[Reading], bool]], ...] = (
    (
        f"The machine was more than {machine.IDLE_SHARE:.0%} busy when the longest wait before the turn was over",
        lambda reading: not reading.wait.idle,
    ),
    (
        f"Other programs used more than {OTHERS:.0%} of a core meanwhile",
        lambda reading: reading.details.get("other_busy", 0.0) > OTHERS,
    ),
    (
        f"The server was less than {HARDLY_BUSY:.0%} busy",
        lambda reading: reading.details.get("server_busy", 1.0) < HARDLY_BUSY,
    ),
    (
        "The load generator was saturated, so the server may be faster than the figure",
        lambda reading: reading.details.get("generator_busy", 0.0) > SATURATED,
    ),
)


@dataclass(frozen=True, slots=True)
class Run:
    """All there is to report on."""

    command: str
    rounds: int
    settings: Settings
    workloads: Sequence[Workload]
    contenders: Sequence[Contender]
    turns: Sequence[Turn]


def write(run: Run, directory: Path) -> list[str]:
    """Write the three files. The messages name them, or say what is absent and why."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = summary.rows(run.workloads, run.contenders, run.turns)
    relations = summary.relations(run.contenders, run.turns)
    drawing = directory / PLOT
    drawing.unlink(missing_ok=True)  # one of an earlier run would belie the table
    plotted = plot.draw(rows, run.contenders[0].name, drawing)
    about = {"machine": machine.describe(), "versions": versions(run.contenders)}
    (directory / "report.json").write_text(as_json(run, rows, relations, about))
    (directory / "report.md").write_text(as_markdown(run, rows, relations, about, plotted=plotted))
    return [
        "report.md, report.json",
        PLOT if plotted else "no plot: matplotlib is not installed (extra `bench`)",
    ]


def as_json(run: Run, rows: Sequence[Row], relations: Sequence[Row], about: dict[str, dict[str, str]]) -> str:
    content = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": run.command,
        "rounds": run.rounds,
        "settings": asdict(run.settings),
        **about,
        "notes": notes(run),
        "rows": [asdict(row) for row in rows],
        "relations": [asdict(row) for row in relations],
        "turns": [asdict(turn) for turn in run.turns],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def as_markdown(
    run: Run,
    rows: Sequence[Row],
    relations: Sequence[Row],
    about: dict[str, dict[str, str]],
    *,
    plotted: bool,
) -> str:
    names = "; ".join(f"**{contender.name}** is {contender.title}" for contender in run.contenders)
    parts = [
        "# Benchmark report",
        f"{names}. Number of rounds: {run.rounds}. Figures are medians, lowest and highest in brackets. Ratios are"
        " formed per round, and the median is taken of those; of times and memory, less is better. A void figure had a"
        " wrong answer, a socket error or too much stolen time.",
        *([f"![requests per second, and ratios]({PLOT})"] if plotted else []),
        table([row for row in rows if row.measure == "requests/s"], with_measure=False),
        table([row for row in rows if row.measure != "requests/s"], with_measure=True),
        *(["## The same app, larger", table(relations, with_measure=False)] if relations else []),
        "## Notes",
        "\n".join(f"- {note}" for note in notes(run)) or "None.",
        "## How it was measured",
        f"```sh\n{run.command}\n```",
        _method(run.settings),
        *(_pairs(name.capitalize(), pairs) for name, pairs in about.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(rows: Sequence[Row], *, with_measure: bool) -> str:
    """A Markdown table; nothing if there are no rows."""
    if not rows:
        return ""
    heads = [
        "",
        "workload",
        *(["measure"] if with_measure else []),
        "contender",
        "median",
        "ratio",
        "goal",
        "",
    ]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row in rows:
        about = [row.workload, row.title, *([row.measure] if with_measure else []), row.contender]
        lines.append(f"| {' | '.join([*about, *_figures(row)])} |")
    return "\n".join(lines)


def _figures(row: Row) -> list[str]:
    own = row.own.show(row.unit) if row.own else "void"
    if row.own and row.void:
        own += f", {row.void} void"
    if row.against is None:
        return [own, "", "", ""]
    ratio = row.ratio.show("×") if row.ratio else "void"
    verdict = {True: "met", False: "missed", None: ""}[row.met]
    return [own, f"{ratio} {row.against}", row.goal or "–", verdict]


def notes(run: Run) -> list[str]:
    """What makes figures doubtful: one line per void turn, and one per kind of doubt with the turns it is about."""
    found = []
    if run.rounds < LEAST_ROUNDS:
        found.append(f"Not for the record: {run.rounds} of at least {LEAST_ROUNDS} rounds.")
    valid = [turn for turn in run.turns if turn.reading.void is None]
    if any(not turn.reading.wait.idle for turn in valid):
        found.append("Not for the record: the machine had other work, see below.")
    found += [
        f"Void: {_place(turn)}: {' '.join(turn.reading.void.split())[:300]}."
        for turn in run.turns
        if turn.reading.void is not None
    ]
    for sentence, doubtful in DOUBTS:
        if places := [_place(turn) for turn in valid if doubtful(turn.reading)]:
            found.append(f"{sentence} ({len(places)} of {len(valid)} turns): {', '.join(places)}.")
    return found


def _place(turn: Turn) -> str:
    again = f" attempt {turn.attempt}" if turn.attempt > 1 else ""
    return f"{turn.workload} {turn.contender} round {turn.round}{again}"


def _method(settings: Settings) -> str:
    return (
        f"The server on core {settings.server_core}, one process; wrk on core {settings.load_core}, one thread,"
        f" {settings.connections} connections, {settings.seconds} s after {settings.warmup} s of warm-up, over"
        " loopback. A fresh server for each turn; contenders take turns in each round. Beforehand their answers were"
        " found equal."
    )


def versions(contenders: Sequence[Contender]) -> dict[str, str]:
    """Of Python, every package the contenders need, wrk, and vivace's commit."""
    packages = {
        need.name for contender in contenders for need in contender.needs if isinstance(need, Package)
    }
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: Package(name).version() or "not installed" for name in sorted(packages)},
        "wrk": wrk.version(),
        "commit": _commit(),
    }


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown: not a git work tree"
    return result.stdout.strip()


def _pairs(title: str, pairs: dict[str, str]) -> str:
    lines = [f"| {title} | |", "|---|---|", *(f"| {name} | {value} |" for name, value in pairs.items())]
    return "\n".join(lines)
