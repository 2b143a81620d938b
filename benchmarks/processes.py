"""Child processes: pinned to a core, in a session of their own, and gone when the caller is.

Rules: no child outlives its `with` block, an exception, Ctrl-C, or the harness's own death. The first three are
the block's; the last is `setpriv --pdeathsig`: the kernel kills the child when its parent ends (prctl(2),
PR_SET_PDEATHSIG). A child has a session of its own, so a terminal's Ctrl-C reaches the harness only, and
killing the group takes grandchildren too.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "peers"

# The rest of the environment (uvicorn's own variables, Python's debugging switches) would change what is measured.
KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
TAIL = 2000  # characters of a failed child's output that are shown


class ChildError(Exception):
    """A child failed or took too long; the message has its command and the end of what it printed."""


def missing_programs() -> list[str]:
    """Messages for what is needed to start children and is not on PATH."""
    remedy = "it is part of util-linux (Debian: apt-get install -y util-linux)"
    return [f"{name} is not on PATH: {remedy}" for name in ("taskset", "setpriv") if not shutil.which(name)]


class Child:
    """A running process whose output, both streams, goes to a file: `child.output()` so far."""

    def __init__(self, process: subprocess.Popen[bytes], command: Sequence[str], log: IO[bytes]) -> None:
        self.process = process
        self.pid = process.pid
        self._command = command
        self._log = log

    def output(self) -> str:
        # By position: the file's offset is shared with the child, and seeking would move where it writes.
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def failure(self, what: str) -> ChildError:
        program = " ".join([Path(self._command[0]).name, *self._command[1:]])
        return ChildError(f"{program}\n{what}; it printed:\n{self.output()[-TAIL:].strip() or '(nothing)'}")


@contextmanager
def running(
    command: Sequence[str],
    *,
    core: int | None,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> Iterator[Child]:
    """Run `command` on this core (None: on any), from the repository's root; kill it when the block ends.

    Both streams go to the child's log; with `stdout=subprocess.PIPE` only its errors do.
    """
    pin = [] if core is None else ["taskset", "-c", str(core)]
    pinned = ["setpriv", "--pdeathsig", "KILL", "--", *pin, *command]
    with tempfile.TemporaryFile() as log:
        process = None
        try:
            with _interrupts_deferred():  # a child that is half made when Ctrl-C comes would be nobody's
                process = subprocess.Popen(
                    pinned,
                    cwd=ROOT,
                    env={**_kept_environment(), **environment},
                    stdin=stdin,
                    stdout=log if stdout is None else stdout,
                    stderr=log,
                    start_new_session=True,
                )
            yield Child(process, command, log)
        finally:
            if process is not None:
                _end(process)


def run(
    command: Sequence[str],
    *,
    core: int | None,
    environment: Mapping[str, str],
    timeout: float,
    interrupt_after: float | None = None,
) -> str:
    """The output of a command that ends by itself, or if it is interrupted (SIGINT) after some seconds.

    Raises `ChildError` if it fails, or takes more than `timeout` s.
    """
    with running(command, core=core, environment=environment) as child:
        try:
            if interrupt_after is not None:
                _wait_for_itself(child)
                time.sleep(interrupt_after)
                child.process.send_signal(signal.SIGINT)
            code = child.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise child.failure(f"did not end within {timeout:.0f} s") from None
        if code != 0:
            raise child.failure(f"ended with exit code {code}")
        return child.output()


def _wait_for_itself(child: Child) -> None:
    """Until setpriv and taskset have become the command: before that, a SIGINT would kill it (exec(3), proc(5))."""
    name = Path(f"/proc/{child.pid}/comm")
    while child.process.poll() is None and name.read_text().strip() in ("setpriv", "taskset"):
        time.sleep(0.005)


def _kept_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group and wait for it."""
    with _interrupts_deferred():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # SIGKILL: a server under test has nothing to lose
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Ctrl-C and SIGTERM that come within the block are delivered when it ends.

    By handlers rather than by a mask: children inherit a mask, but not handlers.
    """
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: arrived.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in arrived:
            signal.raise_signal(number)
