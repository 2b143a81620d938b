"""What one request may cost, in numbers that do not depend on the machine: calls, writes, tasks, timers.

In memory, with the kind of request that a kept connection sees most: fields that it has seen before. A change that
makes a number larger should have a reason; one that makes it smaller should write the new number here.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from vivace.server import Limits

from .test_known_fields import Connection, Transport

GET = b"GET /items/5?q=a HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
OTHER = b"GET /items/6?q=b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
HEADERS = ((b"content-type", b"text/plain"),)

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12, tasks cannot start eagerly")


def python_calls(action: Callable[[], None]) -> list[str]:
    """The Python functions that are called, by name."""
    names: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            names.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return names[1:]  # less the action itself


class Counting(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.written += data
        self.writes += 1


class CountingLoop:
    """What the protocol asks the loop for, counted."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.timers = 0
        real = loop.call_later

        def call_later(*arguments: Any, **options: Any) -> Any:
            self.timers += 1
            return real(*arguments, **options)

        loop.call_later = call_later  # type: ignore[method-assign]


async def lane(scope: Any, receive: Any, send: Any) -> None:
    send.respond(200, HEADERS, b"hello")


async def ordinary(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200):
        await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("app", "raw", "calls"),
    [
        (lane, GET, 15),
        (lane, OTHER, 17),
        (ordinary, GET, 28),
        (stream, GET, 27 + 200 * 3),
    ],
)
def test_one_request(app: Any, raw: bytes, calls: int) -> None:
    async def measure() -> tuple[list[str], Counting, int, int]:
        loop = asyncio.get_running_loop()
        connection = Connection(loop, Limits())
        connection.protocol._app = connection.protocol._unproxied_app = app
        connection.protocol.shared.access = None  # pytest's handler makes uvicorn think that somebody listens
        for _ in range(3):
            await connection.ask(GET)
        transport = Counting()
        connection.protocol.transport = transport  # type: ignore[assignment]
        counting = CountingLoop(loop)
        tasks = len(asyncio.all_tasks())
        names = python_calls(lambda: connection.protocol.data_received(raw))
        return names, transport, counting.timers, len(asyncio.all_tasks()) - tasks

    names, transport, timers, tasks = asyncio.run(measure())
    assert transport.written.endswith(b"hello" if app is not stream else b"0\r\n\r\n")
    assert (transport.writes, timers, tasks) == (1, 0, 0)
    assert len(names) <= calls, names
