"""The guard says which line blocks the loop, and of which request."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vivace import FastAPI, guard
from vivace.guard import Block, Line, LoopGuard, watch, watch_if_configured

THRESHOLD = 0.2
LONG_THRESHOLD = 1.0
"""Where nothing must be reported: longer than a busy machine lets a loop wait."""


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    if request.param == "asyncio":
        return asyncio.run
    run: Callable[..., Any] = pytest.importorskip("uvloop").run
    return run


async def reported(blocks: list[Block], count: int = 1) -> list[Block]:
    """The reports, when there are that many. They come a moment after the loop is free again."""
    for _ in range(1000):
        if len(blocks) >= count:
            break
        await asyncio.sleep(0.01)
    return blocks


def block_for(seconds: float) -> None:
    time.sleep(seconds)


def ours(blocks: list[Block]) -> list[Block]:
    """Those that `block_for` has made. On a busy machine a loop may be held up by others as well."""
    return [block for block in blocks if block.stack[0].function == "block_for"]


def test_a_blocked_loop_is_reported_once(run: Callable[..., Any]) -> None:
    blocks: list[Block] = []

    async def main() -> None:
        with watch(threshold=THRESHOLD, report=blocks.append):
            await asyncio.sleep(THRESHOLD)
            block_for(5 * THRESHOLD)
            await reported(blocks)
            await asyncio.sleep(2 * THRESHOLD)

    run(main())
    (block,) = ours(blocks)
    assert block.is_over
    assert block.seconds >= 4 * THRESHOLD
    assert block.request is None
    innermost = block.stack[0]
    assert (innermost.function, innermost.path) == ("block_for", __file__)
    assert str(innermost).endswith(" in block_for: time.sleep(seconds)")
    assert block.users[0] == innermost
    assert all(line.path == __file__ for line in block.users[:2])


def test_the_route_of_the_request(run: Callable[..., Any]) -> None:
    app = FastAPI()
    blocks: list[Block] = []

    @app.get("/items/{item_id}")
    async def read_item(item_id: int) -> int:
        block_for(3 * THRESHOLD)
        return item_id

    async def main() -> None:
        with watch(threshold=THRESHOLD, report=blocks.append):
            await asyncio.sleep(THRESHOLD)
            await get(app, "/items/42")
            await reported(blocks)

    run(main())
    (block,) = ours(blocks)
    assert block.request == "GET /items/{item_id} (/items/42)"
    assert [line.function.rpartition(".")[2] for line in block.users[:2]] == ["block_for", "read_item"]


async def get(app: Any, path: str) -> None:
    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        pass

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    await app(scope, receive, send)


def test_a_block_that_begins_at_once() -> None:
    """The loop has not answered once by then."""
    blocks: list[Block] = []

    async def main() -> None:
        with watch(threshold=THRESHOLD, report=blocks.append):
            block_for(4 * THRESHOLD)
            await reported(blocks)

    asyncio.run(main())
    assert len(ours(blocks)) == 1


def test_a_loop_that_waits_is_not_blocked(run: Callable[..., Any]) -> None:
    blocks: list[Block] = []

    async def main() -> None:
        with watch(threshold=LONG_THRESHOLD, report=blocks.append):
            await asyncio.sleep(2 * LONG_THRESHOLD)
            await asyncio.get_running_loop().run_in_executor(None, block_for, 2 * LONG_THRESHOLD)

    run(main())
    assert blocks == []


def test_a_loop_that_does_not_run_is_not_blocked() -> None:
    blocks: list[Block] = []
    loop = asyncio.new_event_loop()
    with watch(loop, LONG_THRESHOLD, blocks.append):
        for _ in range(2):
            time.sleep(2 * LONG_THRESHOLD)
            loop.run_until_complete(asyncio.sleep(THRESHOLD))
    loop.close()
    assert blocks == []


def test_a_block_without_an_end_is_reported_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "STILL_SECONDS", 3 * THRESHOLD)
    blocks: list[Block] = []

    async def main() -> None:
        with watch(threshold=THRESHOLD, report=blocks.append):
            await asyncio.sleep(THRESHOLD)
            block_until(lambda: blocks)
            time.sleep(3 * THRESHOLD)
            await asyncio.sleep(2 * THRESHOLD)

    def block_until(condition: Callable[[], object]) -> None:
        while not condition():
            time.sleep(0.01)

    asyncio.run(main())
    block, *others = blocks
    assert not [other for other in others if other.request or "block_until" in str(other)]
    assert not block.is_over
    assert str(block).startswith("The event loop has been blocked for ")
    assert ", and still is:\n" in str(block)


def test_a_block_after_the_other() -> None:
    blocks: list[Block] = []

    async def main() -> None:
        with watch(threshold=THRESHOLD, report=blocks.append):
            for _ in range(3):
                await asyncio.sleep(2 * THRESHOLD)
                block_for(2 * THRESHOLD)
            await asyncio.sleep(2 * THRESHOLD)

    asyncio.run(main())
    assert len(ours(blocks)) == 3


def test_a_report_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """The guard goes on."""
    blocks: list[Block] = []

    def report(block: Block) -> None:
        blocks.append(block)
        raise OSError("the disk is full")

    async def main() -> None:
        with watch(threshold=THRESHOLD, report=report):
            for count in (1, 2):
                await asyncio.sleep(THRESHOLD)
                block_for(2 * THRESHOLD)
                await reported(blocks, count)

    asyncio.run(main())
    assert len(ours(blocks)) == 2
    assert caplog.text.count("OSError: the disk is full") == len(blocks)


def test_the_thread_ends_with_the_guard_and_with_the_loop() -> None:
    async def main() -> LoopGuard:
        watch(threshold=THRESHOLD).stop()
        return watch(threshold=0.01)

    left = asyncio.run(main())
    left._thread.join(10)
    assert not left._thread.is_alive()
    assert not [thread for thread in threading.enumerate() if thread.name == "vivace guard"]


@pytest.mark.parametrize("threshold", [0, -1, float("inf"), float("nan")])
def test_a_threshold_is_a_time(threshold: float) -> None:
    async def main() -> None:
        watch(threshold=threshold)

    with pytest.raises(ValueError, match="must be a positive number of seconds"):
        asyncio.run(main())


# --- the environment ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "threshold"), [("", None), ("0", None), ("0.25", 0.25), ("1", 1.0)])
def test_configured(text: str, threshold: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVACE_GUARD", text)

    async def main() -> float | None:
        found = watch_if_configured()
        if found is None:
            return None
        with found:
            return found.threshold

    assert asyncio.run(main()) == threshold


@pytest.mark.parametrize("text", ["yes", "-1", "nan"])
def test_misconfigured(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVACE_GUARD", text)

    async def main() -> None:
        watch_if_configured()

    with pytest.raises(ValueError, match=f"VIVACE_GUARD must be a number of seconds, as 0.1, not '{text}'"):
        asyncio.run(main())


def test_not_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIVACE_GUARD", raising=False)
    assert watch_if_configured() is None


# --- the text -------------------------------------------------------------------------------------------------------


def test_the_program_comes_first_and_the_innermost_line_is_shown(tmp_path: Path) -> None:
    program = tmp_path / "shop.py"
    program.write_text("import x\nx.wait(1)\n")
    wait, mine, handle = (
        Line("/usr/lib/x.py", 7, "wait", False),
        Line(str(program), 2, "buy", True),
        Line("/usr/lib/asyncio.py", 9, "run", False),
    )
    block = Block(1.234, True, "POST /buy", (wait, mine, handle))
    assert str(block) == (
        "The event loop was blocked for 1.23 s by POST /buy:\n"
        f"  {program}:2 in buy: x.wait(1)\n"
        "  /usr/lib/x.py:7 in wait"
    )


def test_the_log(caplog: pytest.LogCaptureFixture) -> None:
    block = Block(1.0, True, None, (Line(__file__, 1, "f", True),))
    with caplog.at_level(logging.WARNING):
        guard.log(block)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("vivace.guard", "WARNING")
    assert record.block is block  # type: ignore[attr-defined]


# --- behind a server ------------------------------------------------------------------------------------------------

PROGRAM = """
import sys, time
from contextlib import asynccontextmanager
import uvicorn
from vivace import FastAPI
from vivace.guard import watch_if_configured

@asynccontextmanager
async def lifespan(app):
    guard = watch_if_configured()
    yield
    guard.stop()

app = FastAPI(lifespan=lifespan)

@app.get("/slow/{item_id}")
async def slow(item_id: int):
    time.sleep(0.7)
    return item_id

uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""


def test_on_uvicorn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVACE_GUARD", "0.2")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(program), str(port)], stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(300):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/slow/7", timeout=10) as answer:
            assert json.load(answer) == 7
        time.sleep(1)
    finally:
        server.terminate()
        _, errors = server.communicate(timeout=30)
    assert "by GET /slow/{item_id} (/slow/7):" in errors
    line = PROGRAM[: PROGRAM.index("time.sleep")].count("\n") + 1
    assert f"{program}:{line} in slow: time.sleep(0.7)" in errors
    assert errors.count("The event loop was blocked") == 1
