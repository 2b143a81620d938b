"""Clients that leave: resets, half-closes and ends at every moment of a request, and what they leave behind.

Each client of the storm does one thing that a server dislikes, on a connection of its own. When it is over, as many
dependencies have been left as entered, there are no more tasks and descriptors than before, healthy requests are
answered, and the log holds no traceback.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress

from reliability.processes import ServerProcess, serving_process, settled
from reliability.runs import Result, Task
from reliability.sockets import exchange, request

AT_ONCE = 64  # clients
LIMIT = 20.0  # seconds for one client
RESET = struct.pack("ii", 1, 0)  # struct linger: with it, close() sends RST

MULTIPART = (
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    + b"x" * 20_000
    + b"\r\n--B--\r\n"
)
WHOLE = (
    request("/plain"),
    request("/items/1?q=x"),
    request("/thread"),
    request("/slow?seconds=0.01"),
    request("/stream"),
    request("/lines"),
    request("/big"),
    request("/whole"),
    request("/refused"),
    request("/items", "POST", b'{"name": "a"}', content_type="application/json"),
    request("/form", "POST", b"name=a", content_type="application/x-www-form-urlencoded"),
    request("/upload", "POST", MULTIPART, content_type="multipart/form-data; boundary=B"),
    request("/read", "POST", b"x" * 100_000),
    b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    request(
        "/echo",
        upgrade="websocket",
        connection="upgrade",
        sec_websocket_version="13",
        sec_websocket_key="eA==",
    ),
)


class Client:
    """One connection of the storm."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, choose: random.Random
    ) -> None:
        self.reader, self.writer, self.choose = reader, writer, choose

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def pause(self) -> None:
        await asyncio.sleep(self.choose.choice((0, 0, 0.001, 0.01)))

    async def read_some(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await self.reader.read(self.choose.choice((1, 100, 100_000)))

    def leave(self) -> None:
        """Go: with a reset, or in an orderly way."""
        if self.choose.random() < 0.6:
            sock: socket.socket = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.writer.transport.abort()
        else:
            self.writer.close()


async def say_nothing(client: Client) -> None:
    await client.pause()


async def cut_off(client: Client) -> None:
    """Leave somewhere in the middle of a request."""
    data = client.choose.choice(WHOLE)
    client.send(data[: client.choose.randrange(1, len(data))])
    await client.pause()


async def not_wait(client: Client) -> None:
    client.send(client.choose.choice(WHOLE))
    await client.pause()


async def read_a_little(client: Client) -> None:
    client.send(client.choose.choice(WHOLE))
    await client.read_some()


async def half_close(client: Client) -> None:
    """Send, say that this was all, and read to the end."""
    client.send(client.choose.choice(WHOLE[:6]))
    client.writer.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await client.reader.read()


async def pipeline(client: Client) -> None:
    client.send(b"".join(client.choose.choice(WHOLE[:10]) for _ in range(client.choose.randrange(2, 8))))
    await client.read_some()


async def talk_nonsense(client: Client) -> None:
    client.send(client.choose.randbytes(client.choose.randrange(1, 200)) + b"\r\n\r\n")
    await client.read_some()


WAYS: tuple[Callable[[Client], Coroutine[None, None, None]], ...] = (
    say_nothing,
    cut_off,
    cut_off,
    not_wait,
    not_wait,
    read_a_little,
    read_a_little,
    half_close,
    pipeline,
    talk_nonsense,
)


async def visit(address: tuple[str, int], choose: random.Random) -> None:
    """One client, from connecting to leaving."""
    # From eight source addresses: ends of connections hold a port of the client's for a minute each.
    source = (f"127.0.0.{choose.randrange(1, 9)}", 0)
    reader, writer = await asyncio.open_connection(*address, local_addr=source)
    client = Client(reader, writer, choose)
    try:
        await choose.choice(WAYS)(client)
    finally:
        client.leave()


async def storm(address: tuple[str, int], task: Task) -> list[str]:
    """`task.count` clients, `AT_ONCE` at a time. Returns what went wrong that a client's leaving does not explain."""
    numbers = iter(range(task.count))
    faults: list[str] = []

    async def keep_visiting() -> None:
        for number in numbers:
            try:
                async with asyncio.timeout(LIMIT):
                    await visit(address, random.Random(f"{task.seed}:{number}"))
            except ConnectionError:
                pass  # the server may well be the first to end it
            except (OSError, TimeoutError) as error:
                faults.append(f"client {number}: {type(error).__name__}: {error}")
            task.advance()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(keep_visiting())
    return faults


def run(task: Task) -> Result:
    """The storm, and the account afterwards."""
    with serving_process(protocol=task.protocol) as server:
        warm_up(server)
        before = server.stats()
        faults = asyncio.run(storm(server.address, task))
        leaks = settled(server, before)
        faults += [f"{name}: {then} before, {now} after" for name, (then, now) in leaks.items()]
        after = server.stats()
        if tracebacks := server.tracebacks():
            faults.append(f"{tracebacks} tracebacks; the log ends with: {server.child.output()[-2000:]}")
    return Result(
        f"{task.count:,} clients left; {after['entered']:,} dependencies entered, {after['left']:,} left;"
        f" {max(0, after['tasks'] - before['tasks'])} tasks and"
        f" {max(0, after['descriptors'] - before['descriptors'])} descriptors leaked;"
        f" {tracebacks} tracebacks",
        faults,
        {"before": before, "after": after},
    )


def warm_up(server: ServerProcess) -> None:
    """Every route once, so that what is made on first use is there before anything is counted."""
    for data in WHOLE[:6]:
        (answer,) = exchange(server.address, data)
        assert answer.status == 200, answer
