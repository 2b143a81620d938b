"""The load generator for HTTP: wrk, driven by clients/load.lua.

Chosen because one of its threads keeps up with any server of one core, and because it reports every error it meets.
https://github.com/wg/wrk; Debian has it as the package `wrk`.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from benchmarks.contenders import HOST
from benchmarks.messages import Request
from benchmarks.outcome import Outcome, parse
from benchmarks.processes import run
from benchmarks.workloads import Load

SCRIPT = Path(__file__).parent / "clients" / "load.lua"
GRACE = 20.0  # seconds that wrk may take beyond its duration


def missing() -> list[str]:
    """A message, if there is no wrk on PATH."""
    return [] if shutil.which("wrk") else ["wrk is not on PATH: apt-get install -y wrk (Debian, Ubuntu)"]


def version() -> str:
    """Of `wrk --version`, which ends with exit code 1: `4.1.0`, with what the distribution puts before it."""
    output = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    words = output.split()
    return words[1] if len(words) > 1 else "unknown"


def load(workload: Load, port: int, *, seconds: float, connections: int, core: int) -> Outcome:
    """Send the workload's request for `seconds` over keep-alive connections, one thread. Raises `ChildError`."""
    request = workload.request
    headers = [part for name, value in request.headers for part in ("-H", f"{name}: {value}")]
    environment = {"LOAD_METHOD": request.method}
    with tempfile.NamedTemporaryFile() as body:
        if request.body:
            body.write(request.body)
            body.flush()
            environment["LOAD_BODY_FILE"] = body.name
        arguments = [*headers, f"http://{HOST}:{port}{request.target}"]
        return _wrk(arguments, environment, {workload.status}, seconds, connections, core)


def load_several(
    requests: Sequence[Request],
    statuses: Collection[int],
    port: int,
    *,
    seconds: float,
    connections: int,
    core: int,
) -> Outcome:
    """As `load`, with these requests in turn, whose answers must have one of `statuses`."""
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory, str(number)) for number in range(len(requests))]
        for file, request in zip(files, requests, strict=True):
            file.write_bytes(as_sent(request, port))
        environment = {"LOAD_REQUESTS": ":".join(map(str, files))}
        return _wrk([f"http://{HOST}:{port}/"], environment, statuses, seconds, connections, core)


def as_sent(request: Request, port: int) -> bytes:
    """The bytes of an HTTP/1.1 request (RFC 9112, 2.1)."""
    fields = [("Host", f"{HOST}:{port}"), *request.headers]
    if request.body or request.method in ("POST", "PUT"):
        fields.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def _wrk(
    arguments: Sequence[str],
    environment: dict[str, str],
    statuses: Collection[int],
    seconds: float,
    connections: int,
    core: int,
) -> Outcome:
    whole = math.ceil(
        seconds
    )  # wrk takes whole seconds; interrupted, it ends at once and reports what it has
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{whole}s",
        "--timeout",
        "5s",
        "-s",
        str(SCRIPT),
        *arguments,
    ]
    environment |= {"LOAD_STATUSES": ",".join(map(str, sorted(statuses)))}
    interrupt_after = seconds if seconds < whole else None
    return parse(
        run(
            command,
            core=core,
            environment=environment,
            timeout=whole + GRACE,
            interrupt_after=interrupt_after,
        )
    )
