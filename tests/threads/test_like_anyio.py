"""What is documented of anyio's worker threads, for anyio's and for ours."""

from __future__ import annotations

import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextvars import ContextVar, copy_context
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
from starlette.concurrency import iterate_in_threadpool

from vivace.concurrency import iterate_in_thread

from .conftest import Run

Iterate = Callable[[Iterable[int]], AsyncIterator[int]]

pytestmark = pytest.mark.anyio

name: ContextVar[str] = ContextVar("name")


async def test_arguments_and_result(run: Run) -> None:
    assert await run(sorted, [1, 3, 2], reverse=True) == [3, 2, 1]


async def test_another_thread(run: Run) -> None:
    assert await run(threading.get_ident) != threading.get_ident()


async def test_context_goes_in_and_not_out(run: Run) -> None:
    def rename() -> str:
        before = name.get()
        name.set("inside")
        return before

    name.set("outside")
    assert await run(rename) == "outside"
    assert name.get() == "outside"


async def test_a_context_of_its_own_for_every_call(run: Run) -> None:
    """The thread may be the same."""

    def seen_then_set() -> str | None:
        seen = name.get(None)
        name.set("left behind")
        return seen

    assert copy_context().get(name) is None
    assert [await run(seen_then_set) for _ in range(3)] == [None, None, None]


# --- exceptions -----------------------------------------------------------------------------------------------------


async def test_the_traceback_names_the_line(run: Run) -> None:
    def divide(by: int) -> float:
        return 1 / by

    with pytest.raises(ZeroDivisionError) as caught:
        await run(divide, 0)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[0].name == "test_the_traceback_names_the_line"
    assert (frames[-1].name, frames[-1].line) == ("divide", "return 1 / by")


async def test_the_exception_that_was_being_handled(run: Run) -> None:
    """Is the context of the new one, and the only one."""

    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError) as caught:
        await run(fail)
    assert caught.value.__context__ is None

    handled = KeyError()

    async def handle() -> None:
        try:
            raise handled
        except KeyError:
            await run(fail)

    with pytest.raises(ValueError) as caught:
        await handle()
    assert caught.value.__context__ is handled
    assert handled.__context__ is None


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
async def test_exceptions_that_are_no_exceptions(run: Run, error: type[BaseException]) -> None:
    def stop() -> None:
        raise error

    with pytest.raises(error):
        await run(stop)
    assert await run(int) == 0


async def test_stop_iteration(run: Run, anyio_backend_name: str) -> None:
    with pytest.raises(RuntimeError, match="raised StopIteration") as caught:
        await run(next, iter([]))
    assert isinstance(caught.value.__cause__, StopIteration)


# --- the limiter ----------------------------------------------------------------------------------------------------


async def test_a_call_takes_a_token(run: Run) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    seen = await run(lambda: (limiter.borrowed_tokens, limiter.statistics().borrowers))
    assert seen[0] == 1
    assert len(seen[1]) == 1
    assert limiter.borrowed_tokens == 0


async def test_first_come_first_served(run: Run) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    gate, order, together = threading.Event(), list[int](), list[int]()

    def work(number: int) -> None:
        gate.wait(10)
        order.append(number)
        together.append(limiter.borrowed_tokens)

    limiter.total_tokens = 1
    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(run, work, number)
            await anyio.wait_all_tasks_blocked()
        assert limiter.statistics().tasks_waiting == 4
        gate.set()
    assert order == [0, 1, 2, 3, 4]
    assert together == [1] * 5


async def test_the_number_can_be_raised_while_they_wait(run: Run) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    together = threading.Barrier(3)
    limiter.total_tokens = 1
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(run, together.wait, 10)
        await anyio.wait_all_tasks_blocked()
        assert limiter.borrowed_tokens == 1
        limiter.total_tokens = 3
    assert not together.broken


# --- cancellation ---------------------------------------------------------------------------------------------------


