"""Where async code, worker threads and limits meet: how sync code runs, and how exits stay reliable.

Rules kept here, because each prevents a deadlock or a leak:

- exit code of a sync context manager never waits for the worker threads that endpoints use (`_threads`);
- capacity taken for a dependency (`Depends(max_concurrency=N)`) is given back only after its exit code has
  run;
- exit code is not cut short because the client went away.

Nothing here knows what a dependency or an endpoint is.
"""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextlib import asynccontextmanager as asynccontextmanager
from types import TracebackType
from typing import TypeVar
from weakref import WeakKeyDictionary

from anyio import CancelScope, Semaphore
from anyio.lowlevel import RunVar, checkpoint_if_cancelled
from starlette.concurrency import iterate_in_threadpool as iterate_in_threadpool
from starlette.concurrency import run_in_threadpool as run_in_threadpool
from starlette.concurrency import run_until_first_complete as run_until_first_complete

from ._threads import current_exit_thread_limiter as current_exit_thread_limiter
from ._threads import iterate_in_thread as iterate_in_thread
from ._threads import run_exit_in_thread as run_exit_in_thread
from ._threads import run_in_thread as run_in_thread

_T = TypeVar("_T")


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[_T]) -> AsyncGenerator[_T, None]:
    """Enter and leave a sync context manager in worker threads, from async code.

        async with contextmanager_in_threadpool(open("data.csv")) as file:
            rows = await run_in_threadpool(file.readlines)

    Waiting to enter can be cancelled; leaving cannot. As in a `with` statement, an `__exit__` that answers
    true suppresses the exception.
    """
    value = await run_in_threadpool(cm.__enter__)
    try:
        yield value
    except BaseException as exc:
        if not await _exit_in_thread(cm, exc):
            raise
    else:
        await _exit_in_thread(cm, None)


async def _exit_in_thread(cm: AbstractContextManager[_T], exc: BaseException | None) -> bool | None:
    if exc is None:
        return await run_exit_in_thread(cm.__exit__, None, None, None)
    return await run_exit_in_thread(cm.__exit__, type(exc), exc, exc.__traceback__)


class _ShieldedExit(AbstractAsyncContextManager[_T]):
    """`cm`, whose exit code runs to its end even if the request is cancelled; then the cancellation goes on.

    `cleanup_scope` must have been entered before `cm`, in the same task. A new scope around the exit would
    not do: cancel scopes nest strictly, and `cm` may itself hold one open (a task group, a timeout) that its
    exit closes.
    """

    # PERF (W5): a class; as a generator it costs as much again as the dependency that it wraps.
    __slots__ = ("cleanup_scope", "cm")

    def __init__(self, cm: AbstractAsyncContextManager[_T], cleanup_scope: CancelScope) -> None:
        self.cm = cm
        self.cleanup_scope = cleanup_scope

    async def __aenter__(self) -> _T:
        return await self.cm.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        self.cleanup_scope.shield = True
        try:
            is_suppressed = await self.cm.__aexit__(kind, exc, traceback)
        finally:
            self.cleanup_scope.shield = False
        if exc is None or is_suppressed:
            await checkpoint_if_cancelled()
        return is_suppressed


_asynccontextmanager_with_shielded_exit = _ShieldedExit


@asynccontextmanager
async def _contextmanager_with_concurrency_limit(
    cm: AbstractAsyncContextManager[_T], semaphore: Semaphore
) -> AsyncGenerator[_T, None]:
    """`cm`, entered when the semaphore allows; its place is free again after its exit code has run."""
    async with semaphore, cm as value:
        yield value


# A semaphore belongs to an event loop, a declaration to the program: tests run many loops over one
# application.
_dependency_semaphores: RunVar[WeakKeyDictionary["_DependencyConcurrency", Semaphore]] = RunVar(
    "vivace_dependency_semaphores"
)


class _DependencyConcurrency:
    """The limit of one `Depends(max_concurrency=N)`, shared by all who use that very declaration."""

    def __init__(self, max_concurrency: int) -> None:
        self.max_concurrency = max_concurrency

    def get_semaphore(self) -> Semaphore:
        """This limit's semaphore in the running event loop; it lives as long as the declaration does."""
        try:
            semaphores = _dependency_semaphores.get()
        except LookupError:
            semaphores = WeakKeyDictionary()
            _dependency_semaphores.set(semaphores)
        semaphore = semaphores.get(self)
        if semaphore is None:
            semaphore = semaphores[self] = Semaphore(self.max_concurrency)
        return semaphore
