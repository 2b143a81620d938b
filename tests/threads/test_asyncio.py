"""What only asyncio has: `task.cancel()`, many loops, wake-ups. Side by side with anyio where anyio has it too."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import pytest

from vivace import _threads
from vivace.concurrency import current_exit_thread_limiter, run_exit_in_thread, run_in_thread

from .conftest import LOOPS, Run

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    return LOOPS[request.param]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(5000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("this does not come true")


# --- task.cancel() ends the wait at once, as with anyio -------------------------------------------------------------


async def test_a_cancelled_task_leaves_the_call_to_itself(run: Run) -> None:
    started, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        go.wait(10)
        ended.set()

    task = asyncio.create_task(run(work))  # type: ignore[arg-type]
    await until(started.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not ended.is_set()
    assert anyio.to_thread.current_default_thread_limiter().borrowed_tokens == 0
    go.set()
    await until(ended.is_set)


async def test_a_task_cancelled_before_it_calls(run: Run) -> None:
    ran: list[int] = []

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await run(ran.append, 1)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(main())
    assert ran == []


async def test_a_task_that_has_swallowed_its_cancellation_goes_on(run: Run) -> None:
    async def main() -> int:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return await run(int, "7")  # type: ignore[no-any-return]
        raise AssertionError

    task = asyncio.create_task(main())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == 7


async def test_asyncio_timeout(run: Run) -> None:
    go = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await run(go.wait, 10)
    go.set()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize("first", ["scope", "task"])
async def test_scope_and_task_cancelled(run: Run, first: str) -> None:
    """The scope's cancellation waits for the call; the task's ends the wait."""
    started, go = threading.Event(), threading.Event()
    scopes: list[anyio.CancelScope] = []

    def work() -> None:
        started.set()
        go.wait(10)

    async def main() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await run(work)
            await asyncio.sleep(0)

    task = asyncio.create_task(main())
    await until(started.is_set)
    if first == "scope":
        scopes[0].cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()


async def test_the_scope_has_no_cancellation_left(run: Run) -> None:
    def work() -> None:
        anyio.from_thread.run_sync(scope.cancel)

    with anyio.CancelScope() as scope:
        await run(work)
        await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert (scope.cancelled_caught, task.cancelling()) == (True, 0)


# --- threads --------------------------------------------------------------------------------------------------------


async def test_a_call_that_waits_for_a_later_call(run: Run) -> None:
    """However few threads there are: what waits in the queue must get one."""
    for _ in range(3):
        later = [threading.Event() for _ in range(20)]

        def work(number: int, later: list[threading.Event] = later) -> bool:
            if number + 1 < len(later):
                assert later[number + 1].wait(10)
            later[number].set()
            return True

        assert all(await asyncio.gather(*(run(work, number) for number in range(20))))


async def test_the_loop_is_called_once_for_all() -> None:
    """However many calls have ended when it comes to look."""
    await run_in_thread(int)
    loop = asyncio.get_running_loop()
    mailbox = _threads._mailboxes[loop]
    calls = [
        _threads._Call(mailbox, loop.create_future(), None, int, (str(number),), {}) for number in range(10)
    ]
    wakes = 0

    class Loop:
        def call_soon_threadsafe(self, callback: Callable[[], None]) -> None:
            nonlocal wakes
            wakes += 1
            loop.call_soon_threadsafe(callback)

    mailbox.loop = Loop()  # type: ignore[assignment]
    mailbox.marks = {}
    thread = threading.Thread(target=lambda: [call.run() for call in calls])
    thread.start()
    thread.join()
    assert wakes == 1
    await asyncio.gather(*(call.wait for call in calls))
    assert [call.result for call in calls] == list(range(10))
    assert not mailbox.is_called
    mailbox.loop = loop


# --- the second lane ------------------------------------------------------------------------------------------------


async def test_exits_need_none_of_the_tokens() -> None:
    """Forty endpoints wait for a connection, and the exit code that gives one back gets through."""
    connection = threading.Semaphore(0)
    waiting = [asyncio.create_task(run_in_thread(connection.acquire)) for _ in range(60)]
    limiter = anyio.to_thread.current_default_thread_limiter()
    await until(lambda: limiter.borrowed_tokens == 40)
    for _ in waiting:
        await run_exit_in_thread(connection.release)
    assert await asyncio.gather(*waiting) == [True] * 60


async def test_the_exits_have_a_limiter_too() -> None:
    limiter = current_exit_thread_limiter()
    assert limiter is current_exit_thread_limiter()
    assert limiter.total_tokens == float("inf")
    assert await run_exit_in_thread(lambda: limiter.borrowed_tokens) == 1

    limiter.total_tokens = 1
    together = await asyncio.gather(*(run_exit_in_thread(lambda: limiter.borrowed_tokens) for _ in range(5)))
    assert together == [1] * 5


async def test_exits_run_in_a_cancelled_scope() -> None:
    ran: list[int] = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_exit_in_thread(ran.append, 1)
        current_exit_thread_limiter().total_tokens = 1
        await asyncio.gather(*(run_exit_in_thread(ran.append, n) for n in (2, 3)))
    assert ran == [1]  # gather is asyncio's, and awaits: the scope ends there

    with anyio.CancelScope() as scope:
        scope.cancel()
        for number in (2, 3):
            await run_exit_in_thread(ran.append, number)
    assert ran == [1, 2, 3]


async def test_the_loop_answers_while_the_pool_is_full() -> None:
    go = threading.Event()
    busy = [asyncio.create_task(run_in_thread(go.wait, 10)) for _ in range(100)]
    async with asyncio.timeout(5):
        for _ in range(100):
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
    assert not any(task.done() for task in busy)
    go.set()
    assert await asyncio.gather(*busy) == [True] * 100


# --- nothing is kept ------------------------------------------------------------------------------------------------


class Body:
    pass


@pytest.mark.parametrize("fails", [False, True])
async def test_nothing_of_a_call_is_kept(lane: Run, fails: bool) -> None:
    """Not by an idle thread, and not by a cycle that only the collector finds."""

    def work(body: Body) -> Body:
        if fails:
            raise ValueError
        return body

    gc.disable()
    try:
        body = Body()
        gone = weakref.ref(body)
        try:
            result = await lane(work, body)
        except ValueError:
            result = None
        del body, result
        await until(lambda: gone() is None)
    finally:
        gc.enable()


def test_a_loop_after_the_other() -> None:
    """They find the threads of those before, and of closed loops nobody keeps more than a thread its last."""
    program = """
