"""Where a workload's time goes, in-process: cProfile's top functions, and µs per request of each contender.

    python -m benchmarks.profile W5 [--count 2000] [--lines 25] [--frameworks fastapi,vivace]

Run it with -m: as a script it would hide the standard library's `profile` from cProfile.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import command_line, inprocess, machine
from benchmarks.worker import working
from benchmarks.workloads import WORKLOADS, Load

ROUNDS, SECONDS = 3, 0.3  # of the timing without cProfile


def main(arguments: list[str]) -> int:
    loads = {w.id.upper(): w for w in WORKLOADS if isinstance(w, Load) and w.client == "wrk"}
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("workload", type=str.upper, choices=list(loads))
    parser.add_argument(
        "--count", type=command_line.positive(int), default=2000, help="requests under cProfile"
    )
    parser.add_argument("--lines", type=command_line.positive(int), default=25, help="functions shown")
    command_line.add_frameworks(parser)
    options = parser.parse_args(arguments)
    workload = loads[options.workload]
    contenders = command_line.frameworks(parser, options)
    command_line.require(contenders)
    _, core = machine.choose_cores()
    for contender in contenders:
        with working(contender, workload, core=core) as worker:
            print(f"--- {workload.id} {contender.title}, without the server")
            print(worker.profile(options.count, options.lines), end="\n\n", flush=True)
    times = inprocess.compare(workload, contenders, rounds=ROUNDS, seconds=SECONDS, core=core)
    print("--- without cProfile")
    print("\n".join(inprocess.lines(workload, contenders, times)))
    return 0


if __name__ == "__main__":
    sys.exit(command_line.guarded(main))
