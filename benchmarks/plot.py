"""The report as bars: how much, and how many times the first contender's, with the goals. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

from benchmarks.summary import Row

COLOURS = ("#8a8f98", "#1f6feb", "#d97706", "#2da44e", "#8250df", "#bf3989")


def draw(rows: Sequence[Row], baseline: str, file: Path) -> bool:
    """Write the plot of all throughput rows, SVG or PNG by the file's suffix. False if matplotlib is not installed."""
    try:
        import matplotlib  # type: ignore[import-not-found,unused-ignore]  # optional
    except ImportError:
        return False
    matplotlib.use("Agg")
    # Nothing in the file but the figures: no date, no random identifiers.
    matplotlib.rcParams.update({"svg.hashsalt": "vivace", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    shown = [row for row in rows if row.measure == "requests/s"]
    own = [row for row in shown if row.against in (None, baseline)]
    ratios = [row for row in own if row.ratio]
    height = 1.5 + 0.5 * max(3, len(_order(own)[0]))  # inches
    figure, (left, right) = pyplot.subplots(1, 2, sharey=True, figsize=(12, height))
    _bars(left, own, [(row, row.own) for row in own], "requests/s on one core")
    _bars(right, own, [(row, row.ratio) for row in ratios], f"times {baseline}'s (the stroke is the goal)")
    _goals(right, own, ratios)
    workloads, titles = (
        _order(own)[0],
        {row.workload: shorten(row.title, 40, placeholder=" …") for row in own},
    )
    left.set_yticks(range(len(workloads)), [f"{titles[workload]}  {workload}" for workload in workloads])
    left.invert_yaxis()
    left.xaxis.set_major_formatter("{x:,.0f}")
    figure.legend(*left.get_legend_handles_labels(), loc="lower center", ncols=len(COLOURS), frameon=False)
    figure.tight_layout(rect=(0, 0.4 / height, 1, 1))
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    pyplot.close(figure)
    return True


def _bars(axes: Any, rows: Sequence[Row], values: Sequence[tuple[Row, Any]], title: str) -> None:
    """Horizontal bars, one group per workload, from the lowest to the highest value as a line on each."""
    workloads, contenders = _order(rows)
    height = 0.8 / len(contenders)
    for index, contender in enumerate(contenders):
        mine = [(row, value) for row, value in values if row.contender == contender and value]
        if not mine:
            continue
        places = [workloads.index(row.workload) + _offset(index, len(contenders)) for row, _ in mine]
        medians = [value.median for _, value in mine]
        lines = [[v.median - v.low for _, v in mine], [v.high - v.median for _, v in mine]]
        colour = COLOURS[index % len(COLOURS)]
        axes.barh(places, medians, height, xerr=lines, color=colour, label=contender, error_kw={"lw": 0.8})
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)


def _goals(axes: Any, rows: Sequence[Row], ratios: Sequence[Row]) -> None:
    """A stroke where the ratio has to reach."""
    workloads, contenders = _order(rows)
    for row in ratios:
        if row.goal.startswith("≥"):
            bound = float(row.goal.split()[1])
            place = workloads.index(row.workload) + _offset(contenders.index(row.contender), len(contenders))
            half = 0.4 / len(contenders)
            axes.plot([bound, bound], [place - half, place + half], color="black", lw=2)
    axes.axvline(1, color="#8a8f98", lw=0.8)


def _order(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    return list(dict.fromkeys(row.workload for row in rows)), list(
        dict.fromkeys(row.contender for row in rows)
    )


def _offset(index: int, count: int) -> float:
    """Where in a workload's group of bars the contender's stands."""
    return (index - (count - 1) / 2) * 0.8 / count
