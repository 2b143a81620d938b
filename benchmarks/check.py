"""Before a turn counts: does the contender answer as the first one does?

Each turn begins with the workload's request and its probes, on the server that is about to be measured; cold workloads
are compared by digest when they are over. The first contender, which plays first, is the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from benchmarks.answers import difference
from benchmarks.contenders import Contender
from benchmarks.messages import Answer
from benchmarks.workloads import Cold, Load


class Referee:
    """Remembers the reference's answers of this run; says why another contender's make its turn void."""

    def __init__(self, reference: Contender) -> None:
        self._reference = reference
        self._answers: dict[str, Sequence[Answer]] = {}
        self._digests: dict[str, Mapping[str, str]] = {}

    def objection(self, workload: Load, contender: Contender, answers: Sequence[Answer]) -> str | None:
        """To a load's answers: what differs, or None. The reference has to have the workload's own status."""
        if contender is self._reference:
            if answers[0].status != workload.status:
                return f"{answers[0]} where {workload.status} was expected"
            self._answers.setdefault(workload.id, answers)
        if workload.id not in self._answers:
            return f"{self._reference.name} has given no answers to compare with"
        compared = 1 if contender.equal == "constant" else len(answers)
        requests = (workload.request, *workload.probes)
        triples = zip(requests, self._answers[workload.id], answers, strict=True)
        for request, expected, actual in islice(triples, compared):
            if differs := difference(expected, actual, contender.equal):
                return f"another answer to {request.method} {request.target}: {differs}"
        return None

    def cold_objection(self, workload: Cold, contender: Contender, digests: Mapping[str, str]) -> str | None:
        """To what a cold workload answered meanwhile."""
        if contender is self._reference:
            self._digests.setdefault(workload.id, digests)
        expected = self._digests.get(workload.id)
        if expected is None:
            return f"{self._reference.name} has given no answers to compare with"
        differing = [name for name in expected if digests.get(name) != expected[name]]
        return f"not as {self._reference.name}'s: {', '.join(differing)}" if differing else None
