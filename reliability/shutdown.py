"""SIGTERM under load: what was accepted is answered, the lifespan ends, and the process with it.

Clients ask on kept connections, as fast as they get answers, while the signal arrives. A request counts as accepted if
the application has seen it begin, or if all of it was sent before the signal on a connection that the server had
accepted; each of those has to be answered, whole. A connection that is closed between two requests is a client's to
open again (RFC 9112, section 9.3.1).
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from reliability.answers import MalformedAnswerError, read_answers
from reliability.processes import serving_process, wait_for_exit
from reliability.runs import Result, Task
from reliability.sockets import request

CLIENTS = 16
GRACE = 10  # seconds, uvicorn's --timeout-graceful-shutdown
EXIT_LIMIT = 20.0  # seconds
SEEN_BEFORE = 0.02  # seconds before the signal: a request sent by then has arrived


@dataclass(slots=True)
class Asked:
    """What the clients of one server know."""

    sent: dict[str, float] = field(default_factory=dict)  # id → time
    answered: set[str] = field(default_factory=set)
    malformed: list[str] = field(default_factory=list)


async def ask(address: tuple[str, int], name: str, asked: Asked, choose: random.Random) -> None:
    """One client: request after request on one connection, then on another, until nobody listens."""
    number = 0
    while True:
        try:
            reader, writer = await asyncio.open_connection(*address)
        except OSError:
            return
        with suppress(ConnectionError):
            while True:
                number += 1
                id = f"{name}-{number}"
                seconds = choose.choice((0, 0.001, 0.01, 0.05))
                writer.write(request(f"/slow?seconds={seconds}&id={id}"))
                asked.sent[id] = asyncio.get_running_loop().time()
                if not await _is_answered(reader, id, asked):
                    break
        writer.close()


async def _is_answered(reader: asyncio.StreamReader, id: str, asked: Asked) -> bool:
    """Read one answer; whether another request may follow on the connection."""
    data = b""
    while True:
        piece = await reader.read(65536)
        data += piece
        try:
            answers = read_answers(data, closed=not piece)
        except MalformedAnswerError as error:
            if not piece:
                asked.malformed.append(f"{id}: {error}")
                return False
            continue
        if answers:
            (answer,) = answers
            if answer.status != 200 or answer.body != f'"{id}"'.encode() or not answer.is_whole:
                asked.malformed.append(f"{id}: {answer.status} {answer.body!r}")
            asked.answered.add(id)
            return not answer.closes
        if not piece:
            return False


async def load_and_stop(
    address: tuple[str, int], stop: asyncio.Event, seed: str, delay: float
) -> tuple[Asked, float]:
    """Load, with the signal in the middle of it; what the clients know, and when the signal was sent."""
    asked = Asked()
    choose = random.Random(seed)
    async with asyncio.TaskGroup() as group:
        for client in range(CLIENTS):
            group.create_task(ask(address, str(client), asked, random.Random(f"{seed}:{client}")))
        await asyncio.sleep(delay * choose.uniform(0.5, 1.5))
        stopped = asyncio.get_running_loop().time()
        stop.set()
    return asked, stopped


def stop_once(protocol: str, seed: str, load_seconds: float = 0.4) -> tuple[int, list[str]]:
    """Start a server, load it, stop it. How many requests were answered, and what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder, "journal")
        with serving_process(
            "--timeout-graceful-shutdown", str(GRACE), protocol=protocol, RELIABILITY_JOURNAL=str(journal)
        ) as server:

            async def go() -> tuple[Asked, float]:
                stop = asyncio.Event()

                async def kill() -> None:
                    await stop.wait()
                    server.child.process.send_signal(signal.SIGTERM)

                killing = asyncio.create_task(kill())
                result = await load_and_stop(server.address, stop, seed, load_seconds)
                await killing
                return result

            asked, stopped = asyncio.run(go())
            code = wait_for_exit(server.child, EXIT_LIMIT)
            output = server.child.output()
        noted = journal.read_text().splitlines()
    begun = {line.removeprefix("begun ") for line in noted if line.startswith("begun ")}
    accepted = begun | {id for id, sent in asked.sent.items() if sent < stopped - SEEN_BEFORE}
    faults = [f"accepted and unanswered: {id}" for id in sorted(accepted - asked.answered)]
    faults += asked.malformed
    if code not in (0, -signal.SIGTERM):
        faults.append(f"exit code {code}")
    if noted[-1:] != ["shutdown"]:
        faults.append(f"the lifespan did not end last: {noted[-3:]}")
    if re.search("Traceback|timeout graceful shutdown exceeded", output):
        faults.append(output[-1500:])
    return len(asked.answered), faults


def run(task: Task) -> Result:
    answered, faults = 0, []
    for number in task.each(range(task.count)):
        count, found = stop_once(task.protocol, f"{task.seed}:{number}")
        answered += count
        faults += [f"stop {number}: {fault}" for fault in found]
    return Result(
        f"{task.count} stops under load: {answered:,} requests answered, {len(faults)} accepted and unanswered",
        faults,
    )
