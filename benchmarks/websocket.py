"""The load generator for WebSocket echoes: clients/websocket.go, on gorilla/websocket.

Debian has both as `golang-go` and `golang-github-gorilla-websocket-dev`; the program is built when it is first needed.
"""

from __future__ import annotations

from benchmarks import golang
from benchmarks.contenders import HOST
from benchmarks.outcome import Outcome, parse
from benchmarks.processes import run
from benchmarks.workloads import Load

PROGRAM = golang.Program("websocket", "benchmarks/clients/websocket.go")
GRACE = 20.0  # seconds


def load(workload: Load, port: int, *, seconds: float, connections: int, core: int) -> Outcome:
    """Echo the workload's text for `seconds` over `connections` WebSockets. Raises `ChildError`."""
    url = f"ws://{HOST}:{port}{workload.request.target}"
    options = ["-url", url, "-text", workload.request.body.decode()]
    options += ["-connections", str(connections), "-seconds", str(seconds)]
    command = [str(PROGRAM.executable), *options]
    return parse(run(command, core=core, environment={"GOMAXPROCS": "1"}, timeout=seconds + GRACE))
