"""A realistic stack: two http middlewares, background tasks, and endpoints that hold the worker threads."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from vivace import BackgroundTasks, Depends, FastAPI, Request, Response

app = FastAPI()
counts: Counter[str] = Counter(started=0, finished=0)

CallNext = Callable[[Request], Awaitable[Response]]


@app.middleware("http")
async def stamp(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    response.headers["x-stamp"] = "1"
    return response


@app.middleware("http")
async def time_it(request: Request, call_next: CallNext) -> Response:
    began = time.perf_counter()
    response = await call_next(request)
    response.headers["server-timing"] = f"total;dur={(time.perf_counter() - began) * 1000:.1f}"
    return response


async def work() -> None:
    counts["started"] += 1
    await asyncio.sleep(0.002)
    counts["finished"] += 1


@app.get("/task")
async def task(tasks: BackgroundTasks) -> str:
    tasks.add_task(work)
    return "later"


def connection() -> Iterator[None]:
    """As a connection from a pool: given back in a worker thread."""
    counts["open"] += 1
    yield
    counts["open"] -= 1


@app.get("/blocking", dependencies=[Depends(connection)])
def blocking() -> str:
    time.sleep(0.1)
    return "done"


@app.get("/quick")
async def quick() -> str:
    return "at once"


@app.get("/counts")
async def read_counts() -> dict[str, int]:
    return dict(counts)
