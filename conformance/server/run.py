"""Run uvicorn's own protocol tests and gunicorn's corpus of requests against vivace's protocol class.

    python -m conformance.server.run                         # vivace.server
    python -m conformance.server.run --protocol uvicorn      # uvicorn's own class: what the tests expect

Both come from the source distributions of their packages, by version and checksum, and nothing of them is kept.
uvicorn's tests run unchanged: `plugin/server_under_test.py` makes its fixture `http_protocol_cls` answer with our
class, and leaves out the tests that do not ask for one. gunicorn's corpus is judged by `corpus.py`. What may fail
stands in `excused.toml`. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from conformance.run import CACHE, ConformanceError, Distribution, pip
from conformance.server.corpus import judge
from reliability.wire import PROTOCOLS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

UVICORN = Distribution(
    "uvicorn",
    "0.54.0",
    "a2e33cbfaa0306f8e6b0c13e0cb89d7d7a2da3e62b90c66e18c33d9807b28620",
    ("tests/", "pyproject.toml", "LICENSE.md"),
)
GUNICORN = Distribution(
    "gunicorn",
    "27.0.1",
    "b1514965361c8b7e8107a80aa2a92636878df1ccfac6dd204a676426e04d9e3e",
    ("tests/requests/", "LICENSE"),
)
FILES = (
    "tests/protocols/test_http.py",
    "tests/protocols/test_websocket.py",
    "tests/middleware/test_proxy_headers.py",
    "tests/middleware/test_logging.py",
)
"""uvicorn's test files that ask for a protocol class."""

TESTS_NEED = ("wsproto", "trustme", "cryptography", "httpx2")
"""What those files import, beyond what is there; the versions are those of uvicorn's own list."""

Excuses = Mapping[str, str]

PARTS = ("uvicorn", "skipped", "invalid", "valid")
"""The tables of excused.toml: tests of uvicorn's that fail, that skip themselves; files of gunicorn's."""


# --- uvicorn's tests ------------------------------------------------------------------------------------------------


def install() -> None:
    """Install what uvicorn's tests import, in the versions that its pyproject.toml lists."""
    if (installed := version("uvicorn")) != UVICORN.version:
        raise ConformanceError(
            f"uvicorn {installed} is installed, and the tests are those of {UVICORN.version}: install that version"
        )
    groups = tomllib.loads((UVICORN.folder / "pyproject.toml").read_text())["dependency-groups"]
    wanted = [name for name in groups["dev"] if name.startswith(TESTS_NEED)]
    if len(wanted) != len(TESTS_NEED):
        raise ConformanceError(f"uvicorn's list has changed: {wanted}, wanted {TESTS_NEED}")
    pip("install", "-qq", *wanted)


