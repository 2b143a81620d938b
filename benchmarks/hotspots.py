"""Where the time of in-process requests goes: cProfile's figures, per request, with readable places.

cProfile makes every call dearer, so times are for comparing lines; the number of calls is exact.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
from pathlib import Path
from typing import Any

from benchmarks import asgi
from benchmarks.workloads import Load

Place = tuple[str, int, str]  # file, line, function: as pstats has it
HARNESS = (str(Path(asgi.__file__)), str(Path(__file__)))
WARM_UP = 100  # requests


async def profile(app: Any, workload: Load, *, count: int, lines: int) -> str:
    """A table of the `lines` functions with most time of their own, over `count` requests after a warm-up."""
    await asgi.drive(app, workload.request, workload.status, count=WARM_UP)
    profiler = cProfile.Profile()
    profiler.enable()
    await asgi.drive(app, workload.request, workload.status, count=count)
    profiler.disable()
    # pstats keeps its figures in `stats`: place → (primitive calls, calls, own time, cumulative time, callers).
    stats: dict[Place, tuple[int, int, float, float, Any]] = vars(pstats.Stats(profiler))["stats"]
    return table(stats, count, lines)


def table(stats: dict[Place, tuple[int, int, float, float, Any]], count: int, lines: int) -> str:
    """Times in µs per request. The harness's own functions are left out."""
    rows = [(place, *figures[1:4]) for place, figures in stats.items() if place[0] not in HARNESS]
    rows.sort(key=lambda row: row[2], reverse=True)
    calls = sum(row[1] for row in rows)
    own = sum(row[2] for row in rows)
    text = [
        f"{calls / count:.1f} calls and {own / count * 1e6:.1f} µs per request under cProfile",
        f"{'own µs':>9} {'with callees':>13} {'calls':>7}  where",
    ]
    for place, times, own_time, cumulative in rows[:lines]:
        per_request = f"{own_time / count * 1e6:9.2f} {cumulative / count * 1e6:13.2f} {times / count:7.2f}"
        text.append(f"{per_request}  {readable(place)}")
    return "\n".join(text)


def readable(place: Place) -> str:
    """`starlette/routing.py:63 wrap_app`: a file is named from the directory that it was imported from."""
    file, line, function = place
    if file == "~":  # pstats' sign for built-in functions
        return function
    roots = sorted((root for root in sys.path if root and file.startswith(root + "/")), key=len)
    return f"{file.removeprefix(roots[-1] + '/') if roots else file}:{line} {function}"
