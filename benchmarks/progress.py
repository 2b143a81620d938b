"""What a person sees while a run is going on: a bar with rich on a terminal, plain lines anywhere else.

The bar is redrawn once a second at most: drawing takes time on the load generator's core.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    def begin(self, text: str) -> None:
        """What is being done now."""

    def finish(self, text: str) -> None:
        """One step is done; this line about it stays on the screen."""


class PlainProgress:
    def __init__(self, total: int) -> None:
        self._done, self._total = 0, total

    def begin(self, text: str) -> None:
        """Without a terminal only what is done is worth a line."""

    def finish(self, text: str) -> None:
        self._done += 1
        print(f"[{self._done}/{self._total}] {text}", flush=True)


class BarProgress:
    def __init__(self, bar: RichProgress, task: TaskID) -> None:
        self._bar, self._task = bar, task

    def begin(self, text: str) -> None:
        self._bar.update(self._task, description=text)

    def finish(self, text: str) -> None:
        self._bar.console.print(text, highlight=False, markup=False)
        self._bar.advance(self._task)


@contextmanager
def showing(total: int) -> Iterator[Progress]:
    """Progress over `total` steps; a repeated round adds steps beyond it, which a bar shows as full."""
    if not sys.stdout.isatty():
        yield PlainProgress(total)
        return
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress
    except ImportError:
        yield PlainProgress(total)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with RichProgress(*columns, refresh_per_second=1, transient=True) as bar:
        yield BarProgress(bar, bar.add_task("starting", total=total))