def run_tests(protocol: str, excused: Excuses, options: argparse.Namespace) -> dict[str, list[str]]:
    """Run the tests; what became of them: `{"passed": [ids], "failed": [ids], …}`."""
    excused_file, ledger_file = CACHE / "server-excused.json", CACHE / "server-ledger.json"
    excused_file.write_text(json.dumps(excused))
    ledger_file.unlink(missing_ok=True)
    dropped = ("PYTEST_", "COVERAGE_", "UVICORN_", "VIVACE_", "PYTHON", "WEB_CONCURRENCY", "FORWARDED_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {
        "PYTHONPATH": os.pathsep.join([str(HERE / "plugin"), str(ROOT / "src")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SERVER_PROTOCOL": protocol,
        "SERVER_EXCUSED": str(excused_file),
        "SERVER_LEDGER": str(ledger_file),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "server_under_test"]
    command += ["-p", "no:sugar", "-p", "no:cacheprovider", "-o", "addopts=", "-n", str(options.processes)]
    command += ["-k", options.k] if options.k else []
    command += [f"--junitxml={options.junitxml.resolve()}"] if options.junitxml else []
    subprocess.run([*command, *FILES], cwd=UVICORN.folder, env=env)
    if not ledger_file.exists():
        raise ConformanceError("pytest did not get as far as a result, see above")
    outcomes: dict[str, list[str]] = json.loads(ledger_file.read_text())
    return outcomes


def test_objections(
    outcomes: Mapping[str, list[str]], excused: Excuses, skipped: Excuses, everything: bool
) -> Iterable[str]:
    for test in sorted({*outcomes["failed"], *outcomes["error"]}):
        yield f"failed: {test}" if excuse_of(test, excused) is None else f"excused, but it passes: {test}"
    for test in sorted(test for test in outcomes["skipped"] if excuse_of(test, skipped) is None):
        yield f"skipped: {test}"
    if everything:
        known = {*outcomes["xfailed"], *outcomes["skipped"]}
        used = {excuse_of(test, excuses) for test in known for excuses in (excused, skipped)}
        for name in sorted({*excused, *skipped} - used):
            yield f"excused.toml names {name}, which no test needs. Take it out."


def excuse_of(test: str, excuses: Excuses) -> str | None:
    """The name under which a test is excused: its own, or with `[*]` that of all its parametrizations."""
    return next((name for name in (test, f"{test.partition('[')[0]}[*]") if name in excuses), None)


# --- the run --------------------------------------------------------------------------------------------------------


def read_excused() -> dict[str, Excuses]:
    """The excuses by part: `{"uvicorn": {test: reason}, "invalid": {file: reason}, …}`."""
    content = tomllib.loads((HERE / "excused.toml").read_text())
    for part, excuses in content.items():
        if bare := sorted(name for name, reason in excuses.items() if not reason.strip()):
            raise ConformanceError(f"excused.toml gives no reason in [{part}] for {', '.join(bare)}")
    return {part: content.get(part, {}) for part in PARTS}


@dataclass(frozen=True)
class Verdict:
    """Both parts of a run."""

    tests: str  # the counts
    corpus: str
    objections: list[str]


def examine(protocol: str, options: argparse.Namespace) -> Verdict:
    """Run the tests, send the corpus, and compare both with the excuses (none for other classes than vivace's).

    Raises:
        ConformanceError: something is missing, or did not get as far as a result.
    """
    excused = read_excused() if protocol == "vivace" else {part: {} for part in PARTS}
    name = PROTOCOLS.get(protocol, protocol)
    UVICORN.provide()
    install()
    outcomes = run_tests(name, excused["uvicorn"], options)
    objections = list(test_objections(outcomes, excused["uvicorn"], excused["skipped"], not options.k))
    corpus = judge(GUNICORN.provide() / "tests" / "requests", name)
    objections += corpus.objections(excused["invalid"], excused["valid"])
    counts = ", ".join(f"{len(tests)} {outcome}" for outcome, tests in outcomes.items() if tests)
    return Verdict(counts, corpus.counts(excused["invalid"], excused["valid"]), objections)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m conformance.server.run", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--protocol", default="vivace", help="vivace, uvicorn, or package.module:Class")
    parser.add_argument("-k", help="pytest's -k: only uvicorn's tests whose name matches the expression")
    parser.add_argument("-n", "--processes", type=int, default=2, help="processes (2)")
    parser.add_argument("--junitxml", type=Path, help="write pytest's report there as well")
    options = parser.parse_args()
    try:
        verdict = examine(options.protocol, options)
    except ConformanceError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    for line in verdict.objections:
        print(f"conformance: {line}")
    print(f"conformance: uvicorn's tests: {verdict.tests}")
    print(f"conformance: gunicorn's corpus: {verdict.corpus}")
    objected = f"{len(verdict.objections)} objections" if verdict.objections else "nothing to object"
    print(f"conformance: {options.protocol}: {objected}", flush=True)
    return 1 if verdict.objections else 0


if __name__ == "__main__":
    sys.exit(main())
