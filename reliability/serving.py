"""uvicorn's server with a protocol class of choice, in a thread of this process: real sockets, and a look inside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from reliability.wire import protocol_class

HOST = "127.0.0.1"
START_LIMIT = STOP_LIMIT = 20.0  # seconds
POLL = 0.005


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: `served.address` is what a client connects to."""

    server: uvicorn.Server
    thread: threading.Thread
    port: int

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    def stop(self) -> None:
        """What SIGTERM does: stop accepting, finish what was accepted, run the lifespan's end."""
        self.server.should_exit = True
        self.thread.join(STOP_LIMIT)
        if self.thread.is_alive():
            raise TimeoutError(f"the server did not stop within {STOP_LIMIT:.0f} s")


@contextmanager
def serving(app: Any, protocol: str = "vivace", **options: Any) -> Iterator[Served]:
    """Serve `app` on a free port until the block ends; `options` are those of `uvicorn.Config`.

    with serving(app) as served, socket.create_connection(served.address) as client:
        ...
    """
    settings: dict[str, Any] = {
        "log_config": None,
        "lifespan": "on",
        "timeout_graceful_shutdown": 5,
        **options,
    }
    config = uvicorn.Config(app, http=protocol_class(protocol), **settings)
    server = uvicorn.Server(config)
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        served = Served(server, thread, listener.getsockname()[1])
        try:
            _wait_until_started(served)
            yield served
        finally:
            served.stop()


def _wait_until_started(served: Served) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not served.server.started:
        if not served.thread.is_alive():
            raise RuntimeError("the server ended while it started")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server did not start within {START_LIMIT:.0f} s")
        time.sleep(POLL)
