"""The report of a run: report.md for readers, report.json for programs, plots to look at.

Everything in them comes from the run itself; nothing is written by hand, and nothing is kept from a run before.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, plots, summary, websocket, wrk
from benchmarks.contenders import Contender
from benchmarks.processes import ROOT
from benchmarks.rounds import STOLEN, Turn, last_attempts
from benchmarks.summary import Row, number
from benchmarks.turns import Reading, Settings
from benchmarks.workloads import RATE, Load, Workload

LEAST_ROUNDS = 5
SATURATED = 0.95  # cores: from there on the load generator may be what is measured
HARDLY_BUSY = 0.9  # cores: below, the server was waiting for something
OTHERS = 0.1  # cores
MENTIONED = 10  # turns in one note

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
    absent: Mapping[str, str] = field(default_factory=dict)  # contenders and workloads, with the reasons


def write(run: Run, directory: Path) -> list[str]:
    """Write the files. The messages name them, or say what is absent and why."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = summary.rows(run.workloads, run.contenders, run.turns)
    relations = summary.relations(run.contenders, run.turns)
    about = {"machine": machine.describe(), "versions": versions(run.contenders)}
    (directory / "report.json").write_text(as_json(run, rows, relations, about))
    for name in plots.NAMES:
        (directory / name).unlink(missing_ok=True)  # one of an earlier run would belie the table
    drawn, undrawn = [], []
    try:
        drawn = plots.draw(run.workloads, rows, run.turns, directory)
    except ImportError as error:
        undrawn = [f"no plots: {error} (extra `bench`)"]
    (directory / "report.md").write_text(as_markdown(run, rows, relations, about, drawn))
    return [f"{directory}: {', '.join(['report.md', 'report.json', *drawn])}", *undrawn]