import asyncio, gc, threading, weakref
from vivace.concurrency import run_in_thread
loops = weakref.WeakSet()
async def main():
    loops.add(asyncio.get_running_loop())
    await run_in_thread(int)
for _ in range(30):
    asyncio.run(main())
gc.collect()
assert threading.active_count() < 10, threading.enumerate()
assert len(loops) <= threading.active_count(), loops
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_many_loops_at_a_time() -> None:
    """Each gets its own answers."""
    answers: dict[int, list[int]] = {}

    def serve(number: int) -> None:
        async def main() -> list[int]:
            return await asyncio.gather(*(run_in_thread(int, number * 100 + n) for n in range(100)))

        answers[number] = asyncio.run(main())

    threads = [threading.Thread(target=serve, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == {number: [number * 100 + n for n in range(100)] for number in range(8)}


def test_a_call_that_outlives_its_loop() -> None:
    started, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        go.wait(10)
        ended.set()

    async def main() -> None:
        task = asyncio.create_task(run_in_thread(work))
        await until(started.is_set)
        task.cancel()

    asyncio.run(main())
    go.set()
    assert ended.wait(10)
    assert asyncio.run(run_in_thread(int, "5")) == 5


def test_after_a_fork() -> None:
    """The child has none of its parent's threads."""
    program = """
import asyncio, os
from vivace.concurrency import run_in_thread
assert asyncio.run(run_in_thread(int, "3")) == 3
child = os.fork()
if not child:
    os._exit(asyncio.run(asyncio.wait_for(run_in_thread(int, "4"), 10)))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
assert asyncio.run(run_in_thread(int, "5")) == 5
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)


def test_a_process_ends_while_a_call_runs() -> None:
    program = """
import asyncio, threading
from vivace.concurrency import run_in_thread
async def main():
    task = asyncio.create_task(run_in_thread(threading.Event().wait))
    await asyncio.sleep(0.1)
    task.cancel()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_an_anyio_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """anyio does it then."""

    def load() -> None:
        raise ImportError

    monkeypatch.setattr(_threads, "_internals", load)

    async def main() -> tuple[str, int]:
        name = await run_in_thread(lambda: threading.current_thread().name)
        return name, await run_exit_in_thread(int, "8")

    name, eight = asyncio.run(main())
    assert "AnyIO" in name
    assert eight == 8
