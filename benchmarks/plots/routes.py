"""Cost against the number of routes: one panel per measure of the workloads that come in several sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.plots import style
from benchmarks.summary import Row
from benchmarks.workloads import Workload, series

SERIES, HEIGHT = "W13", 2.6


def figure(workloads: Sequence[Workload], rows: Sequence[Row]) -> Any | None:
    """None if fewer than two sizes were measured."""
    sizes = {w.id: int(w.id.partition("-")[2]) for w in workloads if series(w) == SERIES}
    measured = [row for row in rows if row.workload in sizes and row.own]
    if len({row.workload for row in measured}) < 2:
        return None
    measures = list(dict.fromkeys((row.measure, row.unit) for row in measured))
    figure, axes = style.panels([HEIGHT] * len(measures))
    for panel, (measure, unit) in zip(axes, measures, strict=True):
        of_measure = [row for row in measured if row.measure == measure]
        for contender in dict.fromkeys(row.contender for row in of_measure):
            points = [
                (sizes[row.workload], row.own.low, row.own.median, row.own.high)
                for row in of_measure
                if row.contender == contender and row.own
            ]
            x, low, median, high = zip(*sorted(points), strict=True)
            colour = style.colour(contender)
            panel.plot(x, median, "o-", color=colour, label=contender, ms=3)
            panel.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)
        panel.set(title=f"{measure}, {unit}", xlabel="routes", xscale="log", yscale="log")
        panel.set_xticks(sorted(set(sizes.values())))
        panel.xaxis.set_major_formatter("{x:,g}")
        panel.xaxis.minorticks_off()
        style.logarithmic(panel.yaxis)
        panel.legend(frameon=False)
    return figure
