"""A contender's server, started for one app on a free port of 127.0.0.1 and ready to be asked."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.answers import Answer, ask
from benchmarks.contenders import HOST, Contender
from benchmarks.processes import Child, running
from benchmarks.workloads import Load

START_LIMIT = 60.0  # seconds until a server has to answer
POLL = 0.05


@dataclass(frozen=True, slots=True)
class Server:
    child: Child
    port: int
    first: Answer  # to the workload's own request


@contextmanager
def serving(contender: Contender, workload: Load, *, core: int) -> Iterator[Server]:
    """Start the server and wait for its first answer. Raises `ChildError` if none comes."""
    port = free_port()
    environment = {**contender.environment, **workload.environment}
    with running(contender.start(workload.app, port), core=core, environment=environment) as child:
        yield Server(child, port, _first_answer(child, workload, port))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _first_answer(child: Child, workload: Load, port: int) -> Answer:
    deadline = time.monotonic() + START_LIMIT
    while True:
        if (code := child.process.poll()) is not None:
            raise child.failure(f"the server ended with exit code {code}")
        try:
            return ask(workload.request, port)
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > deadline:
                raise child.failure(f"no answer within {START_LIMIT:.0f} s ({error})") from error
        time.sleep(POLL)