async def test_a_cancelled_scope_waits_and_the_result_is_not_lost(run: Run) -> None:
    started, go = threading.Event(), threading.Event()
    events: list[Any] = []

    def work() -> str:
        started.set()
        go.wait(10)
        events.append("ended")
        return "result"

    async def cancel() -> None:
        while not started.is_set():
            await anyio.sleep(0.001)
        scope.cancel()
        await anyio.sleep(0.01)
        events.append("cancelled")
        go.set()

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            tasks.start_soon(cancel)
            events.append(await run(work))
            await anyio.sleep(0)
            events.append("not reached")
    assert scope.cancelled_caught
    assert events == ["cancelled", "ended", "result"]


async def test_an_exception_of_a_cancelled_call_is_not_lost(run: Run) -> None:
    def work() -> None:
        anyio.from_thread.run_sync(scope.cancel)
        raise ValueError

    with anyio.CancelScope() as scope:
        with pytest.raises(ValueError):
            await run(work)
        await anyio.sleep(0)
    assert scope.cancelled_caught


async def test_nothing_runs_in_a_scope_that_is_cancelled(run: Run) -> None:
    ran: list[int] = []
    with anyio.CancelScope() as outer, anyio.CancelScope():
        outer.cancel()
        await run(ran.append, 1)
    assert outer.cancelled_caught
    assert ran == []


async def test_a_shield_inside_a_cancelled_scope(run: Run) -> None:
    ran: list[int] = []
    with anyio.CancelScope() as outer, anyio.CancelScope(shield=True):
        outer.cancel()
        await run(ran.append, 1)
    assert ran == [1]


async def test_who_waits_for_a_token_can_be_cancelled(run: Run) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 0
    with anyio.move_on_after(0.01) as scope:
        await run(int)
    assert scope.cancelled_caught
    assert limiter.statistics().tasks_waiting == 0
    limiter.total_tokens = 1
    assert await run(int) == 0


# --- the way back ---------------------------------------------------------------------------------------------------


async def test_from_thread(run: Run) -> None:
    async def double(number: int) -> int:
        await anyio.sleep(0)
        return 2 * number

    def work() -> list[int]:
        return [anyio.from_thread.run(double, 1), anyio.from_thread.run_sync(abs, -3)]

    assert await run(work) == [2, 3]


async def test_check_cancelled(run: Run) -> None:
    reached: list[str] = []

    def work() -> None:
        anyio.from_thread.check_cancelled()
        anyio.from_thread.run_sync(scope.cancel)
        reached.append("cancelled")
        anyio.from_thread.check_cancelled()
        reached.append("not reached")

    with anyio.CancelScope() as scope:
        await run(work)
    assert scope.cancelled_caught
    assert reached == ["cancelled"]


async def test_a_thread_has_no_event_loop(run: Run) -> None:
    """So it may run one."""

    async def answer() -> int:
        return 42

    assert await run(anyio.run, answer) == 42


# --- items of an iterable, as Starlette makes them -------------------------------------------------------------------


@pytest.mark.parametrize("iterate", [iterate_in_threadpool, iterate_in_thread])
async def test_items_are_made_in_threads_when_they_are_asked_for(iterate: Iterate) -> None:
    made: list[int] = []
    threads: set[int] = set()

    def numbers() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            threads.add(threading.get_ident())
            yield number

    seen: list[int] = []
    async for number in iterate(numbers()):
        seen.append(number)
        assert made == seen
    assert seen == [0, 1, 2]
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("iterate", [iterate_in_threadpool, iterate_in_thread])
async def test_an_iterable_that_fails(iterate: Iterate) -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise LookupError("after the first")

    items = iterate(numbers())
    assert await anext(items) == 1
    with pytest.raises(LookupError, match="after the first"):
        await anext(items)


@pytest.mark.parametrize("iterate", [iterate_in_threadpool, iterate_in_thread])
async def test_a_cancelled_scope_ends_the_iteration(iterate: Iterate) -> None:
    seen: list[int] = []
    with anyio.CancelScope() as scope:
        async for number in iterate(range(1000)):
            seen.append(number)
            scope.cancel()
    assert scope.cancelled_caught
    assert seen == [0]


async def test_an_iteration_needs_none_of_the_tokens() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 0
    with anyio.fail_after(10):
        assert [number async for number in iterate_in_thread(range(3))] == [0, 1, 2]
