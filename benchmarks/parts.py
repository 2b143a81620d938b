"""Parts of vivace by themselves, in one process: µs per operation, in turns with what they replace.

    python -m benchmarks.parts                      # all of them
    python -m benchmarks.parts threads guard        # worker threads; the event loop's guard
    python -m benchmarks.parts middleware --rounds 9 --seconds 1

threads     a call of a tiny function in a worker thread, by `anyio.to_thread.run_sync` and by `run_in_thread`, with 1,
            8 and 32 tasks that do so one call after the other
guard       a step of a busy event loop without and with a guard of the default threshold (W1 is hundreds of steps)
middleware  a small response through a middleware of Starlette's, and through ours: in messages, on the lane, as an
            answer

What counts is `benchmarks.run`: there, a server is part of the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from time import perf_counter
from typing import Any

import anyio.to_thread
from starlette.middleware.cors import CORSMiddleware as StarletteCORS
from starlette.middleware.gzip import GZipMiddleware as StarletteGZip
from starlette.middleware.sessions import SessionMiddleware as StarletteSession
from starlette.middleware.trustedhost import TrustedHostMiddleware as StarletteTrustedHost
from starlette.responses import JSONResponse, Response

from benchmarks import command_line, machine, summary
from vivace.concurrency import run_in_thread
from vivace.guard import watch
from vivace.middleware.cors import CORSMiddleware
from vivace.middleware.gzip import GZipMiddleware
from vivace.middleware.sessions import SessionMiddleware
from vivace.middleware.trustedhost import TrustedHostMiddleware

try:
    from uvloop import run
except ImportError:
    from asyncio import run

Turn = Callable[[float], Awaitable[float]]
"""Works for so many seconds; gives µs per operation."""

Case = tuple[str, dict[str, Turn]]
"""What is done, and by whom; the first is who the others are compared with."""


async def repeat(step: Callable[[], Awaitable[Any]], seconds: float, tasks: int = 1) -> float:
    done, began = 0, perf_counter()

    async def work() -> None:
        nonlocal done
        while perf_counter() - began < seconds:
            for _ in range(20):
                await step()
            done += 20

    await asyncio.gather(*(work() for _ in range(tasks)))
    return (perf_counter() - began) / done * 1e6


# --- threads --------------------------------------------------------------------------------------------------------


def tiny() -> int:
    return sum(range(20))


def threads() -> Iterator[Case]:
    for tasks in (1, 8, 32):
        turns: dict[str, Turn] = {
            "anyio": lambda seconds, tasks=tasks: repeat(  # type: ignore[misc]
                lambda: anyio.to_thread.run_sync(tiny), seconds, tasks
            ),
            "vivace": lambda seconds, tasks=tasks: repeat(lambda: run_in_thread(tiny), seconds, tasks),  # type: ignore[misc]
        }
        yield f"a call in a thread, {tasks} at a time", turns


# --- guard ----------------------------------------------------------------------------------------------------------


async def stepping(seconds: float, guarded: bool) -> float:
    with watch() if guarded else nullcontext():
        return await repeat(lambda: asyncio.sleep(0), seconds)


def guard() -> Iterator[Case]:
    yield (
        "a step of a busy loop",
        {
            "unguarded": lambda seconds: stepping(seconds, False),
            "guarded": lambda seconds: stepping(seconds, True),
        },
    )


# --- middleware -----------------------------------------------------------------------------------------------------

MIDDLEWARES: list[tuple[type[Any], type[Any], dict[str, Any]]] = [
    (StarletteCORS, CORSMiddleware, {"allow_origins": ["https://a.example"], "allow_credentials": True}),
    (StarletteGZip, GZipMiddleware, {}),
    (StarletteSession, SessionMiddleware, {"secret_key": "secret"}),
    (StarletteTrustedHost, TrustedHostMiddleware, {"allowed_hosts": ["example.com"]}),
]
FIELDS = [
    (b"host", b"example.com"),
    (b"origin", b"https://a.example"),
    (b"accept-encoding", b"gzip"),
    (b"user-agent", b"benchmarks"),
]
CONSTANT = ((b"content-type", b"application/json"),)


class Sink:
    async def __call__(self, message: Any) -> None:
        pass


class FastSink(Sink):
    def respond(self, status: int, headers: Any, body: bytes) -> None:
        pass


class Application:
    """Answers in the cheapest way there is."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        respond = getattr(send, "respond", None)
        if respond is not None:
            respond(200, CONSTANT, b"{}")
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [*CONSTANT]})
            await send({"type": "http.response.body", "body": b"{}"})

    async def answer(self, scope: Any, receive: Any) -> Response:
        return JSONResponse({})


async def receive() -> Any:
    return {"type": "http.request", "body": b""}


def middleware() -> Iterator[Case]:
    def scope() -> dict[str, Any]:
        return {"type": "http", "method": "GET", "path": "/", "headers": [*FIELDS], "scheme": "http"}

    for starlette, ours, options in MIDDLEWARES:
        theirs, layer = starlette(Application(), **options), ours(Application(), **options)
        steps: dict[str, Callable[[], Awaitable[Any]]] = {
            "Starlette": lambda theirs=theirs: theirs(scope(), receive, Sink()),
            "messages": lambda layer=layer: layer(scope(), receive, Sink()),
            "lane": lambda layer=layer: layer(scope(), receive, FastSink()),
            "answer": lambda layer=layer: layer.answer(scope(), receive),
        }
        turns: dict[str, Turn] = {
            name: lambda seconds, step=step: repeat(step, seconds)  # type: ignore[misc]
            for name, step in steps.items()
        }
        yield ours.__name__, turns


# --- turns ----------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], Iterator[Case]]] = {
    "threads": threads,
    "guard": guard,
    "middleware": middleware,
}


def compare(turns: dict[str, Turn], rounds: int, seconds: float) -> Iterator[str]:
    """One line per contender; the ratio says how many times faster than the first it is."""
    for turn in turns.values():
        run(turn(seconds / 3))
    times = [[run(turn(seconds)) for turn in turns.values()] for _ in range(rounds)]
    for column, name in enumerate(turns):
        line = f"  {name:10} {summary.spread([row[column] for row in times]).show('µs')}"
        if column:
            line += f"   ratio {summary.spread([row[0] / row[column] for row in times]).show('×')}"
        yield line


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.parts", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all, if none is named")
    parser.add_argument("--rounds", type=command_line.positive(int), default=7)
    parser.add_argument("--seconds", type=command_line.positive(float), default=0.5, help="of each turn")
    parser.add_argument(
        "--idle", type=float, default=30, help="longest wait for an idle machine, in seconds (30)"
    )
    options = parser.parse_args(arguments)
    for name, value in machine.describe().items():
        print(f"{name}: {value}")
    for part in options.parts or PARTS:
        for what, turns in PARTS[part]():
            machine.wait_until_idle(options.idle)
            print(f"{part}: {what}", flush=True)
            for line in compare(turns, options.rounds, options.seconds):
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
