"""What a run is: a name, a figure with its target, a count, and a function that finds out.

A run is a function of a `Task`, which says how much and from which seed, and is told how far it has come. What it
returns becomes one small JSON file in `reliability/results/`, from which the scoreboard is written.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
S = TypeVar("S")

REDRAWN = 0.5  # seconds between two looks of the line on a terminal


@dataclass(slots=True)
class Task:
    """How much is to be done, and how far it is."""

    name: str
    count: int
    seed: int = 1
    protocol: str = "vivace"
    is_quiet: bool = False
    _done: int = field(default=0, init=False)
    _drawn: float = field(default=0.0, init=False)
    _began: float = field(default_factory=time.monotonic, init=False)

    def advance(self, steps: int = 1, note: str = "") -> None:
        """So many of `count` are done."""
        before, self._done = self._done, self._done + steps
        if self.is_quiet:
            return
        now = time.monotonic()
        tenth = max(1, self.count // 10)
        if sys.stderr.isatty():
            if now - self._drawn >= REDRAWN or self._done >= self.count:
                self._drawn = now
                print(f"\r\x1b[K{self._line(now)}  {note}", end="", file=sys.stderr, flush=True)
        elif before // tenth != self._done // tenth:
            print(f"{self._line(now)}  {note}", file=sys.stderr, flush=True)

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """The items, advancing after each."""
        for item in items:
            yield item
            self.advance()

    def end(self) -> None:
        if not self.is_quiet and sys.stderr.isatty():
            print(file=sys.stderr)

    def _line(self, now: float) -> str:
        elapsed = now - self._began
        pace = self._done / elapsed if elapsed else 0
        left = f", {(self.count - self._done) / pace:.0f} s left" if pace and self._done < self.count else ""
        return f"{self.name}: {self._done:,} of {self.count:,}, {elapsed:.0f} s{left}"


@dataclass(slots=True)
class Result:
    """What a run has found. It has passed if nothing is wrong."""

    measured: str
    faults: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the scoreboard."""

    name: str
    figure: str
    target: str
    count: int  # of the long run
    unit: str
    do: Callable[[Task], Result]
    programs: tuple[str, ...] = ()  # that have to be on PATH


def in_shares(count: int, size: int) -> list[range]:
    """`in_shares(5, 2)` is `[range(0, 2), range(2, 4), range(4, 5)]`."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def in_processes(work: Callable[[S], T], shares: Sequence[S]) -> Iterator[T]:
    """What `work` makes of each share, in any order, on all cores. Ctrl-C ends the processes."""
    # Spawned, not forked: what a loop or a thread of this process holds is not for them.
    context = multiprocessing.get_context("spawn")
    processes = min(len(os.sched_getaffinity(0)), len(shares)) or 1
    with context.Pool(processes, initializer=_leave_interrupts_to_the_parent) as pool:
        yield from pool.imap_unordered(work, shares)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
