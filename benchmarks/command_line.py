"""What the commands share: the choice of workloads and contenders, what they need, and how they end."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn, TypeVar

from benchmarks import processes
from benchmarks.contenders import Contender, choose
from benchmarks.machine import MachineError
from benchmarks.processes import ChildError
from benchmarks.workloads import Workload, select

Number = TypeVar("Number", int, float)
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class NeedError(Exception):
    """Something that the run needs is not there; the message says how to get it."""


def positive(number: type[Number]) -> Callable[[str], Number]:
    """For `type=`: a number above zero."""

    def convert(text: str) -> Number:
        value = number(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not above zero")
        return value

    return convert


def add_frameworks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--frameworks",
        default="fastapi,vivace",
        metavar="A,B",
        help="contenders; ratios are to the first (default: %(default)s)",
    )


def add_workloads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="W1,W2", help="workloads or series (default: all)")


def workloads(parser: argparse.ArgumentParser, options: argparse.Namespace) -> list[Workload]:
    """What `add_workloads` asked for; a wrong name ends the program with the names there are."""
    try:
        return select(options.only.split(","))
    except ValueError as error:
        parser.error(str(error))


def frameworks(parser: argparse.ArgumentParser, options: argparse.Namespace) -> list[Contender]:
    """What `add_frameworks` asked for; a wrong name ends the program with the names there are."""
    try:
        return choose(options.frameworks.split(","))
    except ValueError as error:
        parser.error(str(error))


def require(contenders: Iterable[Contender], further: Iterable[str] = ()) -> None:
    """Raise `NeedError` with all that is missing; `further` holds messages of others."""
    missing = [*processes.missing_programs(), *further]
    missing += [message for contender in contenders for message in contender.missing()]
    if missing:
        raise NeedError("\n".join(dict.fromkeys(missing)))


def guarded(main: Callable[[list[str]], int]) -> int:
    """Run `main` with the arguments; the exit code. Ctrl-C and SIGTERM unwind, so that no child is left behind."""

    def stop(signum: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        return main(sys.argv[1:])
    except KeyboardInterrupt:
        print("\ninterrupted: nothing is left running, no report was written", file=sys.stderr)
        return INTERRUPTED
    except (ChildError, MachineError, NeedError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
