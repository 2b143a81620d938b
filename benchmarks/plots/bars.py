"""One panel per workload: each contender's requests per second, lowest to highest, with the ratio to the first."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

from benchmarks.plots import style
from benchmarks.summary import Row, number
from benchmarks.workloads import RATE, Workload

LIMIT, LIMIT_OF = "protocol", "W1"
BAR, MARGIN = 0.22, 0.75  # inches
BESIDE: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}


def figure(workloads: Sequence[Workload], rows: Sequence[Row]) -> Any | None:
    """None if there is no throughput among the rows."""
    shown = {workload.id: _bars(workload.id, rows) for workload in workloads}
    shown = {name: bars for name, bars in shown.items() if bars}
    if not shown:
        return None
    figure, axes = style.panels([MARGIN + BAR * len(bars) for bars in shown.values()])
    for panel, bars in zip(axes, shown.values(), strict=True):
        _draw(panel, bars)
    return figure


def _bars(workload: str, rows: Sequence[Row]) -> list[Row]:
    """One row per contender: the one with the ratio to the baseline, which comes first.

    The limit is shown for what it is the limit of. In other workloads it does none of the work, and is played for the
    load generator's sake only.
    """
    first: dict[str, Row] = {}
    for row in rows:
        if (row.workload, row.measure) == (workload, RATE) and (
            row.contender != LIMIT or workload == LIMIT_OF
        ):
            first.setdefault(row.contender, row)
    return list(first.values())


def _draw(axes: Any, bars: list[Row]) -> None:
    for place, row in enumerate(bars):
        if row.own is None:
            axes.annotate("void", (0, place), color="#b91c1c", **BESIDE)
            continue
        around = [[row.own.median - row.own.low], [row.own.high - row.own.median]]
        axes.barh(
            place, row.own.median, 0.75, xerr=around, color=style.colour(row.contender), error_kw={"lw": 0.8}
        )
        ratio = f"  {number(row.ratio.median)}×" if row.ratio else ""
        axes.annotate(f"{number(row.own.median)}{ratio}", (row.own.high, place), fontsize=7, **BESIDE)
    goals = [f"{row.contender} {row.goal}" for row in bars if row.goal]
    title = f"{bars[0].workload}  {shorten(bars[0].title, 44, placeholder=' …')}"
    axes.set_title(f"{title}\ngoal: {', '.join(goals)}" if goals else title, fontsize=8, loc="left")
    axes.set_yticks(range(len(bars)), [row.contender for row in bars])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlim(0, 1.35 * max((row.own.high for row in bars if row.own), default=1))
