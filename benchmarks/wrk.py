"""The load generator: wrk, driven by load.lua.

Chosen because one of its threads keeps up with any server of one core, and because it reports every error it meets.
https://github.com/wg/wrk; Debian has it as the package `wrk`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import HOST
from benchmarks.processes import ChildError, run
from benchmarks.workloads import Load

SCRIPT = Path(__file__).with_name("load.lua")
GRACE = 20.0  # seconds that wrk may take beyond its duration


@dataclass(frozen=True, slots=True)
class Outcome:
    """What wrk saw during `seconds`; latencies in microseconds."""

    requests: int
    seconds: float
    wrong_status: int
    socket_errors: int
    timeouts: int
    p50_us: int
    p99_us: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    def fault(self, status: int) -> str | None:
        """Why the figure is void, if it is."""
        if self.wrong_status:
            return f"{self.wrong_status} of {self.requests} answers were not {status}"
        if self.socket_errors or self.timeouts:
            return f"{self.socket_errors} socket errors, {self.timeouts} timeouts"
        return None if self.requests else "no answer at all"


def missing() -> list[str]:
    """A message, if there is no wrk on PATH."""
    return [] if shutil.which("wrk") else ["wrk is not on PATH: apt-get install -y wrk (Debian, Ubuntu)"]


def version() -> str:
    """Of `wrk --version`, which ends with exit code 1: `4.1.0`, with what the distribution puts before it."""
    output = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    words = output.split()
    return words[1] if len(words) > 1 else "unknown"


def load(workload: Load, port: int, *, seconds: int, connections: int, core: int) -> Outcome:
    """Send the workload's request for `seconds` over keep-alive connections, one thread. Raises `ChildError`."""
    request = workload.request
    headers = [part for name, value in request.headers for part in ("-H", f"{name}: {value}")]
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", str(SCRIPT)]
    command = ["wrk", *load, *headers, f"http://{HOST}:{port}{request.target}"]
    environment = {"LOAD_METHOD": request.method, "LOAD_STATUS": str(workload.status)}
    if request.body:
        environment["LOAD_BODY"] = request.body.decode()
    return parse(run(command, core=core, environment=environment, timeout=seconds + GRACE))


def parse(output: str) -> Outcome:
    """The line of JSON that load.lua writes after wrk's own text. Raises `ChildError` if there is none."""
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            return Outcome(**json.loads(line))
    raise ChildError(f"wrk printed no result:\n{output.strip() or '(nothing)'}")
