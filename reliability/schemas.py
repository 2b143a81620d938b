"""Schemathesis on the example application: requests made from its OpenAPI document, on vivace and on FastAPI.

Every example has failures of its own kind (an error that the document does not mention, say); vivace may have none that
FastAPI does not share. Both are asked the same: the same document, the same seed, a fresh shop each.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import httpx

from reliability.runs import Result, Task
from reliability.tools import python_with
from tests.examples.running import SERVE_SHOP, running_shop

STOPPED_AT = "1700000000"  # seconds since 1970, of the shop's clock: the same times and tokens each run
LIMIT = 3600.0  # seconds
ENDLESS = "^/live"
"""Paths that are left out: event streams that do not end, and the tickets for them."""

Failure = tuple[str, str]  # code and operation


def failures(framework: str, task: Task) -> tuple[set[Failure], dict[str, Any]]:
    """The failures that schemathesis finds on a fresh shop, and its own counts.

    Raises:
        RuntimeError: it did not get as far as a report.
    """
    schemathesis = python_with("schemathesis").with_name("schemathesis")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"SHOP_DATA_DIR": str(folder / "data")}
        with running_shop((*SERVE_SHOP, framework, STOPPED_AT), folder, settings) as shop:
            login = {"username": "staff", "password": "staff-password"}
            token = httpx.post(f"{shop.url}/token", data=login).raise_for_status().json()["access_token"]
            report = folder / "report.json"
            command = [str(schemathesis), "run", f"{shop.url}/openapi.json", "--no-color"]
            command += ["--max-examples", str(task.count), "--seed", str(task.seed), "--no-shrink"]
            command += ["--generation-deterministic", "--continue-on-failure"]
            command += ["--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all"]
            command += ["--exclude-path-regex", ENDLESS, "--request-timeout", "10"]
            command += ["--header", f"Authorization: Bearer {token}"]
            command += ["--report", "json", "--report-json-path", str(report)]
            # In a folder of its own: it leaves files where it runs.
            done = subprocess.run(
                command, cwd=folder, timeout=LIMIT, capture_output=True, text=True, stdin=subprocess.DEVNULL
            )
            if not report.exists():
                raise RuntimeError(
                    f"schemathesis made no report:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
                )
            content = json.loads(report.read_text())
    if not content["complete"] or content["operations"]["tested"] < 10:
        raise RuntimeError(
            f"schemathesis did not get through: {content['operations']}, {content['stop_reason']}"
        )
    found = {
        (failure["code"], operation) for failure in content["failures"] for operation in failure["operations"]
    }
    return found, content["test_cases"]


def run(task: Task) -> Result:
    ours, cases = failures("vivace", task)
    task.advance(task.count // 2)
    theirs, _ = failures("fastapi", task)
    task.advance(task.count - task.count // 2)
    unshared = sorted(ours - theirs)
    return Result(
        f"{cases['generated']:,} test cases on vivace: {len(ours)} failures, {len(unshared)} of them not FastAPI's"
        f" ({len(theirs)} on FastAPI)",
        [f"{code} {operation}" for code, operation in unshared],
        {
            "shared": sorted(map(" ".join, ours & theirs)),
            "only_fastapi": sorted(map(" ".join, theirs - ours)),
        },
    )
