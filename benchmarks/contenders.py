"""Who is measured, as data. A contender is one entry: a name, how it is started, what it needs, and what it plays.

To add a peer, write its program below `peers/`, its versions into `peers/pins.toml`, and one entry in `CONTENDERS`:

    Contender(
        "koa",
        "Koa on Node.js",
        start=lambda app, port: ["node", "benchmarks/peers/koa.cjs", str(port)],
        peer=NodeModules("koa"),
        workloads=frozenset({"W1", "W2", "W3"}),
        equal="meaning",
    )
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from benchmarks import golang
from benchmarks.installs import Installation, NodeModules, PythonEnvironment
from benchmarks.workloads import Load, Workload

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
class Contender:
    """One entry of the comparison.

    `start` gives the command that serves an app (a name in `apps/`) on a port of 127.0.0.1, in one process;
    `variables` are for its environment. `needs` is what the harness's own environment has to have; `peer` what is
    installed for this contender alone. `framework` is the module that `apps/` then imports; without one there are
    neither cold nor in-process figures.

    `workloads` names what can be played (None: everything), `by_default` what of it a run plays that is not told
    otherwise. `longer_warmup` multiplies the run's, for runtimes that compile what has run for a while. `goals` says
    which of a workload's goals are this contender's.

    `equal` says how answers compare with the first contender's: to the byte; or by status, content type and JSON
    value (`meaning`); or so, and only to the request that is measured (`constant`).
    """

    name: str
    title: str
    start: Callable[[str, int], list[str]]
    needs: tuple[Package, ...] = ()
    peer: Installation | None = None
    framework: str | None = None
    workloads: frozenset[str] | None = None
    by_default: frozenset[str] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    longer_warmup: int = 1
    equal: Literal["bytes", "meaning", "constant"] = "bytes"
    goals: Literal["core", "whole"] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Of its server, beside what every child gets."""
        return {**self.variables, **({"BENCHMARK_FRAMEWORK": self.framework} if self.framework else {})}

    def plays(self, workload: Workload) -> bool:
        if not isinstance(workload, Load) and self.framework is None:
            return False
        return self.workloads is None or workload.id in self.workloads

    def plays_by_default(self, workload: Workload) -> bool:
        return self.plays(workload) and (self.by_default is None or workload.id in self.by_default)

    def missing(self) -> list[str]:
        return [message for need in self.needs if (message := need.missing())]

    def versions(self) -> dict[str, str]:
        """Of all it runs on: of the harness's own environment, or of the peer's."""
        own = {need.name: need.version() or "not installed" for need in self.needs}
        return own | (self.peer.versions() if self.peer else {})


def uvicorn(target: str, port: int, *, python: str = sys.executable, http: str = "httptools") -> list[str]:
    """uvicorn as its `standard` extra makes it, one process, without an access log."""
    options = ["--host", HOST, "--port", str(port), "--loop", "uvloop", "--http", http]
    return [python, "-m", "uvicorn", target, *options, "--no-access-log", "--log-level", "warning"]


def framework_on_uvicorn(app: str, port: int) -> list[str]:
    return uvicorn(f"benchmarks.apps.{app}:app", port)


def framework_on_own_server(app: str, port: int) -> list[str]:
    return uvicorn(f"benchmarks.apps.{app}:app", port, http="vivace.server:HTTPProtocol")


def _on_uvicorn(name: str, title: str) -> Contender:
    """A Python peer without a server of its own, in `peers/<name>.py`."""
    peer = PythonEnvironment(name)
    return Contender(
        name,
        title,
        lambda app, port: uvicorn(f"benchmarks.peers.{name}:app", port, python=peer.python),
        peer=peer,
        workloads=TYPICAL,
        by_default=USUAL,
        equal="meaning",
    )


UVICORN = (Package("uvicorn"), Package("uvloop"), Package("httptools"))
SOCKETS = (Package("websockets"),)
MODELS = (Package("starlette"), Package("pydantic"), Package("pydantic-core"), Package("python-multipart"))
TYPICAL = frozenset({"W1", "W2", "W3"})
USUAL = frozenset(
    {"W1", "W3"}
)  # what peers that no goal is about play by default, to keep a run within 20 minutes

SANIC, ROBYN, BOLT = (PythonEnvironment(name) for name in ("sanic", "robyn", "django-bolt"))
FASTIFY, EXPRESS = NodeModules("fastify"), NodeModules("express")
GO = golang.Program("net_http", "benchmarks/peers/net_http.go")

