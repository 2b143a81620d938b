"""Memory over many requests: a mix of them to one server, whose memory is looked at after each slice of load.

A framework that keeps something per request shows as a slope. Memory is the server's own (VmRSS), right after a slice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import wrk
from benchmarks.machine import resident_megabytes
from benchmarks.servers import Server
from benchmarks.workloads import Soak

SLICE = 2  # seconds of load between two looks at the memory


@dataclass(frozen=True, slots=True)
class Soaked:
    """`curve` is pairs of requests so far and megabytes (10⁶); `fault` says why they are worth nothing, if they are."""

    curve: Sequence[tuple[int, float]]
    fault: str | None


def measure(workload: Soak, server: Server, *, limit: float, connections: int, core: int) -> Soaked:
    """Send the requests until there are enough, or `limit` seconds are over. Raises `ChildError`."""
    deadline = time.monotonic() + limit
    curve = [(0, resident_megabytes(server.child.pid))]
    while curve[-1][0] < workload.count and time.monotonic() < deadline:
        outcome = wrk.load_several(
            workload.requests,
            workload.statuses,
            server.port,
            seconds=SLICE,
            connections=connections,
            core=core,
        )
        curve.append((curve[-1][0] + outcome.requests, resident_megabytes(server.child.pid)))
        if outcome.fault:
            return Soaked(curve, outcome.fault)
    return Soaked(curve, None)


def slope(curve: Sequence[tuple[int, float]], warm_up: float) -> float | None:
    """KB per 1,000 requests, by least squares over what follows the warm-up (a share of the requests).

    None if less than three looks at the memory follow it: two points are a line of any slope.
    """
    after = [point for point in curve if point[0] >= warm_up * curve[-1][0]]
    if len(after) < 3:
        return None
    mean_x = sum(x for x, _ in after) / len(after)
    mean_y = sum(y for _, y in after) / len(after)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in after)
    variance = sum((x - mean_x) ** 2 for x, _ in after)
    return covariance / variance * 1e6  # MB per request are 10⁶ KB per 1,000
