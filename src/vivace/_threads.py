"""Sync code from async code: `run_in_thread`, what `anyio.to_thread.run_sync` does at a fraction of its price.

    rows = await run_in_thread(cursor.execute, query)

What is documented for anyio's holds. The number of calls at a time is that of
`anyio.to_thread.current_default_thread_limiter()`, first come, first served. A call sees a copy of the context, and
`anyio.from_thread` works inside. It is not abandoned when a cancel scope is cancelled. On trio, anyio runs it.

There are two lanes, each with a limiter of its own: one for endpoints and dependencies, one for what a request does
after its endpoint (its response, and the exit code of `yield` dependencies). Forty endpoints that wait for a connection
hold all tokens of the first; a request that is about to give a connection back must not wait for one of these.

Where the price was saved is said at each `# PERF:`. How many threads there are, `_workers` decides.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextvars import copy_context
from functools import cache, partial
from threading import local
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from anyio import CancelScope, CapacityLimiter, WouldBlock, to_thread
from anyio.lowlevel import RunVar, checkpoint, checkpoint_if_cancelled

from . import _anyio
from ._workers import workers

if TYPE_CHECKING:
    import asyncio

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_SECONDS = 0.001
"""How often the loop looks whether jobs wait behind threads that are stuck. What an event loop can resolve."""


def run_in_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
    """Run `call` in a worker thread and wait for it.

        rows = await run_in_thread(cursor.execute, query)

    No more calls run at a time than `anyio.to_thread.current_default_thread_limiter().total_tokens` (40); the others
    wait in line. Cancelling the scope around it takes effect when the call has ended; `task.cancel()` ends the wait
    at once and leaves the call to itself, as with anyio.

    Raises: what `call` raises; `RuntimeError` in place of `StopIteration`, which no coroutine can raise.
    """
    return _run(False, call, args, kwargs)


def run_exit_in_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
    """`run_in_thread` for code that gives something back, or that has to be done before something is given back.

        await run_exit_in_thread(connection.close)

    It takes its tokens from `current_exit_thread_limiter`, and runs in a cancelled scope too.
    """
    return _run(True, call, args, kwargs)


async def iterate_in_thread(iterable: Iterable[T]) -> AsyncGenerator[T]:
    """The items of a sync iterable, each made in a worker thread when it is asked for.

        async for line in iterate_in_thread(open("access.log")):
            ...

    For the bodies of responses, so in the second lane; between items, a cancelled scope ends it.
    """
    iterator = iter(iterable)
    while True:
        await checkpoint_if_cancelled()
        item = await run_exit_in_thread(next, iterator, _END)
        if item is _END:
            return
        yield cast(T, item)


_END = object()


def current_exit_thread_limiter() -> CapacityLimiter:
    """How many calls of `run_exit_in_thread` and `iterate_in_thread` may run at a time in this event loop: without end,
    unless set.

        current_exit_thread_limiter().total_tokens = 100

    A limit is safe only if no exit code, and no response, waits for another's.
    """
    try:
        return _exit_limiter.get()
    except LookupError:
        limiter = CapacityLimiter(math.inf)
        _exit_limiter.set(limiter)
        return limiter


_exit_limiter: RunVar[CapacityLimiter] = RunVar("vivace_exit_thread_limiter")

_internals = cache(_anyio.load)
"""Loaded with the first call: anyio imports its backends as late."""


class _Mailbox:
    """Where an event loop finds the calls that have ended, and what else belongs to one loop."""

    __slots__ = (
        "ended", "exit_limiter", "forget_library", "in_thread", "is_called", "is_watching",
        "limiter", "loop", "marks", "marks_of", "progress", "states",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limiter = to_thread.current_default_thread_limiter()
        self.exit_limiter = current_exit_thread_limiter()
        self.ended: deque[_Call] = deque()
        self.is_called = False
        self.is_watching = False
        self.progress = workers.progress()
        self.states, self.in_thread, self.marks_of, self.forget_library = _internals()
        self.marks: dict[str, Any] | None = None

    # PERF (W4): the loop is called once for all calls that end until it comes to look. Calling it is the dearest step
    # of a hop: a write to a pipe or an eventfd, at which the interpreter changes hands.
    def deliver(self, call: _Call) -> None:
        """Called by worker threads."""
        self.ended.append(call)
        if not self.is_called:  # two threads may both find it so: the loop then looks twice
            self.is_called = True
            try:
                self.loop.call_soon_threadsafe(self.receive)
            except RuntimeError:
                if not self.loop.is_closed():  # nobody waits any more
                    raise

    def receive(self) -> None:
        """Called in the loop. The order counts: what arrives after the flag is down calls again."""
        self.is_called = False
        ended = self.ended
        while ended:
            call = ended.popleft()
            call.has_ended = True
            if not call.wait.done():
                call.wait.set_result(None)

    def watch(self) -> None:
        self.is_watching = True
        self.progress = workers.progress()
        self.loop.call_later(PATIENCE_SECONDS, self.look)

    def look(self) -> None:
        if workers.relieve(self.progress):
            self.watch()
        else:
            self.is_watching = False


_mailboxes: dict[asyncio.AbstractEventLoop, _Mailbox] = {}


def _open_mailbox(loop: asyncio.AbstractEventLoop) -> _Mailbox | None:
    """For the first call in a loop. None if anyio has to do it.

    Loops that have been closed are let go here, so no more than the last ones stay in memory.
    """
    try:
        mailbox = _Mailbox(loop)
    except ImportError:
        return None
    for other in [*_mailboxes]:
        if other.is_closed():
            _mailboxes.pop(other, None)
    _mailboxes[loop] = mailbox
    return mailbox


class _ThisThread(local):
    """The mailbox whose loop anyio takes the thread to work for."""

    mailbox: _Mailbox | None = None


_this_thread = _ThisThread()


class _Call:
    """One call on its way: through the queue, a thread, and the mailbox back to the task that waits."""

    __slots__ = (
        "args", "context", "error", "function", "has_ended", "is_abandoned", "kwargs", "mailbox", "result",
        "scope", "wait",
    )  # fmt: skip

    def __init__(
        self,
        mailbox: _Mailbox,
        wait: asyncio.Future[None],
        scope: _anyio.HostScope | None,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.mailbox = mailbox
        self.wait = wait
        self.scope = scope
        self.context = copy_context()
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        self.error: BaseException | None = None
        self.has_ended = False
        self.is_abandoned = False

    def run(self) -> None:
        """In a worker thread."""
        if self.is_abandoned:
            return
        mailbox = self.mailbox
        in_thread = mailbox.in_thread
        if _this_thread.mailbox is not mailbox:
            if mailbox.marks is None:
                mailbox.marks = mailbox.marks_of(mailbox.loop)
            vars(in_thread).update(mailbox.marks)
            _this_thread.mailbox = mailbox
        mailbox.forget_library(self.context)
        in_thread.current_cancel_scope = self.scope
        try:
            self.result = self.context.run(self.function, *self.args, **self.kwargs)
        except BaseException as error:
            self.error = error
        in_thread.current_cancel_scope = None
        mailbox.deliver(self)


async def _run(is_exit: bool, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    import asyncio  # PERF (W12): here, so that `import vivace` does without it

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        mailbox = task = None  # on trio
    else:
        task = asyncio.current_task(loop)
        mailbox = None if task is None else _mailboxes.get(loop) or _open_mailbox(loop)
    if mailbox is None or task is None:
        # Outside the `except`: what the call raises must not have that error as its context.
        return await _run_with_anyio(is_exit, function, args, kwargs)
    # PERF (W4): anyio enters a cancel scope and yields to the loop twice before each call. Here the scope that the
    # task is in is looked at, and what a scope is for happens only when there is a cancellation.
    state = mailbox.states.get(task)
    scope = None if state is None else state.cancel_scope
    if is_exit:
        limiter = mailbox.exit_limiter
    else:
        limiter = mailbox.limiter
        if task.cancelling():
            await checkpoint()
        if scope is not None and scope._effectively_cancelled:
            await checkpoint_if_cancelled()
    try:
        limiter.acquire_on_behalf_of_nowait(task)
    except WouldBlock:
        with CancelScope(shield=is_exit):
            await limiter.acquire_on_behalf_of(task)
    try:
        call = _Call(mailbox, mailbox.loop.create_future(), scope, function, args, kwargs)
        workers.put(call)
        if not mailbox.is_watching:
            mailbox.watch()
        try:
            await call.wait
        except asyncio.CancelledError:
            is_by_scope = scope is not None and scope._effectively_cancelled
            if not (is_by_scope or is_exit):
                call.is_abandoned = True
                raise
            await _wait_for_end(call, is_exit)
            # By its scope: that is swallowed and comes again where the task waits next. The call went on, and what it
            # gave must not be lost.
            if not is_by_scope:
                raise
    finally:
        limiter.release_on_behalf_of(task)
    if call.error is None:
        return call.result  # type: ignore[no-any-return]
    error, call.error = call.error, None
    try:
        raise error
    finally:
        del error  # its traceback holds this frame, and that of `_Call.run`


async def _wait_for_end(call: _Call, is_exit: bool) -> None:
    """Wait although the task is cancelled; for exit code, however often: a server that shuts down cancels twice."""
    import asyncio

    with CancelScope(shield=True):
        while not call.has_ended:
            call.wait = call.mailbox.loop.create_future()
            try:
                await call.wait
            except asyncio.CancelledError:
                if not is_exit:
                    raise


async def _run_with_anyio(
    is_exit: bool, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> T:
    """On trio, and on an anyio whose insides are not those known here."""
    call = partial(function, *args, **kwargs)
    limiter = current_exit_thread_limiter() if is_exit else None
    with CancelScope(shield=is_exit):
        return await to_thread.run_sync(call, limiter=limiter)
    raise AssertionError("nobody cancels that scope")
