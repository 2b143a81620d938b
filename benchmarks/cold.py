"""The probes of cold workloads: a fresh process measures itself, prints one line of JSON and ends.

    python -m benchmarks.cold nested_routers 1000

A line holds `values`, in the order of the workload's measures, and `digests` of every answer that was given
meanwhile: two frameworks have to agree on them. Beside the probes, this module has what reads them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contenders import Contender
from benchmarks.processes import run
from benchmarks.workloads import Cold, Request

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
    return [sys.executable, "-m", "benchmarks.cold", *workload.probe]


# --- in the fresh process ---------------------------------------------------------------------------------------------


async def nested_routers(routes: int) -> ColdReading:
    """Declare the routes and answer the first request; then one per route; then the OpenAPI document.

    The framework is imported before the clock starts: W12 has that. Answers are part of the time, because a
    framework may put work off until a route is first asked for.
    """
    from benchmarks import asgi
    from benchmarks.apps import _framework as _framework

    os.environ["BENCHMARK_ROUTES"] = str(routes)
    start = time.perf_counter()
    from benchmarks.apps.nested_routers import CALLS, app

    json_type = (("Content-Type", "application/json"),)
    requests = [Request(method, path, json_type if body else (), body) for method, path, body in CALLS]
    async with asgi.lifespan(app):
        answers = [await asgi.answer(app, requests[-1])]
        ready = time.perf_counter()
        answers += [await asgi.answer(app, request) for request in requests]
        warm = time.perf_counter()
        memory = resident_megabytes()
        before_document = time.perf_counter()
        document = await asgi.answer(app, Request("GET", "/openapi.json"))
        documented = time.perf_counter()
    if failed := [answer for answer in [*answers, document] if answer.status >= 400]:
        raise RuntimeError(f"{len(failed)} requests failed, the first with {failed[0]}")
    digests = {
        f"answers of {routes} routes": digest(answers),
        f"OpenAPI of {routes} routes": digest([document]),
    }
    milliseconds = [(ready - start) * 1e3, (warm - start) * 1e3, (documented - before_document) * 1e3]
    return ColdReading([*milliseconds[:2], memory, milliseconds[2]], digests)


def resident_megabytes() -> float:
    """VmRSS of this process (proc(5)), in MB of 10⁶ bytes."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def digest(answers: Sequence[object]) -> str:
    return hashlib.sha256(repr(answers).encode()).hexdigest()


def main(arguments: list[str]) -> None:
    match arguments:
        case ["nested_routers", routes]:
            reading = asyncio.run(nested_routers(int(routes)))
        case _:
            sys.exit("usage: python -m benchmarks.cold nested_routers ROUTES")
    print(json.dumps({"values": reading.values, "digests": reading.digests}))


if __name__ == "__main__":
    main(sys.argv[1:])
