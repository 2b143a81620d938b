"""From turns to the figures of the report: medians, spreads, ratios of the same round, whether goals are reached.

A ratio is formed per round, from the two turns that lie side by side; the report's is the median of those. It
is always the contender's figure over the other's, so of a time or a memory the smaller ratio is the better one.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.contenders import Contender
from benchmarks.rounds import Turn, last_attempts
from benchmarks.workloads import RATE, RELATIONS, Measure, Relation, Workload

REFERENCE = "fastapi"  # whom the goals `core` and `whole` are about


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values with the lowest and the highest."""

    median: float
    low: float
    high: float
    count: int

    def show(self, unit: str) -> str:
        """`21.4 µs (20.9–22.0)`."""
        separator = "" if unit == "×" else " "
        return f"{number(self.median)}{separator}{unit} ({number(self.low)}–{number(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value."""
    return Spread(statistics.median(values), min(values), max(values), len(values))


def number(value: float) -> str:
    """Three digits, or all before the point: `41,234`, `12.3`, `0.456`."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio has to reach: at least the bound, or at most."""

    bound: float
    at_least: bool

    def met_by(self, ratio: float) -> bool:
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One contender's figure at one measure, and its ratio to `against`. None stands for "no valid figure".

    A measure that is judged by itself has a goal and no `against`.
    """

    workload: str
    title: str
    measure: str
    unit: str
    contender: str
    own: Spread | None
    void: int  # rounds without a valid figure
    against: str | None = None
    ratio: Spread | None = None
    goal: str = ""
    met: bool | None = None


def rows(workloads: Sequence[Workload], contenders: Sequence[Contender], turns: Sequence[Turn]) -> list[Row]:
    """One row per measure and contender, and one more per peer that a goal is about."""
    figures = Figures(turns)
    return [
        row
        for workload in workloads
        for measure in workload.measures
        for contender in contenders
        if figures.rounds(workload.id, contender.name)
        for row in _rows_of(workload, measure, contender, contenders, figures)
    ]


def _rows_of(
    workload: Workload,
    measure: Measure,
    contender: Contender,
    contenders: Sequence[Contender],
    figures: Figures,
) -> Iterator[Row]:
    own = figures.of(workload.id, contender.name, measure.name)
    spread_of_own = spread(list(own.values())) if own else None
    void = figures.rounds(workload.id, contender.name) - len(own)
    about = (workload.id, workload.title, measure.name, measure.unit, contender.name, spread_of_own, void)
    baseline = contenders[0]
    if measure.at_most is not None:
        goal = Goal(measure.at_most, at_least=False) if contender.goals else None
        met = goal.met_by(spread_of_own.median) if goal and spread_of_own else None
        yield Row(*about, goal=f"{goal} {measure.unit}" if goal else "", met=met)
        return
    if contender is baseline or not figures.rounds(workload.id, baseline.name):
        yield Row(*about)
    for other in contenders:
        goal = goal_of(measure, contender, other)
        is_baseline = other is baseline and contender is not baseline
        if not (is_baseline or goal) or not figures.rounds(workload.id, other.name):
            continue
        theirs = figures.of(workload.id, other.name, measure.name)
        ratio = paired(own, theirs)
        met = goal.met_by(ratio.median) if goal and ratio else None
        yield Row(*about, other.name, ratio, str(goal) if goal else "", met)


def goal_of(measure: Measure, contender: Contender, other: Contender) -> Goal | None:
    """What the contender's ratio to the other has to reach, if anything."""
    if contender.goals is None or contender is other:
        return None
    if other.name == REFERENCE:
        bound = measure.goals.core if contender.goals == "core" else measure.goals.whole
    else:
        bound = measure.goals.peers.get(other.name) if contender.goals == "whole" else None
    return None if bound is None else Goal(bound, measure.more_is_better)


def relations(contenders: Sequence[Contender], turns: Sequence[Turn]) -> list[Row]:
    """The ratios between two workloads of the same contender, where both were measured."""
    figures = Figures(turns)
    return [
        row
        for relation in RELATIONS
        for contender in contenders
        if (row := _related(relation, contender, figures))
    ]


def _related(relation: Relation, contender: Contender, figures: Figures) -> Row | None:
    left, right = (figures.of(workload, contender.name, RATE) for workload in (relation.left, relation.right))
    if not all(figures.rounds(workload, contender.name) for workload in (relation.left, relation.right)):
        return None
    ratio = paired(left, right)
    goal = Goal(relation.goal, at_least=True) if contender.goals else None
    return Row(
        workload=relation.left,
        title=f"{relation.left} over {relation.right}",
        measure=RATE,
        unit="1/s",
        contender=contender.name,
        own=spread(list(left.values())) if left else None,
        void=figures.rounds(relation.left, contender.name) - len(left),
        against=relation.right,
        ratio=ratio,
        goal=str(goal) if goal else "",
        met=goal.met_by(ratio.median) if goal and ratio else None,
    )


def paired(own: dict[int, float], theirs: dict[int, float]) -> Spread | None:
    """The ratios of the rounds that both have a valid figure of."""
    ratios = [own[number] / theirs[number] for number in own if number in theirs]
    return spread(ratios) if ratios else None


class Figures:
    """The valid values of the standing turns, by round."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = last_attempts(turns)

    def of(self, workload: str, contender: str, measure: str) -> dict[int, float]:
        return {
            turn.round: turn.reading.values[measure]
            for turn in self._turns
            if (turn.workload, turn.contender) == (workload, contender) and turn.reading.void is None
        }

    def rounds(self, workload: str, contender: str) -> int:
        return sum((turn.workload, turn.contender) == (workload, contender) for turn in self._turns)
