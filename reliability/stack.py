"""The realistic stack under strain: tasks of clients that leave, and async routes while all threads are held."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from contextlib import suppress

from reliability.processes import ServerProcess, serving_process
from reliability.runs import Result, Task
from reliability.sockets import connected, eventually, exchange, request
from reliability.storm import RESET

APP = "reliability.stack_app:app"
AT_ONCE = 64  # clients
THREADS_WANTED = 80  # twice what anyio's limiter gives
MOST_MS = 50.0


def counts(server: ServerProcess) -> dict[str, int]:
    (answer,) = exchange(server.address, request("/counts", connection="close"))
    found: dict[str, int] = json.loads(answer.body)
    return found


def run_tasks(task: Task) -> Result:
    """Clients that reset their connection around the time of the answer; every task that starts must finish."""

    async def visit(address: tuple[str, int], choose: random.Random) -> None:
        source = (f"127.0.0.{choose.randrange(1, 9)}", 0)
        _, writer = await asyncio.open_connection(*address, local_addr=source)
        writer.write(request("/task"))
        await asyncio.sleep(choose.choice((0, 0, 0.0005, 0.001, 0.003)))
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()

    async def storm(address: tuple[str, int]) -> None:
        numbers = iter(range(task.count))

        async def keep_visiting() -> None:
            for number in numbers:
                with suppress(ConnectionError):
                    await visit(address, random.Random(f"{task.seed}:{number}"))
                task.advance()

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(keep_visiting())

    with serving_process(protocol=task.protocol, app=APP) as server:
        asyncio.run(storm(server.address))
        eventually(lambda: (found := counts(server))["started"] == found["finished"])
        found = counts(server)
        tracebacks = server.tracebacks()
    faults = []
    if found["started"] != found["finished"] or not found["started"]:
        faults.append(f"{found['started']} tasks started, {found['finished']} finished")
    if tracebacks:
        faults.append(f"{tracebacks} tracebacks")
    return Result(
        f"{task.count:,} resets; {found['started']:,} background tasks started, {found['finished']:,} finished;"
        f" {tracebacks} tracebacks",
        faults,
        found,
    )


def run_pool(task: Task) -> Result:
    """`task.count` seconds with all worker threads held and as many requests waiting; an async route is asked."""

    async def hold(address: tuple[str, int], until: float) -> int:
        answers = 0
        reader, writer = await asyncio.open_connection(*address)
        while time.monotonic() < until:
            writer.write(request("/blocking"))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(b'"done"'))
            answers += head.startswith(b"HTTP/1.1 200")
        writer.close()
        return answers

    async def load(address: tuple[str, int]) -> int:
        until = time.monotonic() + task.count
        return sum(await asyncio.gather(*(hold(address, until) for _ in range(THREADS_WANTED))))

    async def ask(server: ServerProcess) -> tuple[int, list[float]]:
        loading = asyncio.create_task(load(server.address))
        await asyncio.sleep(0.5)
        times = await asyncio.to_thread(_ask_until, server.address, loading.done, task)
        return await loading, times

    with serving_process(protocol=task.protocol, app=APP) as server:
        answers, times = asyncio.run(ask(server))
        still_open = counts(server).get("open", 0)
    times.sort()
    p99 = times[len(times) * 99 // 100]
    faults = [f"p99 {p99:.1f} ms"] if p99 > MOST_MS else []
    faults += [f"{still_open} dependencies were not left"] if still_open else []
    return Result(
        f"{THREADS_WANTED} clients of a blocking endpoint, {answers:,} answers; meanwhile {len(times):,} requests of an"
        f" async route: median {times[len(times) // 2]:.1f} ms, p99 {p99:.1f} ms",
        faults,
        {"median_ms": times[len(times) // 2], "p99_ms": p99, "most_ms": times[-1]},
    )


def _ask_until(address: tuple[str, int], done: object, task: Task) -> list[float]:
    """Milliseconds of each request of the async route, one after the other, until the load is over."""
    assert callable(done)
    times = []
    began = last = time.monotonic()
    with connected(address) as client:
        while not done() and time.monotonic() - began < task.count - 1:
            start = time.perf_counter()
            client.sendall(request("/quick"))
            answer = b""
            while not answer.endswith(b'"at once"'):
                piece = client.recv(4096)
                assert piece, "the server has closed the connection"
                answer += piece
            times.append((time.perf_counter() - start) * 1000)
            if time.monotonic() - last >= 1:
                last += 1
                task.advance()
            time.sleep(0.002)
    return times