CONTENDERS: tuple[Contender, ...] = (
    Contender(
        "fastapi",
        "FastAPI on uvicorn",
        framework_on_uvicorn,
        needs=(Package("fastapi", exactly="0.165.0"), *MODELS, *UVICORN, *SOCKETS),
        framework="fastapi",
    ),
    Contender(
        "vivace",
        "vivace on its own server",
        framework_on_own_server,
        needs=(Package("vivace"), *MODELS, *UVICORN, *SOCKETS),
        framework="vivace",
        goals="whole",
    ),
    Contender(
        "vivace-uvicorn",
        "vivace's compiled core on plain uvicorn",
        framework_on_uvicorn,
        needs=(Package("vivace"), *MODELS, *UVICORN, *SOCKETS),
        framework="vivace",
        by_default=frozenset({"W1", "W2", "W3", "W5", "W8"}),
        goals="core",
    ),
    Contender(
        "asgi",
        "a bare ASGI function on uvicorn",
        start=lambda app, port: uvicorn("benchmarks.peers.bare_asgi:app", port),
        needs=UVICORN,
        workloads=frozenset({"W1"}),
        equal="meaning",
    ),
    Contender(
        "protocol",
        "httptools and uvloop with constant answers",
        start=lambda app, port: [sys.executable, "-m", "benchmarks.peers.protocol", app, str(port)],
        needs=UVICORN,
        workloads=frozenset({"W1", "W9", "W9-sse", "W10", "W11"}),
        by_default=frozenset({"W1", "W9", "W10", "W11"}),
        equal="constant",
    ),
    Contender(
        "go",
        "Go's net/http, GOMAXPROCS=1",
        start=lambda app, port: [str(GO.executable), str(port)],
        peer=GO,
        workloads=TYPICAL | {"W7", "W10"},
        variables={"GOMAXPROCS": "1"},
        equal="meaning",
    ),
    Contender(
        "fastify",
        "Fastify on Node.js",
        start=lambda app, port: ["node", "benchmarks/peers/fastify.cjs", str(port)],
        peer=FASTIFY,
        workloads=TYPICAL | {"W7"},
        variables={"NODE_PATH": str(FASTIFY.modules), "NODE_ENV": "production"},
        longer_warmup=4,
        equal="meaning",
    ),
    Contender(
        "express",
        "Express on Node.js, with zod",
        start=lambda app, port: ["node", "benchmarks/peers/express.cjs", str(port)],
        peer=EXPRESS,
        workloads=TYPICAL,
        by_default=USUAL,
        variables={"NODE_PATH": str(EXPRESS.modules), "NODE_ENV": "production"},
        longer_warmup=4,
        equal="meaning",
    ),
    _on_uvicorn("starlette", "Starlette on uvicorn, with Pydantic"),
    _on_uvicorn("litestar", "Litestar on uvicorn, with msgspec"),
    _on_uvicorn("blacksheep", "BlackSheep on uvicorn, with Pydantic"),
    _on_uvicorn("falcon", "Falcon on uvicorn, with Pydantic"),
    Contender(
        "sanic",
        "Sanic on its own server, with Pydantic",
        start=lambda app, port: [SANIC.python, "-m", "benchmarks.peers.sanic", str(port)],
        peer=SANIC,
        workloads=TYPICAL,
        by_default=USUAL,
        equal="meaning",
    ),
    Contender(
        "robyn",
        "Robyn on its own server, with Pydantic",
        start=lambda app, port: [
            *(ROBYN.python, "-m", "benchmarks.peers.robyn", "--processes", "1", "--workers", "1"),
            *("--disable-openapi", "--log-level", "WARN", str(port)),
        ],
        peer=ROBYN,
        workloads=TYPICAL,
        by_default=USUAL,
        equal="meaning",
    ),
    Contender(
        "django-bolt",
        "django-bolt on its own server, with msgspec",
        start=lambda app, port: [BOLT.python, "-m", "benchmarks.peers.django_bolt", str(port)],
        peer=BOLT,
        workloads=TYPICAL,
        by_default=USUAL,
        equal="meaning",
    ),
)


OURS = "vivace"


def choose(names: Iterable[str]) -> list[Contender]:
    """The contenders with these names, in this order: the first is what the others are compared with.

    Raises `ValueError` for unknown names, and for one that is given twice.
    """
    chosen = _known(names)
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"name each contender once; there are: {', '.join(_BY_NAME)}")
    return [_BY_NAME[name] for name in chosen]


def with_peers(names: Iterable[str]) -> list[Contender]:
    """vivace and the peers with these names (none: all), in the order above. Raises `ValueError` for unknown names."""
    chosen = _known(names) or list(_BY_NAME)
    return [contender for contender in CONTENDERS if contender.name in (OURS, *chosen)]


_BY_NAME = {contender.name: contender for contender in CONTENDERS}


def _known(names: Iterable[str]) -> list[str]:
    chosen = [name.strip() for name in names if name.strip()]
    if unknown := [name for name in chosen if name not in _BY_NAME]:
        raise ValueError(f"no contender {', '.join(unknown)}; there are: {', '.join(_BY_NAME)}")
    return chosen
