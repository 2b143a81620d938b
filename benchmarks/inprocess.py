"""A quick ratio without sockets: µs per request of each workload, in-process, contenders in turns.

    python -m benchmarks.inprocess [--only W1,W5] [--rounds 7] [--seconds 0.3] [--frameworks fastapi,vivace]

For use while working on the compiler. What counts is `benchmarks.run`: there, a server is part of the figure.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from benchmarks import command_line, machine, summary
from benchmarks.answers import difference
from benchmarks.contenders import Contender
from benchmarks.processes import ChildError
from benchmarks.worker import Worker, working
from benchmarks.workloads import Load


def compare(
    workload: Load, contenders: Sequence[Contender], *, rounds: int, seconds: float, core: int
) -> list[list[float]]:
    """Per round, each contender's µs per request. Raises `ChildError`, also if the answers differ."""
    with ExitStack() as stack:
        workers = [stack.enter_context(working(contender, workload, core=core)) for contender in contenders]
        _check(workload, contenders, workers)
        for worker in workers:
            worker.time(seconds / 3)  # the first requests compile, fill caches and specialise bytecode
        return [[worker.time(seconds) for worker in workers] for _ in range(rounds)]


def _check(workload: Load, contenders: Sequence[Contender], workers: Sequence[Worker]) -> None:
    expected, *others = [worker.answer() for worker in workers]
    for contender, answer in zip(contenders[1:], others, strict=True):
        if differs := difference(expected, answer, contender.equal):
            raise ChildError(
                f"{workload.id}: {contender.name} does not answer as {contenders[0].name}: {differs}"
            )


def lines(workload: Load, contenders: Sequence[Contender], times: list[list[float]]) -> Iterator[str]:
    """One line per contender; the ratio says how many times faster than the first it is."""
    for column, contender in enumerate(contenders):
        own = summary.spread([turn[column] for turn in times])
        line = f"{workload.id:5} {contender.name:10} {own.show('µs')}"
        if column:
            line += f"   ratio {summary.spread([turn[0] / turn[column] for turn in times]).show('×')}"
        yield line


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.inprocess", description=__doc__.partition("\n")[0]
    )
    command_line.add_workloads(parser)
    command_line.add_frameworks(parser)
    parser.add_argument("--rounds", type=command_line.positive(int), default=7)
    parser.add_argument("--seconds", type=command_line.positive(float), default=0.3, help="of each turn")
    options = parser.parse_args(arguments)
    workloads = command_line.workloads(parser, options)
    contenders = command_line.frameworks(parser, options)
    without = [contender.name for contender in contenders if contender.framework is None]
    if without:
        parser.error(f"{', '.join(without)}: a contender without a framework cannot be driven in-process")
    command_line.require(contenders)
    _, core = machine.choose_cores()
    for workload in workloads:
        if isinstance(workload, Load) and workload.client == "wrk":
            times = compare(workload, contenders, rounds=options.rounds, seconds=options.seconds, core=core)
            print("\n".join(lines(workload, contenders, times)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(command_line.guarded(main))
