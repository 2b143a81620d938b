"""The command as a whole: a short run writes its report; an interrupted one leaves no process behind."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import wrk
from benchmarks.machine import MachineError, choose_cores
from benchmarks.processes import ROOT
from benchmarks.rounds import STOLEN

pytestmark = pytest.mark.skipif(bool(wrk.missing()), reason="wrk is not installed")
SHORT = ["--only", "W1", "--peers", "asgi", "--warmup", "0.3", "--idle-limit", "0.01"]


@pytest.fixture(autouse=True)
def two_cores() -> None:
    try:
        choose_cores()
    except MachineError as error:
        pytest.skip(str(error))


def start(*options: str, report: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.run", *SHORT, *options, "--report", str(report)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def children(pid: int) -> list[int]:
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in file.read_text().split()] if file.exists() else []


def test_a_short_run_writes_its_report(tmp_path: Path) -> None:
    run = start("--rounds", "1", "--seconds", "0.2", report=tmp_path)
    output, _ = run.communicate(timeout=90)
    assert f"{tmp_path}: report.md, report.json" in output
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(row["contender"], row["against"]) for row in report["rows"]] == [
        ("vivace", None),
        ("vivace", "asgi"),
        ("asgi", "vivace"),
    ]
    readings = [turn["reading"] for turn in report["turns"]]
    assert all(reading["values"]["requests/s"] > 0 for reading in readings), output
    # On a busy host time is stolen whatever the program does; anything else would be a fault.
    assert all((reading["void"] or STOLEN).endswith(STOLEN) for reading in readings), output
    assert "Not for the record: 1 of at least 5 rounds." in report["notes"]
    assert "## Goals" in (tmp_path / "report.md").read_text()


def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    run = start("--seconds", "30", report=tmp_path)
    deadline = time.monotonic() + 30
    while len(started := children(run.pid)) < 2 and time.monotonic() < deadline:  # server and load generator
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=20)
    assert (run.returncode, len(started)) == (130, 2), output
    assert "interrupted: nothing is left running" in output
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
    assert not (tmp_path / "report.json").exists()
