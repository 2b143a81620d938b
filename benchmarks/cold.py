"""Reads cold workloads: a fresh process (`probe.py`, or an import) measures itself and prints one line of JSON."""

from __future__ import annotations

import json
import statistics
import sys
from dataclasses import dataclass

from benchmarks.contenders import Contender
from benchmarks.processes import run
from benchmarks.workloads import Cold

TIMEOUT = 120.0  # seconds for one process

# Run with -c: whatever else were imported first would be missing from the framework's own time.
IMPORT = """
import time
start = time.perf_counter()
import {framework}
imported = time.perf_counter()
from {framework} import FastAPI
FastAPI()
made = time.perf_counter()
import json
print(json.dumps({{"values": [(imported - start) * 1e3, (made - start) * 1e3], "digests": {{}}}}))
"""


@dataclass(frozen=True, slots=True)
class ColdReading:
    """`values` in the order of the workload's measures; `digests` by name of what was answered."""

    values: list[float]
    digests: dict[str, str]


def read(workload: Cold, contender: Contender, *, core: int) -> ColdReading:
    """Run the probe `workload.repeat` times; the medians. Raises `ChildError` if it fails."""
    command = _command(workload, contender)
    lines = [
        run(command, core=core, environment=contender.environment, timeout=TIMEOUT)
        for _ in range(workload.repeat)
    ]
    readings = [json.loads(line.splitlines()[-1]) for line in lines]
    columns = zip(*(reading["values"] for reading in readings), strict=True)
    return ColdReading([statistics.median(column) for column in columns], readings[-1]["digests"])


def _command(workload: Cold, contender: Contender) -> list[str]:
    if workload.probe == ("import",):
        return [sys.executable, "-c", IMPORT.format(framework=contender.framework)]
    return [sys.executable, "-m", "benchmarks.probe", *workload.probe]
