"""What the plots share: a contender has one colour everywhere, and panels stand in rows."""

from __future__ import annotations

from typing import Any

COLOURS = {
    "fastapi": "#8a8f98",
    "vivace": "#1f6feb",
    "vivace-uvicorn": "#79b0f5",
    "go": "#2a9d8f",
    "fastify": "#e9a23b",
    "express": "#c9772b",
    "asgi": "#4b5563",
    "protocol": "#111827",
    "starlette": "#8250df",
    "litestar": "#bf3989",
    "blacksheep": "#6b7f3a",
    "falcon": "#a16207",
    "sanic": "#d9487d",
    "robyn": "#0e7490",
    "django-bolt": "#166534",
}
COLUMNS = 3
WIDTH = 13.0  # inches


def colour(contender: str) -> str:
    return COLOURS.get(contender, "#cbd0d8")


def logarithmic(axis: Any) -> None:
    """Ticks at 1, 2, 5, 10, …, written out: most panels span less than a power of ten."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:,g}")


def panels(heights: list[float]) -> tuple[Any, list[Any]]:
    """A figure and the axes of its panels, one per height (inches). A row of them is as high as its highest."""
    from matplotlib import pyplot

    rows = [max(heights[start : start + COLUMNS]) for start in range(0, len(heights), COLUMNS)]
    figure, axes = pyplot.subplots(
        len(rows),
        COLUMNS,
        figsize=(WIDTH, sum(rows)),
        height_ratios=rows,
        squeeze=False,
        layout="constrained",
    )
    flat = list(axes.flat)
    for unused in flat[len(heights) :]:
        unused.set_visible(False)
    for used in flat[: len(heights)]:
        used.spines[["top", "right"]].set_visible(False)
    return figure, flat[: len(heights)]
