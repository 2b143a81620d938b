"""Run Starlette's own tests of its middlewares, unchanged, against vivace's.

    python -m conformance.starlette.run                     # in messages, on the lane, as answers, called directly
    python -m conformance.starlette.run --way starlette     # against Starlette's own: how the numbers were made
    python -m conformance.starlette.run -- -k vary -x       # more options for pytest

The source distribution is fetched by name and version from the package index, its checksum is checked, and its tests
are unpacked under `.cache/conformance/`; nothing of it is part of this repository. `ways.py` puts our classes in the
place of Starlette's. A test may fail only if `excused.toml` says why, and then it must.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from conformance.run import CACHE, ConformanceError, Distribution

HERE = Path(__file__).resolve().parent
STARLETTE = Distribution(
    name="starlette",
    version="1.10.0",
    sha256="b8399098d4c1e3522734f7235dc79b1fc967f96cf139c81e0fa30479e0685f9b",
    needed=("tests/", "pyproject.toml"),
)

OURS = ("cors", "gzip", "https_redirect", "session", "trusted_host")
# The files of each way, and how many tests they have.
WAYS = {"messages": (OURS, 198), "lane": (OURS, 198), "answer": (OURS, 198), "direct": (("base",), 65)}
ALL = ((*OURS, "base"), 263)


def read_excused(way: str) -> dict[str, str]:
    entries = tomllib.loads((HERE / "excused.toml").read_text()).get("excused", [])
    return {entry["id"]: entry["reason"] for entry in entries if way in entry["ways"]}


def run(way: str, pytest_options: list[str]) -> list[str]:
    """Run all files in one way; gives what there is to object."""
    files, expected = WAYS.get(way, ALL)
    excused_file, ledger_file = CACHE / "starlette-excused.json", CACHE / "starlette-ledger.json"
    excused = read_excused(way)
    excused_file.write_text(json.dumps(excused))
    ledger_file.unlink(missing_ok=True)
    plugins = [str(HERE), str(HERE.parent / "plugin")]
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([*plugins, *inherited]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONFORMANCE_WAY": way,
        "CONFORMANCE_EXCUSED": str(excused_file),
        "CONFORMANCE_LEDGER": str(ledger_file),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conformance_ledger", "-p", "ways"]
    command += ["-p", "no:sugar", "-p", "no:cacheprovider", *pytest_options]
    command += [f"tests/middleware/test_{name}.py" for name in files]
    subprocess.run(command, cwd=STARLETTE.provide(), env=env)
    if not ledger_file.exists():
        raise ConformanceError("pytest did not get as far as a result, see above")
    outcomes = json.loads(ledger_file.read_text())["outcomes"]
    objections = [
        f"{way}: {outcome}: {test}" for outcome in ("failed", "error") for test in outcomes[outcome]
    ]
    if not pytest_options:
        total = sum(len(tests) for tests in outcomes.values())
        if total != expected:
            objections.append(f"{way}: {total} tests; with Starlette itself it is {expected}")
        known = {test for tests in outcomes.values() for test in tests}
        objections += [
            f"{way}: excused, but there is no such test: {test}" for test in excused.keys() - known
        ]
    return objections


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--way", choices=("starlette", *WAYS), help="one way only")
    parser.add_argument("pytest", nargs="*", help="more options for pytest, after --")
    options = parser.parse_args()
    try:
        ways = [options.way] if options.way else [*WAYS]
        objections = [line for way in ways for line in run(way, options.pytest)]
    except ConformanceError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    for line in objections:
        print(f"conformance: {line}")
    print(f"conformance: starlette, {', '.join(ways)}: {len(objections) or 'no'} objections", flush=True)
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
