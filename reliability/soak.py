"""A soak: millions of mixed requests, errors included, and memory, tasks and descriptors afterwards.

Eight kept connections, each sending its requests in batches and reading every answer with the strict reader, so that a
wrong answer is noticed where it happens. Memory is sampled forty times; the slope is that of the least-squares line
through the samples after the first quarter, which is warm-up.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from reliability.answers import MalformedAnswerError, read_answers
from reliability.processes import ServerProcess, serving_process, settled
from reliability.runs import Result, Task
from reliability.sockets import request

CONNECTIONS = 8
BATCH = 32  # requests
SAMPLES = 40
MOST_SLOPE = 1000.0  # bytes per 1,000 requests
JSON = {"content_type": "application/json"}
FORM = {"content_type": "application/x-www-form-urlencoded"}

MIX: tuple[tuple[bytes, int, int], ...] = (
    # request, status, weight
    (request("/plain"), 200, 30),
    (request("/items/7?q=x"), 200, 20),
    (request("/items/x"), 422, 4),
    (request("/items", "POST", b'{"name": "a", "price": 2.5}', **JSON), 200, 20),
    (request("/items", "POST", b'{"name": 1}', **JSON), 422, 3),
    (request("/items", "POST", b"{", **JSON), 422, 3),
    (request("/form", "POST", b"name=a%20b", **FORM), 200, 4),
    (request("/thread"), 200, 4),
    (request("/lines"), 200, 2),
    (request("/refused"), 404, 3),
    (request("/missing"), 404, 3),
    (request("/plain", "DELETE"), 405, 2),
    (request("/read", "POST", b"x" * 1000), 200, 2),
    (b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, 2),
)
WEIGHTS = [weight for _, _, weight in MIX]


async def soak(address: tuple[str, int], task: Task, count: int, round_number: int) -> list[str]:
    """`count` requests over all connections; what was answered wrongly."""
    faults: list[str] = []

    async def talk(number: int) -> None:
        choose = random.Random(f"{task.seed}:{round_number}:{number}")
        reader, writer = await asyncio.open_connection(*address)
        for start in range(0, count // CONNECTIONS, BATCH):
            batch = choose.choices(MIX, WEIGHTS, k=min(BATCH, count // CONNECTIONS - start))
            writer.write(b"".join(data for data, _, _ in batch))
            expected = [status for _, status, _ in batch]
            try:
                async with asyncio.timeout(30):
                    found = await _read_statuses(reader, len(batch))
            except TimeoutError:
                found = ["no answer within 30 s"]
            if found != expected:
                faults.append(f"connection {number}: {found}, expected {expected}")
                break
            task.advance(len(batch))
        writer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(CONNECTIONS):
            group.create_task(talk(number))
    return faults


async def _read_statuses(reader: asyncio.StreamReader, count: int) -> list[int] | list[str]:
    data = b""
    while True:
        piece = await reader.read(1 << 20)
        data += piece
        if data.count(b"HTTP/1.1 ") < count and piece:
            continue
        try:
            answers = read_answers(data, closed=not piece)
        except MalformedAnswerError as error:
            if not piece:
                return [str(error)]
            continue
        if len(answers) >= count or not piece:
            return [answer.status for answer in answers]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the least-squares line through `(x, y)`."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def measure(server: ServerProcess, task: Task) -> Result:
    each = max(CONNECTIONS, task.count // SAMPLES)
    faults = asyncio.run(soak(server.address, task, min(each, 5_000), -1))
    before = server.stats()
    points: list[tuple[float, float]] = []
    for number in range(SAMPLES):
        faults += asyncio.run(soak(server.address, task, each, number))
        if faults:
            break
        points.append(((number + 1) * each / 1000, server.stats()["memory"]))
    leaks = settled(server, before)
    faults += [f"{name}: {then} before, {now} after" for name, (then, now) in leaks.items()]
    if tracebacks := server.tracebacks():
        faults.append(f"{tracebacks} tracebacks: {server.child.output()[-1500:]}")
    steepness = slope(points[len(points) // 4 :]) if points else 0.0
    if steepness > MOST_SLOPE:
        faults.append(f"memory grows by {steepness:,.0f} bytes per 1,000 requests")
    after = server.stats()
    return Result(
        f"{int(points[-1][0] * 1000) if points else 0:,} requests: {steepness:+,.0f} bytes per 1,000 requests;"
        f" {max(0, after['tasks'] - before['tasks'])} tasks and"
        f" {max(0, after['descriptors'] - before['descriptors'])} descriptors leaked",
        faults,
        {"memory": [int(y) for _, y in points], "requests_per_sample": each},
    )


def run(task: Task) -> Result:
    with serving_process(protocol=task.protocol) as server:
        return measure(server, task)
