"""Servers as processes: they say why they do not start, replace what is killed, and finish what they accepted.

Long: `shutdown`, `workers`.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import ROOT, running
from reliability import shutdown, workers
from reliability.runs import Task
from reliability.wire import PROTOCOLS

STOPS, KILLS = 3, 2

FAILING = {
    "lifespan": """
from contextlib import asynccontextmanager
from vivace import FastAPI

@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("no database")
    yield

app = FastAPI(lifespan=lifespan)
""",
    "dependency of the lifespan": """
from vivace import FastAPI

async def connect():
    raise RuntimeError("no database")

app = FastAPI(on_startup=[connect])
""",
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("program", FAILING)
def test_a_failing_start_says_why_and_opens_no_port(protocol: str, program: str, tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING[program])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "failing:app",
        "--port",
        str(port),
        "--http",
        PROTOCOLS[protocol],
    ]
    paths = f"{tmp_path}:{ROOT / 'src'}"
    with running(command, core=0, environment={"PYTHONPATH": paths}) as child:
        code = child.process.wait(30)
        output = child.output()
    assert code == 3
    assert "Traceback" in output and "RuntimeError: no database" in output
    assert "Uvicorn running on" not in output
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


def test_what_was_accepted_is_answered_before_the_server_stops(server: str) -> None:
    result = shutdown.run(Task("shutdown", STOPS, protocol=server, is_quiet=True))
    assert not result.faults


def test_killed_workers_are_replaced(server: str) -> None:
    """How soon is measured by the long run: here the machine may be busy."""
    result = workers.run(Task("workers", KILLS, protocol=server, is_quiet=True))
    assert not [fault for fault in result.faults if "replaced after" not in fault]


def test_children_end_with_their_block() -> None:
    with running([sys.executable, "-c", "import time; time.sleep(60)"], core=0, environment={}) as child:
        assert child.process.poll() is None
    assert child.process.wait(5) != 0
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.1)
