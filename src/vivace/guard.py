"""A watchdog for the event loop: who blocks it, for how long, and in which line.

    VIVACE_GUARD=0.1 vivace run          # or, in a program:

    with watch(threshold=0.1):
        ...

    WARNING vivace.guard: The event loop was blocked for 1.2 s by GET /items/{item_id} (/items/42):
      shop/items.py:31 in read_item: time.sleep(1.2)
      shop/items.py:12 in checked: return await endpoint()

An `async def` endpoint that waits in a blocking way (a sync database driver, `time.sleep`, a long computation) holds up
every other request of its process, and nothing says so. Here a thread asks the loop a few times per threshold to note
the time. While it does not answer, it is blocked, and its stack says by what.

Nothing runs per request, and no application or server needs to know of this: which request it was is read from the
stack, where some function has the ASGI `scope`.
"""

from __future__ import annotations

import asyncio
import linecache
import logging
import os
import site
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, Self

logger = logging.getLogger("vivace.guard")

THRESHOLD_SECONDS = 0.1
"""People notice a delay of about this length."""

STILL_SECONDS = 10.0
"""A block that lasts longer is reported before it is over: it may never be."""

ENVIRONMENT = "VIVACE_GUARD"
"""The threshold in seconds; `watch_if_configured` starts a guard where it is set, and not 0."""

# Looked at four times per threshold. A block of the whole threshold is then found in any case, one of less than three
# quarters of it never.
LOOKS = 4


@dataclass(frozen=True)
class Line:
    """A line that a blocked loop stood in."""

    path: str
    number: int
    function: str
    is_users: bool
    """Of the program: not of Python, an installed package, or vivace."""

    def __str__(self) -> str:
        code = linecache.getline(self.path, self.number).strip()
        return f"{_shortened(self.path)}:{self.number} in {self.function}" + (f": {code}" if code else "")


@dataclass(frozen=True)
class Block:
    """One time that an event loop was blocked."""

    seconds: float
    """How long: at least, and up to a quarter of the threshold longer."""

    is_over: bool
    """False after `STILL_SECONDS`: it goes on. There is no second report when it ends."""

    request: str | None
    """`"GET /items/{item_id} (/items/42)"`: the method, the route, and the path if it is another text. None where no
    request was served: in a background job, in a callback."""

    stack: tuple[Line, ...]
    """Where, soon after it began: the innermost line first."""

    @property
    def users(self) -> tuple[Line, ...]:
        """The program's own lines of the stack."""
        return tuple(line for line in self.stack if line.is_users)

    def __str__(self) -> str:
        verb = "was blocked" if self.is_over else "has been blocked"
        by = f" by {self.request}" if self.request else ""
        still = "" if self.is_over else ", and still is"
        # The call into a library matters as much as the program's line: the innermost one is always shown.
        shown = dict.fromkeys([*self.users, *self.stack[:1]])
        lines = "".join(f"\n  {line}" for line in shown)
        return f"The event loop {verb} for {self.seconds:.2f} s{by}{still}:{lines}"


Report = Callable[[Block], object]


def log(block: Block) -> None:
    """Report a block as a warning of the logger `vivace.guard`, whose record has it as `block`."""
    logger.warning("%s", block, extra={"block": block})


def watch(
    loop: asyncio.AbstractEventLoop | None = None,
    threshold: float = THRESHOLD_SECONDS,
    report: Report = log,
) -> LoopGuard:
    """Watch an event loop (the running one), until it is closed or the guard is stopped.

        @asynccontextmanager
        async def lifespan(app):
            with watch(threshold=0.25):
                yield

    `report` is called once for each block of `threshold` seconds or more, in the watching thread.

    Raises:
    RuntimeError: no loop is given, and none is running.
    ValueError: the threshold is not a positive number.
    """
    return LoopGuard(loop or asyncio.get_running_loop(), threshold, report)


