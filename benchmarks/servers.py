"""A contender's server, started for one app on a free port of 127.0.0.1 and ready to be asked."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.answers import ask, ask_all
from benchmarks.contenders import HOST, Contender
from benchmarks.messages import Answer
from benchmarks.processes import Child, running
from benchmarks.workloads import Load, Soak

START_LIMIT = 30.0  # seconds until a server has to answer
POLL = 0.05


@dataclass(frozen=True, slots=True)
class Server:
    child: Child
    port: int
    answers: Sequence[Answer]  # to a load's request and its probes; of a soak, to its first request


@contextmanager
def serving(contender: Contender, workload: Load | Soak, *, core: int) -> Iterator[Server]:
    """Start the server and wait for its first answers. Raises `ChildError` if none come."""
    port = free_port()
    environment = dict(contender.environment)
    if isinstance(workload, Load):
        environment |= workload.environment
    with running(contender.start(workload.app, port), core=core, environment=environment) as child:
        yield Server(child, port, _first_answers(child, workload, port))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _first_answers(child: Child, workload: Load | Soak, port: int) -> list[Answer]:
    deadline = time.monotonic() + START_LIMIT
    while True:
        if (code := child.process.poll()) is not None:
            raise child.failure(f"the server ended with exit code {code}")
        try:
            if isinstance(workload, Load):
                return ask_all(workload, port)
            return [ask(workload.requests[0], port)]
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > deadline:
                raise child.failure(f"no answer within {START_LIMIT:.0f} s ({error})") from error
        time.sleep(POLL)
