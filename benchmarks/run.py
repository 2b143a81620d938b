"""Compare vivace with its peers: install what is needed, measure in turns, write the report.

    python -m benchmarks.run [--only W1,W2] [--peers fastapi,go] [--rounds 5] [--seconds 1] [--full]

The journey: needs (`command_line`, `installs`) → turns in rounds, each checked (`rounds`, `turns`, `check`) → `report`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import command_line, machine, report, websocket, wrk
from benchmarks.check import Referee
from benchmarks.contenders import Contender, with_peers
from benchmarks.processes import ChildError
from benchmarks.progress import showing
from benchmarks.rounds import Turn, play, rounds_of
from benchmarks.summary import number
from benchmarks.turns import Reading, Settings, take
from benchmarks.workloads import Cold, Load, Soak, Workload

REPORT = Path(__file__).with_name("report")
START = 1.0  # seconds: about what starting a server, finding the machine idle and asking the probes take
SOAK_TURN = 40.0  # seconds: the mean of vivace's million and another contender's limit


def main(arguments: list[str]) -> int:
    parser = make_parser()
    options = parser.parse_args(arguments)
    workloads = command_line.workloads(parser, options)
    try:
        contenders = with_peers(options.peers.split(","))
    except ValueError as error:
        parser.error(str(error))
    command_line.require([c for c in contenders if c.peer is None], further=wrk.missing())
    if not machine.is_optimised():
        print(
            f"{sys.executable} was {machine.build()}: what runs on Python is slower than with the Pythons of"
            " distributions, python.org, uv or Docker's images, what does not is not. See benchmarks/README.md.",
            file=sys.stderr,
        )
    absent = prepare(contenders, workloads)
    contenders = [contender for contender in contenders if contender.name not in absent]
    workloads = [workload for workload in workloads if workload.id not in absent]
    server_core, load_core = machine.choose_cores()
    # The harness sleeps while it measures; what little it does is not to be on the server's core.
    os.sched_setaffinity(0, {load_core})
    settings = Settings(
        seconds=options.seconds,
        warmup=options.warmup,
        connections=options.connections,
        idle_limit=options.idle_limit,
        soak_limit=options.soak_limit,
        server_core=server_core,
        load_core=load_core,
    )

    def plays(contender: Contender, workload: Workload) -> bool:
        return contender.plays(workload) if options.full else contender.plays_by_default(workload)

    planned = [
        (workload, rounds_of(workload, options.rounds))
        for workload in workloads
        for contender in contenders
        if plays(contender, workload)
    ]
    total = sum(rounds for _, rounds in planned)
    print(f"{total} turns, about {minutes(planned, settings)} on an idle machine", flush=True)
    with showing(total) as progress:
        referee = Referee(contenders[0])

        def take_turn(workload: Workload, contender: Contender) -> Reading:
            progress.begin(f"{workload.id} {contender.name}")
            return take(workload, contender, referee, settings)

        def taken(turn: Turn) -> None:
            progress.finish(
                f"round {turn.round}/{options.rounds}  {turn.workload:9} {turn.contender:14} {show(turn.reading)}"
            )

        turns = play(options.rounds, workloads, contenders, plays, take_turn, taken)
    command = shlex.join(["python", "-m", "benchmarks.run", *arguments])
    run = report.Run(command, options.rounds, settings, workloads, contenders, turns, absent)
    for message in report.write(run, options.report):
        print(message)
    return 0 if any(turn.reading.void is None for turn in turns) else 1


def prepare(contenders: Sequence[Contender], workloads: Sequence[Workload]) -> dict[str, str]:
    """Install what the peers run in; the reasons why some contenders, or workloads, will be absent."""
    absent = {}
    for contender in contenders:
        if contender.peer is not None and any(contender.plays(workload) for workload in workloads):
            print(f"preparing {contender.name}", flush=True)
            if reason := _failure(contender.peer.prepare):
                absent[contender.name] = reason
    for workload in workloads:
        by_websocket = isinstance(workload, Load) and workload.client == "websocket"
        if by_websocket and (reason := _failure(websocket.PROGRAM.prepare)):
            absent[workload.id] = reason
    for name, reason in absent.items():
        print(f"absent: {name}: {reason}", file=sys.stderr, flush=True)
    return absent


def _failure(prepare: Callable[[], None]) -> str | None:
    try:
        prepare()
    except ChildError as error:
        return str(error)
    return None


def show(reading: Reading) -> str:
    """A reading on one line."""
    if reading.void:
        return f"void: {report.shortened(reading.void)}"
    return ", ".join(f"{name} {number(value)}" for name, value in reading.values.items())


def minutes(planned: Sequence[tuple[Workload, int]], settings: Settings) -> str:
    """How long it takes if nothing has to be waited for or repeated."""
    seconds = 0.0
    for workload, rounds in planned:
        match workload:
            case Load():
                seconds += rounds * (START + settings.warmup + settings.seconds * workload.longer)
            case Cold():
                seconds += rounds * workload.seconds
            case Soak():
                seconds += rounds * SOAK_TURN
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__.partition("\n")[0])
    add, whole, real = parser.add_argument, command_line.positive(int), command_line.positive(float)
    command_line.add_workloads(parser)
    add("--peers", default="", metavar="A,B", help="whom vivace is compared with (default: all)")
    add("--full", action="store_true", help="every contender plays whatever it can")
    add("--rounds", type=whole, default=report.LEAST_ROUNDS, help="default: %(default)s")
    add(
        "--seconds",
        type=real,
        default=1,
        help="of load in a turn; slow workloads take several (default: %(default)s)",
    )
    add("--warmup", type=real, default=0.4, help="seconds of load before it (default: %(default)s)")
    add("--connections", type=whole, default=32, help="default: %(default)s")
    add(
        "--idle-limit",
        type=real,
        default=5.0,
        help="longest wait for an idle machine, in seconds (default: %(default)s)",
    )
    add(
        "--soak-limit",
        type=real,
        default=20.0,
        help="seconds of a soak of others than vivace (default: %(default)s)",
    )
    add("--report", type=Path, default=REPORT, help="directory (default: benchmarks/report)")
    return parser


if __name__ == "__main__":
    sys.exit(command_line.guarded(main))
