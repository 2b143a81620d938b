"""What a peer runs in: an environment of its own below .cache/peers, made when it is first needed.

peers/pins.toml has the versions. Nothing is installed into the project's own environments, and a peer that cannot
be installed is absent from the comparison, with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from benchmarks.processes import CACHE, ChildError, run

PINS = Path(__file__).parent / "peers" / "pins.toml"
TIMEOUT = 600.0  # seconds for one installation


class Installation(Protocol):
    def prepare(self) -> None:
        """Make it, unless it is there. Raises `ChildError` with what went wrong."""

    def versions(self) -> dict[str, str]:
        """What it holds, for the report."""
        ...


@cache
def pins() -> dict[str, list[str]]:
    """`{"falcon": ["falcon==4.4.0", …], "express": ["express@5.3.0", …]}`."""
    pinned: dict[str, list[str]] = tomllib.loads(PINS.read_text())
    return pinned


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """A virtual environment with the pinned packages, made with the Python that runs the harness."""

    name: str

    @property
    def python(self) -> str:
        return str(CACHE / self.name / "bin" / "python")

    def prepare(self) -> None:
        wanted = "\n".join([sys.version, *pins()[self.name]])
        with _Fresh(self.name, wanted) as directory:
            if directory:
                _install([sys.executable, "-m", "venv", str(directory)])
                pip = [self.python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-q"]
                _install([*pip, *pins()[self.name]])

    def versions(self) -> dict[str, str]:
        return dict(pin.split("==") for pin in pins()[self.name])


@dataclass(frozen=True, slots=True)
class NodeModules:
    """A directory with `node_modules` of the pinned packages; its programs find them through NODE_PATH."""

    name: str

    @property
    def modules(self) -> Path:
        return CACHE / self.name / "node_modules"

    def prepare(self) -> None:
        for program in ("node", "npm"):
            if not shutil.which(program):
                raise ChildError(
                    f"there is no {program}: install Node.js 20 or newer (Debian: apt-get install npm)"
                )
        with _Fresh(self.name, "\n".join(pins()[self.name])) as directory:
            if directory:
                directory.mkdir(parents=True)
                npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
                _install([*npm, "--prefix", str(directory), *pins()[self.name]])

    def versions(self) -> dict[str, str]:
        node = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
        return {"node": node, **dict(pin.rsplit("@", 1) for pin in pins()[self.name])}


class _Fresh:
    """Gives the directory of `name` to be filled, or None if one is there that was filled with the same `wanted`."""

    def __init__(self, name: str, wanted: str) -> None:
        self._directory = CACHE / name
        self._stamp = self._directory / "installed.txt"
        self._wanted = wanted

    def __enter__(self) -> Path | None:
        if self._stamp.exists() and self._stamp.read_text() == self._wanted:
            return None
        shutil.rmtree(self._directory, ignore_errors=True)
        return self._directory

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if kind is None:
            self._stamp.write_text(self._wanted)


def _install(command: list[str]) -> None:
    # The whole environment: what a person has set for pip and npm holds here too.
    run(command, core=None, environment=os.environ, timeout=TIMEOUT)
