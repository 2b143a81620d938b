"""Time-outs of all connections of an event loop, looked at together.

A timer per request would cost two calls into the event loop for something that happens to one request in a million. A
connection only says that its situation has changed, by setting `deadline` to `UNSET`; the sweep, now and then, asks
for how long it may stay so. Nothing ends early; it may end up to two sweeps late.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Protocol

__all__ = ["UNSET", "Sweep", "Waiting"]

UNSET = 0.0


class Waiting(Protocol):
    """Something that waits for a client."""

    deadline: float
    """`UNSET` after every change of situation."""

    def patience(self) -> float | None:
        """For how many seconds it may go on as it is now; None: for ever."""

    def expire(self) -> None:
        """It has been too long."""


class Sweep:
    """Looks after `waiting` while there is anything in it.

    `interval` in seconds; the loop is only asked for one timer at a time, and for none when no one waits.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self.waiting: set[Waiting] = set()
        self._loop = loop
        self._interval = interval
        self._is_armed = False

    def add(self, waiting: Waiting) -> None:
        self.waiting.add(waiting)
        self._arm()

    def discard(self, waiting: Waiting) -> None:
        self.waiting.discard(waiting)

    def _arm(self) -> None:
        if not self._is_armed:
            self._is_armed = True
            self._loop.call_later(self._interval, self._look)

    def _look(self) -> None:
        self._is_armed = False
        if self.waiting:
            self._arm()
        for waiting in list(self._expired(time.monotonic())):
            waiting.expire()

    def _expired(self, now: float) -> Iterator[Waiting]:
        for waiting in self.waiting:
            if waiting.deadline == UNSET:
                patience = waiting.patience()
                waiting.deadline = float("inf") if patience is None else now + patience
            elif now >= waiting.deadline:
                yield waiting
