"""A slow reader: 100 MB for a client that stops reading pauses the producer, and costs next to nothing.

Memory is the server process's resident memory, before and while the client does not read. Afterwards it reads on, and
gets all of it.
"""

from __future__ import annotations

import socket
import time

from reliability.apps import CHUNK
from reliability.processes import ServerProcess, serving_process
from reliability.runs import Result, Task
from reliability.sockets import connected, request

CHUNKS = 1600
SIZE = CHUNKS * len(CHUNK)  # 100 MB
MOST = 5_000_000  # bytes
WAIT = 1.5  # seconds in which a server that does not pause would produce everything
RECEIVE_BUFFER = 64 * 1024  # bytes: what the kernel takes for the client is not the server's


def read_to_end(client: socket.socket, length: int) -> int:
    """Read up to `length` bytes; how many came."""
    received = 0
    while received < length and (piece := client.recv(1 << 20)):
        received += len(piece)
    return received


def cost_of_one(server: ServerProcess, target: str = f"/big?chunks={CHUNKS}") -> tuple[int, int]:
    """What a client that stops reading costs in bytes of memory, and how much it gets when it reads on."""
    before = server.stats()["memory"]
    with connected(server.address, 30) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        client.sendall(request(target, connection="close"))
        head = client.recv(1000)
        time.sleep(WAIT)
        cost = server.stats()["memory"] - before
        in_head = len(head.partition(b"\r\n\r\n")[2])
        return cost, in_head + read_to_end(client, SIZE)


def run(task: Task) -> Result:
    costs, faults = [], []
    with serving_process(protocol=task.protocol) as server:
        with connected(server.address, 60) as client:  # once without stopping: what is allocated once, is
            client.sendall(request(f"/big?chunks={CHUNKS}", connection="close"))
            read_to_end(client, SIZE)
        for number in task.each(range(task.count)):
            cost, received = cost_of_one(server)
            costs.append(cost)
            if cost >= MOST:
                faults.append(f"reader {number} cost {cost:,} bytes")
            if received != SIZE:
                faults.append(f"reader {number} got {received:,} of {SIZE:,} bytes")
    return Result(f"{max(costs) / 1e6:.1f} MB at most, in {task.count} attempts", faults, {"bytes": costs})