def as_json(
    run: Run, rows: Sequence[Row], relations: Sequence[Row], about: Mapping[str, Mapping[str, str]]
) -> str:
    content = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": run.command,
        "rounds": run.rounds,
        "settings": asdict(run.settings),
        **about,
        "absent": dict(run.absent),
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
    about: Mapping[str, Mapping[str, str]],
    drawn: Sequence[str],
) -> str:
    rates = [row for row in rows if row.measure == RATE]
    others = [row for row in rows if row.measure != RATE]
    goals = [row for row in (*rows, *relations) if row.goal]
    parts = [
        "# Benchmark report",
        "; ".join(f"**{contender.name}** is {contender.title}" for contender in run.contenders) + ".",
        f"Number of rounds: {run.rounds}. Figures are medians, lowest and highest in brackets. Ratios are formed per"
        " round, and the median is taken of those; of times and memory, less is better. A void figure had a wrong"
        " answer, a socket error or too much stolen time.",
        *_section("Goals", table(goals, with_measure=True)),
        *_section("Requests per second", table(rates, with_measure=False), "workloads.svg", drawn),
        *_section("Times and memory", table(others, with_measure=True), "routes.svg", drawn),
        *(["![memory](memory.svg)"] if "memory.svg" in drawn else []),
        *_section("The same app, larger", table(relations, with_measure=False)),
        *_section(
            "Latency under load", LATENCIES if "latencies.svg" in drawn else "", "latencies.svg", drawn
        ),
        *_section("Is the load generator the limit?", ceilings(run)),
        "## Notes",
        "\n".join(f"- {note}" for note in notes(run)) or "None.",
        "## How it was measured",
        f"```sh\n{run.command}\n```",
        _method(run.settings),
        *(_pairs(name.capitalize(), pairs) for name, pairs in about.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


LATENCIES = (
    "Every connection sends its next request as soon as it has its answer, so these are latencies of a server that is"
    " fully loaded: they follow from requests per second, and their tail shows how evenly connections are served."
)


def _section(title: str, text: str, plot: str = "", drawn: Sequence[str] = ()) -> list[str]:
    """Heading, plot and text; nothing if there is no text."""
    if not text:
        return []
    return [f"## {title}", *([f"![{title.lower()}]({plot})"] if plot in drawn else []), text]


def ceilings(run: Run) -> str:
    """Per load generator and workload, the contender that asked most of it, and how busy it was then."""
    lines = []
    for workload in run.workloads:
        turns = [turn for turn in last_attempts(run.turns) if turn.workload == workload.id]
        valid = [turn for turn in turns if turn.reading.void is None]
        if not isinstance(workload, Load) or not valid:
            continue
        rates: dict[str, list[Turn]] = {}
        for turn in valid:
            rates.setdefault(turn.contender, []).append(turn)
        fastest = max(rates, key=lambda name: statistics.median(_rates(rates[name])))
        busy = statistics.median(turn.reading.details["generator_busy"] for turn in rates[fastest])
        rate = number(statistics.median(_rates(rates[fastest])))
        lines.append(f"| {workload.id} | {workload.client} | {fastest} | {rate} 1/s | {busy:.0%} |")
    if not lines:
        return ""
    head = "| | load generator | fastest contender | its rate | load generator's core in use |\n|---|---|---|---|---|"
    return (
        "A load generator that is 100 % busy would be what is measured. **protocol** answers with constants and"
        " is there to ask as much of it as can be asked.\n\n" + "\n".join([head, *lines])
    )


def _rates(turns: Sequence[Turn]) -> list[float]:
    return [turn.reading.values[RATE] for turn in turns]


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
    verdict = {True: "met", False: "missed", None: ""}[row.met]
    if row.against is None:
        return [own, "", row.goal, verdict]
    ratio = row.ratio.show("×") if row.ratio else "void"
    return [own, f"{ratio} {row.against}", row.goal or "–", verdict]


def notes(run: Run) -> list[str]:
    """What makes figures doubtful: one line per void turn, and one per kind of doubt with the turns it is about."""
    found = [f"Absent: {name}: {shortened(reason)}" for name, reason in run.absent.items()]
    if run.rounds < LEAST_ROUNDS:
        found.append(f"Not for the record: {run.rounds} of at least {LEAST_ROUNDS} rounds.")
    valid = [turn for turn in run.turns if turn.reading.void is None]
    if any(not turn.reading.wait.idle for turn in valid):
        found.append("Not for the record: the machine had other work, see below.")
    found += _voids(run.turns)
    if stolen := [turn.reading.stolen for turn in valid]:
        found.append(
            f"Stolen time in turns that count: median {statistics.median(stolen):.1%}, most {max(stolen):.1%}."
        )
    for sentence, doubtful in DOUBTS:
        if places := [_place(turn) for turn in valid if doubtful(turn.reading)]:
            found.append(f"{sentence} ({len(places)} of {len(valid)} turns): {_some(places)}.")
    return found


def _voids(turns: Sequence[Turn]) -> list[str]:
    """A line for each fault; one for all turns that lost too much time."""
    faults, robbed = [], []
    for turn in turns:
        reason = turn.reading.void
        if reason is not None and reason.endswith(STOLEN):
            robbed.append(f"{_place(turn)} ({reason.split()[0]})")
        elif reason is not None:
            faults.append(f"Void: {_place(turn)}: {shortened(reason)}.")
    if robbed:
        faults.append(
            f"Void, because time was stolen ({len(robbed)} of {len(turns)} turns): {_some(robbed)}."
        )
    return faults


def shortened(reason: str) -> str:
    """On one line; of a long one the beginning (what failed) and the end (the last of what it printed)."""
    line = " ".join(reason.split())
    return line if len(line) <= 300 else f"{line[:100]} … {line[-200:]}"


def _some(places: Sequence[str]) -> str:
    """The first of them; report.json has every turn."""
    shown = ", ".join(places[:MENTIONED])
    return shown if len(places) <= MENTIONED else f"{shown}, and {len(places) - MENTIONED} more"


def _place(turn: Turn) -> str:
    again = f" attempt {turn.attempt}" if turn.attempt > 1 else ""
    return f"{turn.workload} {turn.contender} round {turn.round}{again}"


def _method(settings: Settings) -> str:
    return (
        f"The server on core {settings.server_core}, one process; the load generator on core {settings.load_core}, one"
        f" thread, {settings.connections} connections, {settings.seconds:g} s after {settings.warmup:g} s of warm-up"
        " (of Node.js four times that), over loopback; where answers are slow, fewer connections and several times as"
        " long. A fresh server for each turn; contenders take turns in each round. Before each turn the contender's"
        " answers were found equal to the first one's: to the byte between FastAPI and vivace; of peers, by status,"
        " content type and JSON value, and refusals by the class of their status."
        f" All contenders in Python ran on {_python()}."
    )


def versions(contenders: Sequence[Contender]) -> dict[str, str]:
    """Of Python, of what each contender runs on, of the load generators, and vivace's commit."""
    found = {"python": _python()}
    for contender in contenders:
        shown = ", ".join(f"{name} {version}" for name, version in contender.versions().items())
        found[contender.name] = shown
    return {**found, "wrk": wrk.version(), **websocket.PROGRAM.versions(), "commit": _commit()}


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown: not a git work tree"
    return result.stdout.strip()


def _pairs(title: str, pairs: Mapping[str, str]) -> str:
    lines = [f"| {title} | |", "|---|---|", *(f"| {name} | {value} |" for name, value in pairs.items())]
    return "\n".join(lines)
