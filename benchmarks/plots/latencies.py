"""Percentiles of latency under load, one panel per workload; a line is a contender's median over the rounds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.plots import style
from benchmarks.rounds import Turn, last_attempts
from benchmarks.workloads import Load, Workload

PERCENTILES = ("50", "75", "90", "99", "99.9")
HEIGHT = 2.6


def figure(workloads: Sequence[Workload], turns: Sequence[Turn]) -> Any | None:
    """None if no load was measured."""
    lines = {
        workload.id: found
        for workload in workloads
        if isinstance(workload, Load) and (found := _lines(workload.id, turns))
    }
    if not lines:
        return None
    figure, axes = style.panels([HEIGHT] * len(lines))
    for panel, (workload, of_contenders) in zip(axes, lines.items(), strict=True):
        for contender, milliseconds in of_contenders.items():
            panel.plot(
                PERCENTILES[: len(milliseconds)], milliseconds, color=style.colour(contender), label=contender
            )
        panel.set(title=f"{workload}: ms at each percentile", yscale="log")
        style.logarithmic(panel.yaxis)
    labels = {line.get_label(): line for panel in axes for line in panel.get_lines()}
    figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=8, frameon=False)
    return figure


def _lines(workload: str, turns: Sequence[Turn]) -> dict[str, list[float]]:
    """By contender, the median over its valid rounds at each percentile, in ms."""
    readings: dict[str, list[Turn]] = {}
    for turn in last_attempts(turns):
        if turn.workload == workload and turn.reading.void is None:
            readings.setdefault(turn.contender, []).append(turn)
    return {
        contender: [
            statistics.median(values) / 1e3
            for percent in PERCENTILES
            if (
                values := [
                    t.reading.details[f"p{percent}_us"] for t in of if f"p{percent}_us" in t.reading.details
                ]
            )
        ]
        for contender, of in readings.items()
    }
