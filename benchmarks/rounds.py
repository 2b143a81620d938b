"""Who is measured when, and which figures count.

In a round, contenders take turns at each workload (A B A B …), and the rounds follow each other: what the
machine does in the meantime meets all alike. A turn in which more than 2 % of the two cores' time was stolen is void,
and with it every ratio of that round which it is part of; it is taken again at once, up to twice, so that its pairs
stay neighbours. A fault (another answer, a wrong status, a socket error) is not repeated: it is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.contenders import Contender
from benchmarks.turns import Reading
from benchmarks.workloads import Load, Soak, Workload

MOST_STOLEN = 0.02
STOLEN = "of the time was stolen"  # how the reason of such a void ends
ATTEMPTS = 3

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
    plays: Callable[[Contender, Workload], bool],
    take: Take,
    taken: Callable[[Turn], None],
) -> list[Turn]:
    """All turns, repeated ones included. `taken` hears of each as it is over."""
    turns: list[Turn] = []
    for number in range(1, rounds + 1):
        for workload in workloads:
            if number > rounds_of(workload, rounds):
                continue
            for contender in contenders:
                if plays(contender, workload):
                    turns += _play_turn(number, workload, contender, take, taken)
    return turns


def rounds_of(workload: Workload, rounds: int) -> int:
    """Some workloads take so long, or vary so little, that they are played in fewer rounds than the run has."""
    limit = None if isinstance(workload, Load) else workload.rounds
    return rounds if limit is None else min(rounds, limit)


def _play_turn(
    number: int, workload: Workload, contender: Contender, take: Take, taken: Callable[[Turn], None]
) -> list[Turn]:
    turns: list[Turn] = []
    for attempt in range(1, ATTEMPTS + 1):
        reading = take(workload, contender)
        # Stolen time falsifies times, not memory; and what is void already is not repeated.
        robbed = not isinstance(workload, Soak) and reading.void is None and reading.stolen > MOST_STOLEN
        if robbed:
            reading = replace(reading, void=f"{reading.stolen:.1%} {STOLEN}")
        turn = Turn(workload.id, contender.name, number, attempt, reading)
        turns.append(turn)
        taken(turn)
        if not robbed:
            break
    return turns


def last_attempts(turns: Sequence[Turn]) -> list[Turn]:
    """One turn per workload, contender and round: the one that stands."""
    standing = {(turn.workload, turn.contender, turn.round): turn for turn in turns}
    return list(standing.values())
