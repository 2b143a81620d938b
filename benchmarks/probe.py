"""A fresh process that measures itself, prints one line of JSON and ends.

    python -m benchmarks.probe nested_routers 1000

The line holds `values`, in the order of the workload's measures, and `digests` of every answer that was given
meanwhile: two frameworks have to agree on them. As little as possible is imported beside the framework.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence

from benchmarks import asgi
from benchmarks.machine import resident_megabytes
from benchmarks.messages import Request


async def nested_routers(routes: int) -> dict[str, object]:
    """Declare the routes and answer the first request; then one per route; then the last route for a
    while; then the OpenAPI document.

    The framework is imported before the clock starts: W12 has that. Answers are part of the time, because a
    framework may put work off until a route is first asked for.
    """
    from benchmarks.apps import _framework as _framework

    os.environ["BENCHMARK_ROUTES"] = str(routes)
    start = time.perf_counter()
    from benchmarks.apps.nested_routers import CALLS, app

    json_type = (("Content-Type", "application/json"),)
    requests = [Request(method, path, json_type if body else (), body) for method, path, body in CALLS]
    async with asgi.lifespan(app):
        answers = [await asgi.answer(app, requests[-1])]
        ready = time.perf_counter()
        answers += [await asgi.answer(app, request) for request in requests]
        warm = time.perf_counter()
        memory = resident_megabytes(os.getpid())
        last = await asgi.time_requests(app, requests[-1], answers[0].status, seconds=0.2)
        before_document = time.perf_counter()
        document = await asgi.answer(app, Request("GET", "/openapi.json"))
        documented = time.perf_counter()
    if failed := [answer for answer in [*answers, document] if answer.status >= 400]:
        raise RuntimeError(f"{len(failed)} requests failed, the first with {failed[0]}")
    digests = {
        f"answers of {routes} routes": digest(answers),
        f"OpenAPI of {routes} routes": digest([document]),
    }
    starting, warming, documenting = (
        seconds * 1e3 for seconds in (ready - start, warm - start, documented - before_document)
    )
    return {"values": [starting, warming, memory, documenting, last], "digests": digests}


def digest(answers: Sequence[object]) -> str:
    return hashlib.sha256(repr(answers).encode()).hexdigest()


def main(arguments: list[str]) -> None:
    match arguments:
        case ["nested_routers", routes]:
            print(json.dumps(asyncio.run(nested_routers(int(routes)))))
        case _:
            sys.exit("usage: python -m benchmarks.probe nested_routers ROUTES")


if __name__ == "__main__":
    main(sys.argv[1:])
