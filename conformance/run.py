"""Run FastAPI's own tests, unchanged, against vivace.

    python conformance/run.py                                  # all of them
    python conformance/run.py --files tests/test_query.py      # some files
    python conformance/run.py -k "websocket and not close"     # some names
    python conformance/run.py --oracle                         # against FastAPI itself: how the record was made

The journey: fetch the source distribution by name and version from the package index, check its checksum, unpack what
the tests need (and nothing of the framework itself), install the packages that its own pyproject.toml lists for them,
run pytest with `fastapi` answering as vivace, and compare what happened with what happens with FastAPI
(`expected.toml`). See README.md beside this file. Everything fetched stays under `.cache/conformance/`.

Only the standard library is used: this file runs before anything else is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "conformance"

VERSION = "0.165.0"
SHA256 = "dd94d4128319c1e1d50535ab023ab698f850a4d2822f0e181747b46f4ff3c0ab"
NEEDED = ("tests/", "docs_src/", "scripts/", "docs/", "pyproject.toml", "LICENSE", "README.md")
LEFT_OUT = ("tests/benchmarks", "tests/memory_benchmarks")  # they measure; benchmarks/ does that for vivace
MOST_EXCUSES = 29


class ConformanceError(Exception):
    """The run cannot start or cannot be believed; the message says what to do."""


# --- fetch and unpack -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distribution:
    """A source distribution of the package index, of which what starts with `needed` is unpacked.

    The packages themselves are left packed: nothing here is to import them, or to read them.
    """

    name: str
    version: str
    sha256: str
    needed: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return CACHE / f"{self.name}-{self.version}"

    def provide(self) -> Path:
        """The folder with what is needed, fetched and unpacked unless it is there."""
        done = self.folder / ".unpacked"
        if not done.exists():
            self._unpack(self._fetch())
            done.touch()
        return self.folder

    def _fetch(self) -> Path:
        """The archive, from the cache or the package index."""
        archive = CACHE / f"{self.name}-{self.version}.tar.gz"
        if not archive.exists():
            print(f"conformance: fetching the source distribution of {self.name} {self.version}", flush=True)
            CACHE.mkdir(parents=True, exist_ok=True)
            download = ["download", "-qq", "--no-deps", "--no-binary", ":all:", "--dest", str(CACHE)]
            pip(*download, f"{self.name}=={self.version}")
        checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
        if checksum != self.sha256:
            raise ConformanceError(
                f"{archive} has the SHA-256 {checksum}, expected {self.sha256}. Delete it and run again."
            )
        return archive

    def _unpack(self, archive: Path) -> None:
        top = f"{self.folder.name}/"
        with tarfile.open(archive) as tar:
            # Python before 3.11.4 has no extraction filters; the checksum has vouched for the archive.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
            members = [m for m in tar.getmembers() if m.name.removeprefix(top).startswith(self.needed)]
            tar.extractall(CACHE, members)


FASTAPI = Distribution("fastapi", VERSION, SHA256, NEEDED)
SOURCES = FASTAPI.folder


# --- install --------------------------------------------------------------------------------------------------------


def requirements() -> list[str]:
    """What FastAPI's pyproject.toml lists for its tests: the dependency group, and the extras under which they
    run."""
    project = tomllib.loads((SOURCES / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]["all"]
    return [*extras, *group(project["dependency-groups"], "tests")]


def group(groups: dict[str, list[Any]], name: str) -> Iterator[str]:
    """The requirements of a dependency group, following `{ include-group = … }` (PEP 735)."""
    for entry in groups[name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from group(groups, entry["include-group"])


def install() -> None:
    """Install the tests' requirements into this interpreter's environment, once per list."""
    wanted = [f"fastapi=={VERSION}", *requirements()]
    stamp = Path(sys.prefix) / ".conformance"
    mark = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    if sys.prefix == sys.base_prefix:
        raise ConformanceError("run this with a virtual environment's python; `make conformance` makes one")
    print("conformance: installing what FastAPI's tests need", flush=True)
    pip("install", "-qq", *wanted)
    stamp.write_text(mark)


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    if subprocess.run(command).returncode != 0:
        raise ConformanceError(f"`{shlex.join(command)}` failed, see above. Is the package index reachable?")


# --- run ------------------------------------------------------------------------------------------------------------


def environment(framework: str, excused: dict[str, str]) -> dict[str, str]:
    """The environment of pytest and of every process the tests start.

    The alias directory comes first on PYTHONPATH, so `import fastapi` is vivace there too. Settings that would change
    what tests observe are taken out.
    """
    alias = [str(HERE / "alias")] if framework == "vivace" else []
    excused_file, ledger_file = CACHE / "excused.json", CACHE / "ledger.json"
    excused_file.write_text(json.dumps(excused if framework == "vivace" else {}))
    ledger_file.unlink(missing_ok=True)
    dropped = ("PYTEST_", "COVERAGE_", "OTEL_", "FASTAPI_", "VIVACE_", "LOGFIRE_", "SENTRY_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {
        "PYTHONPATH": os.pathsep.join([*alias, str(HERE / "plugin")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONFORMANCE_EXCUSED": str(excused_file),
        "CONFORMANCE_LEDGER": str(ledger_file),
    }


def check_alias(framework: str, env: dict[str, str]) -> None:
    """Make sure that a process the tests start gets the framework under test: a run against the other proves
    nothing."""
    code = "import fastapi.routing, fastapi; print(fastapi.__name__)"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCES, env=env, capture_output=True, text=True
    )
    if answer.stdout.strip() != framework:
        raise ConformanceError(f"`import fastapi` does not give {framework}:\n{answer.stdout}{answer.stderr}")


def run_pytest(options: argparse.Namespace, framework: str, env: dict[str, str]) -> int:
    (SOURCES / "coverage").mkdir(exist_ok=True)  # one test runs `coverage run`, configured to write there
    files = [name for names in options.files for name in names.split()]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conformance_ledger"]
    command += ["-p", "vivace.as_fastapi"] if framework == "vivace" else []
    command += ["-p", "no:sugar", "-p", "no:cacheprovider", "-n", str(options.processes)]
    command += [f"--ignore={folder}" for folder in LEFT_OUT]
    command += ["-k", options.k] if options.k else []
    command += [f"--junitxml={options.junitxml.resolve()}"] if options.junitxml else []
    command += options.pytest
    command += files or ["tests"]
    return subprocess.run(command, cwd=SOURCES, env=env).returncode


# --- judge ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ledger:
    """What became of every test, by id. `skipped` also holds the files that were skipped as a whole."""

    passed: frozenset[str]
    failed: frozenset[str]
    error: frozenset[str]
    skipped: tuple[str, ...]  # a file may be skipped and named as often as it has reasons
    xfailed: frozenset[str]
    xpassed: frozenset[str]

    @classmethod
    def read(cls, framework: str) -> Ledger:
        path = CACHE / "ledger.json"
        if not path.exists():
            raise ConformanceError("pytest did not get as far as a result, see above")
        content = json.loads(path.read_text())
        if content["framework"] != framework:
            raise ConformanceError(f"the tests ran against {content['framework']}, not against {framework}")
        outcomes = content["outcomes"]
        skipped = tuple(sorted(outcomes.pop("skipped")))
        return cls(skipped=skipped, **{name: frozenset(ids) for name, ids in outcomes.items()})

    @property
    def ids(self) -> frozenset[str]:
        return self.passed | self.failed | self.error | frozenset(self.skipped) | self.xfailed | self.xpassed

    @property
    def counts(self) -> str:
        names = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
        return ", ".join(f"{len(getattr(self, name))} {name}" for name in names if getattr(self, name))


def read_excused() -> dict[str, str]:
    """The excused tests: id → reason."""
    entries = tomllib.loads((HERE / "excused.toml").read_text()).get("excused", [])
    excused = {entry["id"]: entry["reason"].strip() for entry in entries}
    if len(excused) != len(entries):
        raise ConformanceError("excused.toml names a test twice")
    if len(excused) > MOST_EXCUSES:
        raise ConformanceError(
            f"excused.toml holds {len(excused)} tests; at most {MOST_EXCUSES} may be excused"
        )
    if bare := sorted(test for test, reason in excused.items() if not reason):
        raise ConformanceError(f"excused.toml gives no reason for {', '.join(bare)}")
    return excused


def objections(
    ledger: Ledger, excused: dict[str, str], expected: dict[str, Any], everything: bool
) -> Iterable[str]:
    """Everything that makes the run a failure, one line each."""
    broken = ledger.failed | ledger.error
    for test in sorted(broken - excused.keys()):
        yield f"failed: {test}"
    # A strict xfail that passes is reported as failed (call phase), never as an error.
    for test in sorted((ledger.failed | ledger.passed | ledger.xpassed) & excused.keys()):
        yield f"excused, but it passes: {test}. Take it out of excused.toml."
    for test in sorted((ledger.error | set(ledger.skipped)) & excused.keys()):
        yield f"excused, but it does not fail as a test: {test}. Take it out of excused.toml, or mend it."
    for test in sorted(set(ledger.skipped) - set(expected["skipped"])):
        yield f"skipped, although FastAPI itself runs it: {test}"
    if everything:
        for test in sorted(excused.keys() - ledger.ids):
            yield f"excused, but there is no such test: {test}"
        total = len(ledger.ids - set(ledger.skipped)) + len(ledger.skipped)
        if total != expected["collected"]:
            yield f"{total} tests were collected; with FastAPI itself it is {expected['collected']}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", nargs="*", default=[], help="test files, as tests/test_query.py")
    parser.add_argument("-k", help="pytest's -k: only tests whose name matches the expression")
    parser.add_argument("-n", "--processes", type=int, default=2, help="processes (2)")
    parser.add_argument("--junitxml", type=Path, help="write pytest's report there as well")
    parser.add_argument("--oracle", action="store_true", help="run against FastAPI itself")
    parser.add_argument("pytest", nargs="*", help="more options for pytest, after --")
    options = parser.parse_args()
    framework = "fastapi" if options.oracle else "vivace"
    everything = not (options.files or options.k or options.pytest)
    try:
        FASTAPI.provide()
        install()
        excused = {} if options.oracle else read_excused()
        env = environment(framework, excused)
        check_alias(framework, env)
        run_pytest(options, framework, env)
        ledger = Ledger.read(framework)
    except ConformanceError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    expected = tomllib.loads((HERE / "expected.toml").read_text())
    found = list(objections(ledger, excused, expected, everything))
    for line in found:
        print(f"conformance: {line}")
    verdict = f"{len(found)} objections" if found else "nothing to object"
    print(f"conformance: {framework}: {ledger.counts}, {len(excused)} excused: {verdict}", flush=True)
    if not ledger.ids:
        print("conformance: no test matched", file=sys.stderr)
        return 2
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
