"""Exits that always run, threads that are never waited for in a circle, and limits that hold."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import get_ident
from weakref import ref

import anyio
import anyio.to_thread
import pytest
from anyio.lowlevel import checkpoint

from vivace.concurrency import (
    _asynccontextmanager_with_shielded_exit,
    _contextmanager_with_concurrency_limit,
    _DependencyConcurrency,
    contextmanager_in_threadpool,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def events() -> list[str]:
    return []


async def test_sync_code_runs_in_threads(events: list[str]) -> None:
    threads = set()

    @contextmanager
    def connection() -> Iterator[str]:
        threads.add(get_ident())
        yield "connection"
        threads.add(get_ident())
        events.append("closed")

    async with contextmanager_in_threadpool(connection()) as value:
        assert value == "connection"
    assert events == ["closed"]
    assert get_ident() not in threads


async def test_leaving_needs_none_of_the_shared_threads(events: list[str]) -> None:
    @contextmanager
    def connection() -> Iterator[None]:
        yield
        events.append("given back")

    threads = anyio.to_thread.current_default_thread_limiter()
    taken = [object() for _ in range(int(threads.total_tokens))]
    with anyio.fail_after(5):
        async with contextmanager_in_threadpool(connection()):
            for borrower in taken:  # as many endpoints as there are threads, all waiting for a connection
                threads.acquire_on_behalf_of_nowait(borrower)
    assert events == ["given back"]
    for borrower in taken:
        threads.release_on_behalf_of(borrower)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("suppress", [True, False])
async def test_exit_sees_the_exception_and_may_suppress_it(
    error: type[BaseException], suppress: bool, events: list[str]
) -> None:
    @contextmanager
    def connection() -> Iterator[None]:
        try:
            yield
        except error:
            events.append("rolled back")
            if not suppress:
                raise

    async def use() -> None:
        async with contextmanager_in_threadpool(connection()):
            raise error

    if suppress:
        await use()
    else:
        with pytest.raises(error):
            await use()
    assert events == ["rolled back"]


async def test_cancelled_in_the_middle_left_in_order(events: list[str]) -> None:
    @contextmanager
    def connection() -> Iterator[None]:
        try:
            yield
        finally:
            events.append("closed")

    with anyio.CancelScope() as request:
        async with contextmanager_in_threadpool(connection()):
            request.cancel()
            await checkpoint()
    assert request.cancelled_caught
    assert events == ["closed"]


async def test_async_exit_code_runs_to_its_end(events: list[str]) -> None:
    @asynccontextmanager
    async def session() -> AsyncIterator[None]:
        try:
            with anyio.move_on_after(60):  # a scope that the exit closes, so no new one may be open by then
                yield
        finally:
            await anyio.sleep(0)
            events.append("closed")

    with anyio.CancelScope() as request, anyio.CancelScope() as cleanup:
        async with _asynccontextmanager_with_shielded_exit(session(), cleanup):
            request.cancel()
            await checkpoint()
    assert request.cancelled_caught
    assert events == ["closed"]


async def test_after_the_exit_the_cancellation_goes_on(events: list[str]) -> None:
    @asynccontextmanager
    async def session() -> AsyncIterator[None]:
        yield
        await anyio.sleep(0)
        events.append("closed")

    with anyio.CancelScope() as request, anyio.CancelScope() as cleanup:
        async with _asynccontextmanager_with_shielded_exit(session(), cleanup):
            request.cancel()
        events.append("went on")
    assert request.cancelled_caught
    assert events == ["closed"]
    assert not cleanup.shield


async def test_a_place_is_free_after_the_exit(events: list[str]) -> None:
    semaphore = anyio.Semaphore(1)

    @asynccontextmanager
    async def session() -> AsyncIterator[None]:
        yield
        events.append(f"{semaphore.value} free in exit")

    async with _contextmanager_with_concurrency_limit(session(), semaphore):
        events.append(f"{semaphore.value} free")
    assert events == ["0 free", "0 free in exit"]
    assert semaphore.value == 1


async def test_a_limit_has_one_semaphore_per_loop() -> None:
    limit = _DependencyConcurrency(2)
    assert limit.get_semaphore() is limit.get_semaphore()
    assert limit.get_semaphore().value == 2
    assert limit.get_semaphore() is not _DependencyConcurrency(2).get_semaphore()


def test_another_loop_has_another_semaphore() -> None:
    limit = _DependencyConcurrency(1)

    async def semaphore() -> anyio.Semaphore:
        return limit.get_semaphore()

    assert anyio.run(semaphore) is not anyio.run(semaphore)


async def test_the_semaphore_goes_with_the_declaration() -> None:
    limit = _DependencyConcurrency(1)
    semaphore = ref(limit.get_semaphore())
    del limit
    gc.collect()
    assert semaphore() is None
