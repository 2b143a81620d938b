"""Before anything is measured: do all contenders answer equally?

Each workload's request and probes are sent to each contender (of a peer that is equal in meaning only, a probe's answer
has to have the right status: its error texts are its own); cold workloads are run once, and compared by
digest. The first contender is the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks import cold
from benchmarks.answers import Answer, ask, difference
from benchmarks.contenders import Contender
from benchmarks.servers import serving
from benchmarks.workloads import Cold, Load, Request, Workload


class DisagreementError(Exception):
    """Contenders answer differently; the message lists every difference."""


def check(
    workloads: Sequence[Workload], contenders: Sequence[Contender], *, core: int, begin: Callable[[str], None]
) -> dict[str, Answer]:
    """The expected answer to each load's request, by workload. `begin` is told what is being looked at.

    Raises `DisagreementError`, and `ChildError` if a contender does not start.
    """
    expected: dict[str, Answer] = {}
    differences: list[str] = []
    for workload in workloads:
        players = [contender for contender in contenders if contender.plays(workload)]
        if not players:
            continue
        begin(f"checking the answers of {workload.id}")
        if isinstance(workload, Cold):
            differences += _cold_differences(workload, players, core)
        else:
            answers = [_answers(workload, contender, core) for contender in players]
            differences += _load_differences(workload, players, answers)
            expected[workload.id] = answers[0][0]
    if differences:
        raise DisagreementError("not measured, because answers differ:\n" + "\n".join(differences))
    return expected


def _requests(workload: Load) -> tuple[Request, ...]:
    return (workload.request, *workload.probes)


def _differs(
    contender: Contender, request: Request, workload: Load, expected: Answer, actual: Answer
) -> str | None:
    if contender.equal == "meaning" and request in workload.probes:
        same = expected.status == actual.status
        return None if same else f"status {actual.status} instead of {expected.status}"
    return difference(expected, actual, contender.equal)


def _answers(workload: Load, contender: Contender, core: int) -> list[Answer]:
    with serving(contender, workload, core=core) as server:
        return [ask(request, server.port) for request in _requests(workload)]


def _load_differences(
    workload: Load, contenders: Sequence[Contender], answers: Sequence[Sequence[Answer]]
) -> list[str]:
    reference, *others = answers
    found = []
    if reference[0].status != workload.status:
        found.append(
            f"{workload.id}: {contenders[0].name} gives {reference[0]}, expected was {workload.status}"
        )
    for contender, theirs in zip(contenders[1:], others, strict=True):
        for request, expected, actual in zip(_requests(workload), reference, theirs, strict=True):
            if differs := _differs(contender, request, workload, expected, actual):
                found.append(f"{workload.id} {request.method} {request.target}: {contender.name}: {differs}")
    return found


def _cold_differences(workload: Cold, contenders: Sequence[Contender], core: int) -> list[str]:
    reference, *others = [cold.read(workload, contender, core=core).digests for contender in contenders]
    return [
        f"{workload.id}: {name}: {contender.name} and {contenders[0].name} differ"
        for contender, digests in zip(contenders[1:], others, strict=True)
        for name, digest in reference.items()
        if digests.get(name) != digest
    ]
