"""Where async code, worker threads and limits meet: how sync code runs, and how exits stay reliable.

Rules kept here, because each prevents a deadlock or a leak:

- exit code of a sync context manager never waits for the worker threads that endpoints use (`_threads`);
- capacity taken for a dependency (`Depends(max_concurrency=N)`) is given back only after its exit code has
  run;
- exit code is not cut short because the client went away.

Nothing here knows what a dependency or an endpoint is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, nullcontext
from contextlib import asynccontextmanager as asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from anyio import CancelScope, Semaphore
from anyio.lowlevel import checkpoint_if_cancelled
from starlette.concurrency import iterate_in_threadpool as iterate_in_threadpool
from starlette.concurrency import run_in_threadpool as run_in_threadpool
from starlette.concurrency import run_until_first_complete as run_until_first_complete

from vivace._anyio import cancel_scope_of, current_cancel_scope
from vivace._dependency_concurrency import _DependencyConcurrency as _DependencyConcurrency
from vivace._threads import current_exit_thread_limiter as current_exit_thread_limiter
from vivace._threads import iterate_in_thread as iterate_in_thread
from vivace._threads import run_exit_in_thread as run_exit_in_thread
from vivace._threads import run_in_thread as run_in_thread

if TYPE_CHECKING:
    from asyncio import Task

_T = TypeVar("_T")


class _InThread(AbstractAsyncContextManager[_T]):
    """Enter and leave a sync context manager in worker threads, from async code.

        async with contextmanager_in_threadpool(open("data.csv")) as file:
            rows = await run_in_threadpool(file.readlines)

    Waiting to enter can be cancelled; leaving cannot. As in a `with` statement, an `__exit__` that answers
    true suppresses the exception.
    """

    __slots__ = ("cm",)

    def __init__(self, cm: AbstractContextManager[_T]) -> None:
        self.cm = cm

    async def __aenter__(self) -> _T:
        return await run_in_thread(self.cm.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await run_exit_in_thread(self.cm.__exit__, kind, exc, traceback)


contextmanager_in_threadpool = _InThread


@asynccontextmanager
async def as_async(cm: AbstractContextManager[_T]) -> AsyncGenerator[_T, None]:
    """A sync context manager as an async one, entered and left on the event loop."""
    with cm as value:
        yield value


_NO_SCOPE: AbstractContextManager[None] = nullcontext()


def cleanup_scope(task: Task[Any]) -> AbstractContextManager[CancelScope | None]:
    """A cancel scope around a request whose exits are to be shielded; `None` if there is nothing to shield from."""
    # PERF (W6): see `RequestStack`.
    return _NO_SCOPE if cancel_scope_of(task) is None else CancelScope()


class _ShieldedExit(AbstractAsyncContextManager[_T]):
    """`cm`, whose exit code runs to its end even if the request is cancelled; then the cancellation goes on.

    `cleanup` must have been entered before `cm`, in the same task. A new scope around the exit would not do:
    cancel scopes nest strictly, and `cm` may itself hold one open (a task group, a timeout) that its exit closes.
    """

    __slots__ = ("cleanup", "cm")

    def __init__(self, cm: AbstractAsyncContextManager[_T], cleanup: CancelScope | None) -> None:
        self.cm = cm
        self.cleanup = cleanup

    async def __aenter__(self) -> _T:
        return await self.cm.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if self.cleanup is None:
            return await self.cm.__aexit__(kind, exc, traceback)
        self.cleanup.shield = True
        try:
            is_suppressed = await self.cm.__aexit__(kind, exc, traceback)
        finally:
            self.cleanup.shield = False
        if exc is None or is_suppressed:
            await checkpoint_if_cancelled()
        return is_suppressed


class RequestStack(AsyncExitStack):
    """What is left when a request is over, shielded from cancellation by `cleanup` where there is anything to shield
    from.

        async with RequestStack() as stack:
            session = await enter_generator(stack, get_session(), stack.cleanup)
    """

    cleanup: CancelScope | None = None
    _exit_callbacks: deque[Any]  # the standard library's own

    def __init__(self) -> None:
        super().__init__()
        self._generators: list[AsyncGenerator[Any, Any]] = []  # below all that the standard library keeps

    async def __aenter__(self) -> Self:
        # PERF (W5): a scope costs as much as two dependencies. It keeps away what scopes around it cancel, and mostly
        # there is none: servers cancel tasks, which no scope can prevent.
        if current_cancel_scope() is not None:
            self.cleanup = self.enter_context(CancelScope())
        return self

    def takes(self, generator: AsyncGenerator[Any, Any]) -> bool:
        """Whether the generator is left by the short way: so far, nothing but such generators is on the stack."""
        if self._exit_callbacks:
            return False
        self._generators.append(generator)
        return True

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if exc is not None or self._exit_callbacks:
            self._give_up_short_way()
            return bool(await super().__aexit__(kind, exc, traceback))
        # PERF (W5): what the standard library does when all is well, without its wrapping and unwrapping.
        generators = self._generators
        while generators:
            try:
                await _finish(generators.pop())
            except BaseException as failure:
                self._give_up_short_way()
                if not await super().__aexit__(type(failure), failure, failure.__traceback__):
                    raise
        return False

    def pop_all(self) -> Self:
        self._give_up_short_way()
        return super().pop_all()

    def _give_up_short_way(self) -> None:
        above, self._exit_callbacks = self._exit_callbacks, deque()
        for generator in self._generators:
            self.push_async_exit(_GeneratorExit(generator, None))
        self._generators = []
        self._exit_callbacks += above


async def enter_generator(
    stack: AsyncExitStack, generator: AsyncGenerator[_T, Any], cleanup: CancelScope | None
) -> _T:
    """Run a `yield` dependency up to its `yield`, and the rest when the stack is left, shielded by `cleanup`.

    session = await enter_generator(stack, get_session(), cleanup)
    """
    try:
        value = await anext(generator)
    except StopAsyncIteration:
        raise RuntimeError("generator didn't yield") from None
    if cleanup is not None or type(stack) is not RequestStack or not stack.takes(generator):
        stack.push_async_exit(_GeneratorExit(generator, cleanup))
    return value


async def _finish(generator: AsyncGenerator[Any, Any]) -> None:
    """Run the code after a `yield` when all is well."""
    try:
        await anext(generator)
    except StopAsyncIteration:
        return
    try:
        raise RuntimeError("generator didn't stop")
    finally:
        await generator.aclose()


class _GeneratorExit(AbstractAsyncContextManager[None]):
    """The code after a `yield`."""

    __slots__ = ("cleanup", "generator")

    def __init__(self, generator: AsyncGenerator[Any, Any], cleanup: CancelScope | None) -> None:
        self.generator = generator
        self.cleanup = cleanup

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if exc is None and self.cleanup is None:
            # PERF (W5): what the standard library's manager does when all is well, without the manager.
            await _finish(self.generator)
            return None
        manager = asynccontextmanager(lambda: self.generator)()
        return await _ShieldedExit(manager, self.cleanup).__aexit__(kind, exc, traceback)


_asynccontextmanager_with_shielded_exit = _ShieldedExit


@asynccontextmanager
async def _contextmanager_with_concurrency_limit(
    cm: AbstractAsyncContextManager[_T], semaphore: Semaphore
) -> AsyncGenerator[_T, None]:
    """`cm`, entered when the semaphore allows; its place is free again after its exit code has run."""
    async with semaphore, cm as value:
        yield value
