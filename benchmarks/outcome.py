"""What a load generator saw: the line of JSON that each of them ends with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.processes import ChildError


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of `seconds` of load. `latencies` are microseconds by percentile: `{"50": 820, "99.9": 2100}`."""

    requests: int
    seconds: float
    wrong: int
    socket_errors: int
    timeouts: int
    latencies: Mapping[str, int]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def fault(self) -> str | None:
        """Why the figure is void, if it is."""
        if self.wrong:
            return f"{self.wrong} of {self.requests} answers were not the expected ones"
        if self.socket_errors or self.timeouts:
            return f"{self.socket_errors} socket errors, {self.timeouts} timeouts"
        return None if self.requests else "no answer at all"


def parse(output: str) -> Outcome:
    """Of all that the generator printed, the last line of JSON. Raises `ChildError` if there is none."""
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            return Outcome(**json.loads(line))
    raise ChildError(f"the load generator printed no result:\n{output.strip() or '(nothing)'}")
