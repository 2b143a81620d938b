"""`kill -9` of a worker: the others go on answering, and another takes its place."""

from __future__ import annotations

import os
import signal
import time

from reliability.processes import ServerProcess, serving_process
from reliability.runs import Result, Task
from reliability.sockets import eventually, exchange, request

WORKERS = 2
LIMIT = 2.0  # seconds until a worker is replaced
ASKED = 40  # connections, to meet every worker


def pids(server: ServerProcess) -> set[int]:
    """The workers that answer."""
    found = set()
    for _ in range(ASKED):
        try:
            (answer,) = exchange(server.address, request("/pid", connection="close"), limit=5)
        except (OSError, ValueError):
            continue  # the connection was the killed one's
        found.add(int(answer.body))
    return found


def run(task: Task) -> Result:
    slowest, faults = 0.0, []
    with serving_process("--workers", str(WORKERS), protocol=task.protocol) as server:
        if not eventually(lambda: len(pids(server)) == WORKERS, 30):
            return Result("the workers did not start", [server.child.output()[-2000:]])
        for number in task.each(range(task.count)):
            before = pids(server)
            victim = min(before)
            began = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            # Long enough to tell late from never: whether it was in time is judged below.
            is_replaced = eventually(lambda now=before: len(pids(server) - now) == 1, 15)  # type: ignore[misc]
            took = time.monotonic() - began
            slowest = max(slowest, took)
            if not is_replaced:
                faults.append(f"kill {number}: worker {victim} was not replaced")
                break
            if took > LIMIT:
                faults.append(f"kill {number}: replaced after {took:.1f} s")
            if not eventually(lambda: len(pids(server)) == WORKERS, 15):
                faults.append(f"kill {number}: there are not {WORKERS} workers again")
                break
    return Result(
        f"{task.count} kills: the slowest replacement answered after {slowest:.1f} s",
        faults,
        {"slowest_seconds": round(slowest, 2)},
    )
