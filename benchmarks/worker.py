"""A process with one framework's app in it, driven in-process on demand: `python -m benchmarks.worker WORKLOAD`.

One process per framework, so that neither sees the other's imports, caches or garbage. It reads one JSON list
per line and answers each with one JSON object:

    ["time", 0.3]          {"microseconds": 21.4}
    ["answer"]             {"status": 200, "headers": [["content-length", "27"]], "body": "{\\"message\\": ..."}
    ["profile", 2000, 25]  {"text": "..."}

Beside the process, this module has the `Worker` that talks to it.
"""

from __future__ import annotations

import asyncio
import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.messages import Answer
from benchmarks.processes import Child, running
from benchmarks.workloads import WORKLOADS, Load

TIMEOUT = 120.0  # seconds for one reply


class Worker:
    """The other side of the pipe: `Worker.time(0.3)` is µs per request over at least 0.3 s."""

    def __init__(self, child: Child) -> None:
        self._child = child

    def answer(self) -> Answer:
        reply = self._call("answer")
        headers = tuple((name, value) for name, value in reply["headers"])
        return Answer(reply["status"], headers, reply["body"].encode("latin-1"))

    def time(self, seconds: float) -> float:
        return float(self._call("time", seconds)["microseconds"])

    def profile(self, count: int, lines: int) -> str:
        return str(self._call("profile", count, lines)["text"])

    def _call(self, *command: object) -> dict[str, Any]:
        stdin, stdout = self._child.process.stdin, self._child.process.stdout
        assert stdin is not None and stdout is not None  # `working` has asked for both
        stdin.write(json.dumps(command).encode() + b"\n")
        stdin.flush()
        if not select.select([stdout], [], [], TIMEOUT)[0]:
            raise self._child.failure(f"no reply to {command[0]} within {TIMEOUT:.0f} s")
        line = stdout.readline()
        if not line:
            raise self._child.failure(f"it ended instead of replying to {command[0]}")
        reply: dict[str, Any] = json.loads(line)
        return reply


@contextmanager
def working(contender: Contender, workload: Load, *, core: int) -> Iterator[Worker]:
    """A worker of this contender, which has to have a `framework`; gone when the block ends."""
    command = [sys.executable, "-m", "benchmarks.worker", workload.id]
    environment = {**contender.environment, **workload.environment}
    pipe = subprocess.PIPE
    with running(command, core=core, environment=environment, stdin=pipe, stdout=pipe) as child:
        yield Worker(child)


# --- in the worker's process ------------------------------------------------------------------------------------------


async def serve(workload: Load) -> None:
    from benchmarks import asgi
    from benchmarks.hotspots import profile

    app = import_module(f"benchmarks.apps.{workload.app}").app
    async with asgi.lifespan(app):
        for line in sys.stdin:
            match json.loads(line):
                case ["time", seconds]:
                    time = await asgi.time_requests(app, workload.request, workload.status, seconds=seconds)
                    reply: dict[str, Any] = {"microseconds": time}
                case ["answer"]:
                    answer = await asgi.answer(app, workload.request)
                    body = answer.body.decode("latin-1")
                    reply = {"status": answer.status, "headers": answer.headers, "body": body}
                case ["profile", count, lines]:
                    reply = {"text": await profile(app, workload, count=count, lines=lines)}
                case command:
                    raise RuntimeError(f"unknown command {command}")
            print(json.dumps(reply), flush=True)


def main(arguments: list[str]) -> None:
    loads = {workload.id: workload for workload in WORKLOADS if isinstance(workload, Load)}
    if len(arguments) != 1 or arguments[0] not in loads:
        sys.exit(f"usage: python -m benchmarks.worker {'|'.join(loads)}")
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(loads[arguments[0]]))


if __name__ == "__main__":
    main(sys.argv[1:])
