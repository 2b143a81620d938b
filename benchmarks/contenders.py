"""Who is measured, as data. A contender is one entry: a name, how it is started, and what it needs.

To add a peer, write its program (below `peers/`, unless it runs the apps themselves) and one entry in `CONTENDERS`:

    Contender(
        "fastify",
        "Fastify on Node.js",
        start=lambda app, port: ["node", "benchmarks/peers/fastify.mjs", app, str(port)],
        needs=(Executable("node", "install Node.js 20 or newer"),),
        apps=frozenset({"hello", "typed", "body"}),
        equal="meaning",
    )
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from benchmarks.workloads import Cold, Workload

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution; `exactly` its version, where a comparison is with that one."""

    name: str
    exactly: str | None = None

    def missing(self) -> str | None:
        installed = self.version()
        wanted = f"{self.name}=={self.exactly}" if self.exactly else self.name
        if installed is None:
            return f"{self.name} is not installed: pip install {wanted}"
        if self.exactly and installed != self.exactly:
            return (
                f"{self.name} {installed} is installed, the comparison is with another: pip install {wanted}"
            )
        return None

    def version(self) -> str | None:
        try:
            return version(self.name)
        except PackageNotFoundError:
            return None


@dataclass(frozen=True, slots=True)
class Executable:
    """A program on PATH, and what to do if it is not there."""

    name: str
    remedy: str

    def missing(self) -> str | None:
        return None if shutil.which(self.name) else f"{self.name} is not on PATH: {self.remedy}"


Need = Package | Executable


@dataclass(frozen=True, slots=True)
class Contender:
    """One entry of the comparison.

    `start` gives the command that serves an app (a name in `apps/`) on a port of 127.0.0.1, in one process.
    `framework` is the module that `apps/` then imports; without one there are neither cold nor in-process figures.
    `apps` names what can be served (None: everything). `equal` says how answers compare with the first contender's:
    to the byte, or by status and JSON value only. `goals` says which of a workload's goals are this contender's.
    """

    name: str
    title: str
    start: Callable[[str, int], list[str]]
    needs: tuple[Need, ...]
    framework: str | None = None
    apps: frozenset[str] | None = None
    equal: Literal["bytes", "meaning"] = "bytes"
    goals: Literal["core", "whole"] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {"BENCHMARK_FRAMEWORK": self.framework} if self.framework else {}

    def plays(self, workload: Workload) -> bool:
        if isinstance(workload, Cold):
            return self.framework is not None
        return self.apps is None or workload.app in self.apps

    def missing(self) -> list[str]:
        return [message for need in self.needs if (message := need.missing())]


def uvicorn(target: str, port: int) -> list[str]:
    """uvicorn as its `standard` extra makes it, one process, without an access log."""
    options = ["--host", HOST, "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    return [sys.executable, "-m", "uvicorn", target, *options, "--no-access-log", "--log-level", "warning"]


def framework_on_uvicorn(app: str, port: int) -> list[str]:
    return uvicorn(f"benchmarks.apps.{app}:app", port)


UVICORN = (Package("uvicorn"), Package("uvloop"), Package("httptools"))
MODELS = (Package("starlette"), Package("pydantic"), Package("pydantic-core"), Package("python-multipart"))

CONTENDERS: tuple[Contender, ...] = (
    Contender(
        "fastapi",
        "FastAPI on uvicorn",
        framework_on_uvicorn,
        needs=(Package("fastapi", exactly="0.165.0"), *MODELS, *UVICORN),
        framework="fastapi",
    ),
    Contender(
        "vivace",
        "vivace's compiled core on uvicorn",
        framework_on_uvicorn,
        needs=(Package("vivace"), *MODELS, *UVICORN),
        framework="vivace",
        goals="core",
    ),
    Contender(
        "asgi",
        "a bare ASGI function on uvicorn",
        start=lambda app, port: uvicorn(f"benchmarks.peers.bare_asgi:{app}", port),
        needs=UVICORN,
        apps=frozenset({"hello"}),
        equal="meaning",
    ),
)


def choose(names: Iterable[str]) -> list[Contender]:
    """The contenders with these names, in this order: the first is what the others are compared with.

    Raises `ValueError` for unknown names, and for one that is given twice.
    """
    by_name = {contender.name: contender for contender in CONTENDERS}
    chosen = [name.strip() for name in names if name.strip()]
    if unknown := [name for name in chosen if name not in by_name]:
        raise ValueError(f"no contender {', '.join(unknown)}; there are: {', '.join(by_name)}")
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"name each contender once; there are: {', '.join(by_name)}")
    return [by_name[name] for name in chosen]
