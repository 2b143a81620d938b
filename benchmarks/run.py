"""Compare contenders: check that they answer equally, measure them in turns, write the report.

    python -m benchmarks.run [--only W1,W2] [--rounds 5] [--seconds 4] [--frameworks fastapi,vivace]

The journey: needs (`command_line`) → equal answers (`check`) → turns in rounds (`rounds`, `turns`) → `report`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import command_line, machine, report, wrk
from benchmarks.answers import Answer
from benchmarks.check import DisagreementError, check
from benchmarks.contenders import Contender
from benchmarks.progress import Progress, showing
from benchmarks.rounds import Turn, play
from benchmarks.summary import number
from benchmarks.turns import Reading, Settings, take
from benchmarks.workloads import Cold, Workload

REPORT = Path(__file__).with_name("report")
START = 2.0  # seconds: about what starting a server and finding the machine idle take
COLD_TURN = 4.0  # seconds


def main(arguments: list[str]) -> int:
    parser = make_parser()
    options = parser.parse_args(arguments)
    workloads, contenders = command_line.chosen(parser, options)
    command_line.require(contenders, further=wrk.missing())
    server_core, load_core = machine.choose_cores()
    # The harness sleeps while it measures; what little it does is not to be on the server's core.
    os.sched_setaffinity(0, {load_core})
    settings = Settings(
        options.seconds, options.warmup, options.connections, options.idle_limit, server_core, load_core
    )
    total = options.rounds * sum(
        contender.plays(workload) for workload in workloads for contender in contenders
    )
    print(
        f"{total} turns, about {minutes(options.rounds, workloads, contenders, settings)} on an idle machine"
    )
    with showing(total) as progress:
        try:
            expected = check(workloads, contenders, core=server_core, begin=progress.prepare)
        except DisagreementError as error:
            print(error, file=sys.stderr)
            return 1
        turns = measure(options.rounds, workloads, contenders, expected, settings, progress)
    command = shlex.join(["python", "-m", "benchmarks.run", *arguments])
    run = report.Run(command, options.rounds, settings, workloads, contenders, turns)
    for message in report.write(run, options.report):
        print(message)
    return 0 if any(turn.reading.void is None for turn in turns) else 1


def measure(
    rounds: int,
    workloads: Sequence[Workload],
    contenders: Sequence[Contender],
    expected: dict[str, Answer],
    settings: Settings,
    progress: Progress,
) -> list[Turn]:
    def take_turn(workload: Workload, contender: Contender) -> Reading:
        progress.begin(f"{workload.id} {contender.name}")
        return take(workload, contender, expected.get(workload.id), settings)

    def taken(turn: Turn) -> None:
        progress.finish(
            f"round {turn.round}/{rounds}  {turn.workload:8} {turn.contender:10} {show(turn.reading)}"
        )

    return play(rounds, workloads, contenders, take_turn, taken)


def show(reading: Reading) -> str:
    """A reading on one line."""
    if reading.void:
        return f"void: {' '.join(reading.void.split())[:200]}"
    return ", ".join(f"{name} {number(value)}" for name, value in reading.values.items())


def minutes(
    rounds: int, workloads: Sequence[Workload], contenders: Sequence[Contender], settings: Settings
) -> str:
    """How long it takes if nothing has to be waited for or repeated."""
    turn = {True: COLD_TURN, False: settings.seconds + settings.warmup + START}
    seconds = sum(
        turn[isinstance(workload, Cold)] * rounds + START
        for workload in workloads
        for contender in contenders
        if contender.plays(workload)
    )
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__.partition("\n")[0])
    command_line.add_choice(parser)
    whole = command_line.positive(int)
    parser.add_argument("--rounds", type=whole, default=report.LEAST_ROUNDS, help="default: %(default)s")
    parser.add_argument(
        "--seconds", type=whole, default=4, help="of load in each turn (default: %(default)s)"
    )
    parser.add_argument(
        "--warmup", type=whole, default=1, help="seconds of load before it (default: %(default)s)"
    )
    parser.add_argument("--connections", type=whole, default=32, help="default: %(default)s")
    parser.add_argument(
        "--idle-limit",
        type=command_line.positive(float),
        default=30.0,
        help="longest wait for an idle machine before a turn, in seconds (default: %(default)s)",
    )
    parser.add_argument("--report", type=Path, default=REPORT, help="directory (default: benchmarks/report)")
    return parser


if __name__ == "__main__":
    sys.exit(command_line.guarded(main))
