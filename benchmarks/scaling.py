"""Worker processes: how many times one worker's rate two of them reach, with an endpoint that keeps a core busy.

    python -m benchmarks.scaling [--rounds 5] [--seconds 4]

The endpoint computes for some milliseconds, so that the load generator, which shares the two cores, costs next to
nothing. Rounds alternate between one worker and two.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time

from benchmarks import command_line, summary
from benchmarks.contenders import HOST
from benchmarks.processes import ChildError, running
from benchmarks.servers import free_port

START_LIMIT = 20.0  # seconds
CONNECTIONS = 8


def rate(workers: int, seconds: float) -> float:
    """Requests per second of so many workers."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "benchmarks.apps.busy:app",
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    command += ["--http", "vivace.server:HTTPProtocol", "--no-access-log", "--workers", str(workers)]
    with running(command, core=None, environment={"BENCHMARK_FRAMEWORK": "vivace"}) as child:
        deadline = time.monotonic() + START_LIMIT
        while child.output().count("Application startup complete") < workers:
            if time.monotonic() > deadline:
                raise child.failure("the server did not start in time")
            time.sleep(0.05)
        wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", f"http://{HOST}:{port}/busy"]
        output = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise ChildError(f"void: {output}")
    found = re.search(r"Requests/sec:\s+([0-9.]+)", output)
    assert found is not None
    return float(found[1])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--rounds", type=command_line.positive(int), default=5)
    parser.add_argument("--seconds", type=command_line.positive(float), default=4)
    options = parser.parse_args(arguments)
    ratios = []
    for number in range(options.rounds):
        one, two = (rate(workers, options.seconds) for workers in (1, 2))
        ratios.append(two / one)
        print(
            f"round {number + 1}: one worker {one:.0f}/s, two workers {two:.0f}/s: {two / one:.2f}×",
            flush=True,
        )
    print(f"two workers to one: {summary.spread(ratios).show('×')}")
    return 0


if __name__ == "__main__":
    sys.exit(command_line.guarded(main))
