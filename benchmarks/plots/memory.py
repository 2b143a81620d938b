"""The server's memory over the requests of a soak, one line per contender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.plots import style
from benchmarks.rounds import Turn


def figure(turns: Sequence[Turn]) -> Any | None:
    """None if nothing was soaked."""
    soaked = [turn for turn in turns if turn.reading.curve and turn.reading.void is None]
    if not soaked:
        return None
    figure, (panel,) = style.panels([3.0])
    for turn in soaked:
        x = [requests / 1e3 for requests, _ in turn.reading.curve]
        y = [megabytes for _, megabytes in turn.reading.curve]
        panel.plot(x, y, "o-", ms=2, color=style.colour(turn.contender), label=turn.contender)
    panel.set(title="memory (MB) after thousands of mixed requests", xlabel="thousands of requests")
    panel.set_ylim(bottom=0)
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.legend(frameon=False)
    return figure
