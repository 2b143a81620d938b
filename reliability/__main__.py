"""The long runs: `python -m reliability NAME`, or `all`, `list`, `report`.

    python -m reliability list                                # what there is
    python -m reliability desync                              # one run, at full length
    python -m reliability storm --count 2000 --seed 7         # shorter, and from another seed
    python -m reliability all                                 # every run, then docs/reliability.md
    python -m reliability report                              # docs/reliability.md from the results that are there

A run shows how far it is, writes `reliability/results/NAME.json`, and ends with 1 if anything is wrong, with 2 if it
could not be done. Ctrl-C ends it and leaves nothing behind, no result either.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time

from benchmarks.processes import ChildError
from conformance.run import ConformanceError
from reliability import scoreboard
from reliability.all_runs import RUNS
from reliability.runs import Run, Task
from reliability.tools import ToolError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m reliability",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=[*RUNS, "all", "list", "report"], metavar="NAME")
    parser.add_argument("--count", type=int, help="how much; without it, as much as the scoreboard asks for")
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    parser.add_argument(
        "--protocol", default="vivace", help="vivace, uvicorn, or package.module:Class (default: vivace)"
    )
    options = parser.parse_args(arguments)
    if options.name == "list":
        for run in RUNS.values():
            print(f"{run.name:16} {run.count:>9,} {run.unit:32} {run.figure}")
        return 0
    if options.name != "report":
        chosen = list(RUNS.values()) if options.name == "all" else [RUNS[options.name]]
        try:
            return _do_all(chosen, options)
        except KeyboardInterrupt:
            print("\ninterrupted", file=sys.stderr)
            return 130
        except (ChildError, ConformanceError, ToolError) as error:
            print(error, file=sys.stderr)
            return 2
    print(f"written: {scoreboard.write()}")
    return 0


def _do_all(chosen: list[Run], options: argparse.Namespace) -> int:
    missing = {program for run in chosen for program in run.programs if not shutil.which(program)}
    if missing:
        print(f"not on PATH: {', '.join(sorted(missing))} (Debian: apt-get install -y …)", file=sys.stderr)
        return 2
    have_passed = [_do(run, options) for run in chosen]
    print(f"written: {scoreboard.write()}")
    return 0 if all(have_passed) else 1


def _do(run: Run, options: argparse.Namespace) -> bool:
    task = Task(run.name, options.count or run.count, options.seed, options.protocol)
    began = time.monotonic()
    try:
        result = run.do(task)
    finally:
        task.end()
    print(f"{run.name}: {'passed' if result.passed else 'FAILED'}: {result.measured}", flush=True)
    for fault in result.faults[:10]:
        print(f"  {fault}")
    if options.protocol == "vivace":  # the scoreboard is vivace's
        scoreboard.keep(run, task, result, time.monotonic() - began)
    return result.passed


if __name__ == "__main__":
    sys.exit(main())
