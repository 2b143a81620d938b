"""The report's plots, drawn with matplotlib: whose job is what, file by file.

    bars       workloads.svg: each workload's requests per second, with spread, ratio and goal
    routes     routes.svg: cost against the number of routes
    latencies  latencies.svg: percentiles under load
    memory     memory.svg: the server's memory over many requests

Rule: a plot takes what `summary` and the turns have, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.rounds import Turn
    from benchmarks.summary import Row
    from benchmarks.workloads import Workload

NAMES = ("workloads.svg", "routes.svg", "latencies.svg", "memory.svg")


def draw(
    workloads: Sequence[Workload], rows: Sequence[Row], turns: Sequence[Turn], directory: Path
) -> list[str]:
    """Write the plots that there are figures for; their names. Raises `ImportError` without matplotlib."""
    import matplotlib  # type: ignore[import-not-found,unused-ignore]  # optional

    matplotlib.use("Agg")
    # Nothing in the file but the figures: no date, no random identifiers.
    matplotlib.rcParams.update({"svg.hashsalt": "vivace", "svg.fonttype": "none", "font.size": 8})
    from matplotlib import pyplot

    from benchmarks.plots import bars, latencies, memory, routes

    figures = (
        bars.figure(workloads, rows),
        routes.figure(workloads, rows),
        latencies.figure(workloads, turns),
        memory.figure(turns),
    )
    written = []
    for name, figure in zip(NAMES, figures, strict=True):
        if figure is not None:
            figure.savefig(directory / name, metadata={"Date": None})
            pyplot.close(figure)
            written.append(name)
    return written
