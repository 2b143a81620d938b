"""Slow attacks: five hundred clients that are as slow as they can be, and a healthy one that must not notice.

`slowhttptest` (Debian: apt-get install -y slowhttptest) attacks in its four ways: headers that do not end (-H), bodies
that do not (-B), ranges (-R), and answers that are not read (-X). Meanwhile a healthy client opens a connection,
asks and closes, every 20 ms. Each of its requests has to be answered, and the 99th percentile of the times may be three
times what it is without an attack. The times are only worth anything on a machine that does nothing else.
"""

from __future__ import annotations

import shlex
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reliability.processes import ServerProcess, serving_process
from reliability.runs import Result, Task
from reliability.sockets import Address, exchange, request

CONNECTIONS = 500
INTERVAL = 0.02  # seconds between two healthy requests
ANSWER_LIMIT = 10.0  # seconds
MOST_SLOWER = 3.0  # times the idle 99th percentile

ATTACKS = {
    "headers": "-H -i 5 -t GET -x 24 -u {url}/plain",
    "body": "-B -i 5 -s 8192 -t POST -x 10 -u {url}/read",
    "ranges": "-R -t HEAD -a 10 -b 3000 -u {url}/whole",
    "reading": "-X -w 512 -y 1024 -n 5 -z 32 -k 3 -u {url}/whole",
}


class HealthyClient:
    """Asks on a connection of its own each time, and notes how long it took."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.times: list[float] = []  # seconds
        self.failures: list[str] = []

    def ask(self) -> None:
        began = time.perf_counter()
        try:
            (answer,) = exchange(self.address, request("/plain", connection="close"), limit=ANSWER_LIMIT)
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")
            return
        self.times.append(time.perf_counter() - began)
        if answer.status != 200:
            self.failures.append(f"status {answer.status}")

    def ask_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.ask()
            stop.wait(INTERVAL)

    @property
    def p99(self) -> float:
        """Seconds."""
        return statistics.quantiles(self.times, n=100)[-1] if len(self.times) > 1 else 0.0


@contextmanager
def healthy(address: Address) -> Iterator[HealthyClient]:
    """A healthy client that asks for as long as the block runs."""
    client = HealthyClient(address)
    stop = threading.Event()
    thread = threading.Thread(target=client.ask_until, args=(stop,))
    thread.start()
    try:
        yield client
    finally:
        stop.set()
        thread.join()


def attack(server: ServerProcess, options: str, seconds: int) -> HealthyClient:
    """Attack for so many seconds; how the healthy client fared."""
    url = f"http://{server.address[0]}:{server.port}"
    command = ["slowhttptest", "-c", str(CONNECTIONS), "-r", "200", "-l", str(seconds), "-p", "3"]
    command += shlex.split(options.format(url=url))
    attacker = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    try:
        with healthy(server.address) as client:
            attacker.wait(seconds + 30)
    finally:
        attacker.kill()
        attacker.wait()
    return client


def run(task: Task) -> Result:
    """`task.count` seconds for each attack, and as many without one before."""
    faults: list[str] = []
    measured: dict[str, float] = {}
    with serving_process(protocol=task.protocol) as server:
        with healthy(server.address) as idle:
            time.sleep(task.count)
        most = idle.p99 * MOST_SLOWER
        asked = len(idle.times)
        for name, options in ATTACKS.items():
            client = attack(server, options, task.count)
            task.advance(task.count // len(ATTACKS), name)
            asked += len(client.times)
            measured[name] = round(client.p99 / idle.p99, 2)
            faults += [f"{name}: {failure}" for failure in client.failures[:5]]
            if client.p99 > most:
                faults.append(f"{name}: p99 {client.p99 * 1000:.1f} ms, idle {idle.p99 * 1000:.1f} ms")
    shown = ", ".join(f"{name} {ratio:.1f}×" for name, ratio in measured.items())
    return Result(
        f"{asked:,} healthy requests, {len(faults)} faults; p99 against idle: {shown}",
        faults,
        {"p99_ratio": measured},
    )
