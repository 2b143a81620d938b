"""A server in a process of its own, started as a user starts one, and gone when the block ends.

The rules for children are those of `benchmarks.processes`: none outlives its block, Ctrl-C, or this process.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import Child, running
from reliability.sockets import exchange, request
from reliability.wire import PROTOCOLS

HOST = "127.0.0.1"
START_LIMIT = 30.0  # seconds
APP = "reliability.apps:app"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class ServerProcess:
    child: Child
    port: int

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    def stats(self) -> dict[str, int]:
        """What the application says of itself: see `reliability.apps`."""
        (answer,) = exchange(self.address, request("/stats", connection="close"))
        found: dict[str, int] = json.loads(answer.body)
        return found

    def tracebacks(self) -> int:
        """How many tracebacks the server has printed."""
        return self.child.output().count("Traceback (most recent call last)")


@contextmanager
def serving_process(
    *options: str, protocol: str = "vivace", app: str = APP, **environment: str
) -> Iterator[ServerProcess]:
    """Run `uvicorn reliability.apps:app` with further options, and wait until it listens.

    with serving_process("--workers", "2") as server:
        exchange(server.address, request("/plain"))

    Raises:
        ChildError: the server ended, or did not start in time; the message has what it printed.
    """
    command = [sys.executable, "-m", "uvicorn", app, "--host", HOST, "--port", "0"]
    command += ["--http", PROTOCOLS.get(protocol, protocol), "--no-access-log", *options]
    paths = [str(ROOT / "src"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    core = max(os.sched_getaffinity(0))
    with running(
        command, core=core, environment={**environment, "PYTHONPATH": os.pathsep.join(paths)}
    ) as child:
        yield ServerProcess(child, _wait_for_port(child))


def _wait_for_port(child: Child) -> int:
    deadline = time.monotonic() + START_LIMIT
    while True:
        output = child.output()
        found = re.search(rf"running on http://{re.escape(HOST)}:(\d+)", output)
        # Of several processes the first line is the parent's, which listens; the workers say that they have started.
        if found and "Application startup complete" in output:
            return int(found[1])
        if (code := child.process.poll()) is not None:
            raise child.failure(f"the server ended with exit code {code}")
        if time.monotonic() > deadline:
            raise child.failure(f"no server within {START_LIMIT:.0f} s")
        time.sleep(0.02)


def wait_for_exit(child: Child, limit: float) -> int:
    """The exit code; raises `subprocess.TimeoutExpired` after `limit` seconds."""
    return child.process.wait(limit)


def settled(server: ServerProcess, before: dict[str, int], limit: float = 15.0) -> dict[str, Any]:
    """What has not come back to what it was `before`, within the limit: `{}` if everything has.

    `{"tasks": (5, 7)}` are two tasks too many.
    """
    deadline = time.monotonic() + limit
    while True:
        now = server.stats()
        leaks: dict[str, Any] = {
            name: (before[name], now[name]) for name in ("tasks", "descriptors") if now[name] > before[name]
        }
        if now["entered"] != now["left"]:
            leaks["dependencies"] = (now["entered"], now["left"])
        if not leaks or time.monotonic() > deadline:
            return leaks
        time.sleep(0.1)
