"""A pytest plugin that writes down what became of every test, and marks the excused ones.

It is given two file names in the environment: `CONFORMANCE_EXCUSED` (JSON: test id → reason) is read, and
`CONFORMANCE_LEDGER` (JSON: see `write`) is written at the end. An excused test becomes a strict xfail,
whichever process runs it: it still runs, and it is an error when it passes. The tests themselves are not touched.

Only the process that reports writes the ledger; under xdist that is the controller, which sees the reports of
all workers.
"""

import json
import os
import sys
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    excused = json.loads(Path(os.environ["CONFORMANCE_EXCUSED"]).read_text())
    for item in items:
        if item.nodeid in excused:
            item.add_marker(pytest.mark.xfail(strict=True, reason=f"excused: {excused[item.nodeid]}"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        write(session.config)


def write(config: pytest.Config) -> None:
    """Write `{"framework": "vivace", "outcomes": {"passed": [ids], "failed": […], "skipped": […], …}}`."""
    stats = config.pluginmanager.get_plugin("terminalreporter").stats
    outcomes = {
        outcome: [report.nodeid for report in stats.get(outcome, ())]
        for outcome in ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
    }
    # Where workers run the tests, this process has imported the plugins that name `fastapi` but not the tests.
    import fastapi

    ledger = {"framework": fastapi.__name__, "executable": sys.executable, "outcomes": outcomes}
    Path(os.environ["CONFORMANCE_LEDGER"]).write_text(json.dumps(ledger))