def watch_if_configured() -> LoopGuard | None:
    """`watch` the running loop if the environment variable `VIVACE_GUARD` names a threshold in seconds.

    VIVACE_GUARD=0.25

    Raises:
    ValueError: it names something else.
    """
    text = os.environ.get(ENVIRONMENT, "")
    if not text:
        return None
    try:
        threshold = float(text)
        return watch(threshold=threshold) if threshold else None
    except ValueError as error:
        raise ValueError(f"{ENVIRONMENT} must be a number of seconds, as 0.1, not {text!r}") from error


class LoopGuard:
    """Watches one event loop from a thread of its own, from the moment it is made."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threshold: float, report: Report) -> None:
        if not 0 < threshold < float("inf"):
            raise ValueError(f"the threshold must be a positive number of seconds, not {threshold!r}")
        self.loop = loop
        self.threshold = threshold
        self.report = report
        self._thread_of_loop = 0
        with suppress(RuntimeError):
            if asyncio.get_running_loop() is loop:
                self._thread_of_loop = threading.get_ident()
        self._answered = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="vivace guard", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching. A block that is going on is not reported."""
        self._stopping.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # PERF: this is all that the loop does for it, four times per threshold (`python -m benchmarks.parts guard`).
    def _answer(self) -> None:
        self._thread_of_loop = threading.get_ident()
        self._answered = monotonic()

    def _watch(self) -> None:
        look = self.threshold / LOOKS
        asked = 0.0
        while not self._stopping.wait(look):
            now = monotonic()
            if self._answered >= asked:
                asked = now
                try:
                    self.loop.call_soon_threadsafe(self._answer)
                except RuntimeError:  # it is closed
                    return
            elif not self.loop.is_running():
                asked = now  # it answers when it runs (again), and its time counts from then
            elif self._thread_of_loop and now - asked >= self.threshold - 2 * look:
                self._follow(asked, look)

    def _follow(self, asked: float, look: float) -> None:
        """The loop is blocked: look where, wait for its end, and report."""
        frame = sys._current_frames().get(self._thread_of_loop)
        request, stack = _request(frame), tuple(_lines(frame))
        del frame
        end = asked + STILL_SECONDS
        while self._is_blocked(asked) and monotonic() < end and not self._stopping.wait(look):
            pass
        is_over = self._answered >= asked
        seconds = (self._answered if is_over else monotonic()) - asked
        if not self._stopping.is_set() and seconds >= self.threshold - look:
            try:
                self.report(Block(seconds, is_over, request, stack))
            except Exception:
                logger.exception("The report of a blocked event loop failed")
        while self._is_blocked(asked) and not self._stopping.wait(look):
            pass

    def _is_blocked(self, asked: float) -> bool:
        return self._answered < asked and self.loop.is_running()


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _lines(frame: FrameType | None) -> Iterator[Line]:
    for outer in _outwards(frame):
        code = outer.f_code
        yield Line(code.co_filename, outer.f_lineno, code.co_qualname, _is_users(code.co_filename))


def _request(frame: FrameType | None) -> str | None:
    for outer in _outwards(frame):
        scope: Any = outer.f_locals.get("scope")
        if isinstance(scope, Mapping) and scope.get("type") in ("http", "websocket"):
            path = str(scope.get("path", ""))
            route = str(getattr(scope.get("route"), "path", path))
            return f"{scope.get('method', 'WEBSOCKET')} {route}" + (f" ({path})" if route != path else "")
    return None


_INSTALLED = tuple(
    {
        os.path.join(path, "")
        for path in (
            sysconfig.get_path("stdlib"),
            sysconfig.get_path("platstdlib"),
            sysconfig.get_path("purelib"),
            sysconfig.get_path("platlib"),
            *site.getsitepackages(),
            site.getusersitepackages(),
            str(Path(__file__).parent),
        )
    }
)


def _is_users(path: str) -> bool:
    # Modules that are frozen, and functions that were compiled from text, have no file: `<vivace GET /items>`.
    return not path.startswith("<") and not os.path.abspath(path).startswith(_INSTALLED)


def _shortened(path: str) -> str:
    """Relative, if it is in the working directory."""
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here)
