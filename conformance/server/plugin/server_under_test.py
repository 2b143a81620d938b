"""A pytest plugin that points uvicorn's tests at another protocol class, and writes down what became of them.

The environment gives it `SERVER_PROTOCOL` (an import string), and the names of two JSON files: `SERVER_EXCUSED` (test
id → reason) is read, `SERVER_LEDGER` (outcome → ids) is written. The tests themselves are not touched: the fixture
`http_protocol_cls` of their conftest is exchanged before pytest reads it, and tests that do not ask for it are left
out.
"""

import gc
import importlib
import json
import os
import warnings
from collections.abc import Generator
from pathlib import Path

import pytest

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


@pytest.fixture(params=["vivace"])
def http_protocol_cls(request: pytest.FixtureRequest) -> type:
    module, _, name = os.environ["SERVER_PROTOCOL"].partition(":")
    return getattr(importlib.import_module(module), name)


@pytest.hookimpl(tryfirst=True)
def pytest_plugin_registered(plugin: object) -> None:
    if Path(getattr(plugin, "__file__", "") or "").name == "conftest.py" and hasattr(
        plugin, "http_protocol_cls"
    ):
        plugin.http_protocol_cls = http_protocol_cls


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    excused = json.loads(Path(os.environ["SERVER_EXCUSED"]).read_text())
    asking = [item for item in items if "http_protocol_cls" in getattr(item, "fixturenames", ())]
    items[:] = asking
    for item in items:
        reason = excused.get(item.nodeid) or excused.get(f"{item.nodeid.partition('[')[0]}[*]")
        if reason:
            item.add_marker(pytest.mark.xfail(strict=True, reason=f"excused: {reason}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Collect what an excused test leaves half done (a coroutine of its mock event loop, say), here and not in a later
    test, which a warning about it would make fail."""
    result = yield
    if item.get_closest_marker("xfail"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return
    stats = session.config.pluginmanager.get_plugin("terminalreporter").stats
    ledger = {outcome: [report.nodeid for report in stats.get(outcome, ())] for outcome in OUTCOMES}
    Path(os.environ["SERVER_LEDGER"]).write_text(json.dumps(ledger))
