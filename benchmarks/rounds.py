"""Who is measured when, and which figures count.

In a round, contenders take turns at each workload (A B, A B, …), and the rounds follow each other: what the
machine does in the meantime meets all alike. If more than 2 % of either core's time was stolen in any turn of a
workload's round, all of them are void and are repeated once. A fault (a wrong status, a socket error) is not
repeated: it is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.contenders import Contender
from benchmarks.turns import Reading
from benchmarks.workloads import Workload

MOST_STOLEN = 0.02
ATTEMPTS = 2

Take = Callable[[Workload, Contender], Reading]


@dataclass(frozen=True, slots=True)
class Turn:
    """A reading and its place in the run; `round` and `attempt` count from 1."""

    workload: str
    contender: str
    round: int
    attempt: int
    reading: Reading


def play(
    rounds: int,
    workloads: Sequence[Workload],
    contenders: Sequence[Contender],
    take: Take,
    taken: Callable[[Turn], None],
) -> list[Turn]:
    """All turns, those of repeated rounds included. `taken` hears of each as it is over."""
    turns: list[Turn] = []
    for number in range(1, rounds + 1):
        for workload in workloads:
            players = [contender for contender in contenders if contender.plays(workload)]
            turns += _play_round(number, workload, players, take, taken)
    return turns


def _play_round(
    number: int,
    workload: Workload,
    contenders: Sequence[Contender],
    take: Take,
    taken: Callable[[Turn], None],
) -> list[Turn]:
    turns: list[Turn] = []
    for attempt in range(1, ATTEMPTS + 1):
        current = []
        for contender in contenders:
            turn = Turn(workload.id, contender.name, number, attempt, take(workload, contender))
            taken(turn)
            current.append(turn)
        stolen = max((turn.reading.stolen for turn in current), default=0.0)
        if stolen <= MOST_STOLEN:
            return turns + current
        turns += [_voided(turn, f"{stolen:.1%} of the time was stolen in this round") for turn in current]
    return turns


def _voided(turn: Turn, reason: str) -> Turn:
    return replace(turn, reading=replace(turn.reading, void=turn.reading.void or reason))


def last_attempts(turns: Sequence[Turn]) -> list[Turn]:
    """One turn per workload, contender and round: the one that stands."""
    standing = {(turn.workload, turn.contender, turn.round): turn for turn in turns}
    return list(standing.values())
