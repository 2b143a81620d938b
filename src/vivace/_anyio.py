"""What anyio tells nobody: the cancel scope around a task, and what sync code in a worker thread asks for.

`anyio.from_thread.run`, `run_sync` and `check_cancelled` work in a thread that anyio has started; they are documented,
so they must work in ours. anyio keeps what they need under private names. Those are looked up here, and only here;
where one is missing (a later anyio), callers do what is right on any anyio, at its price.

No other file touches anyio's private names, but for the attributes that the protocols here declare.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import asyncio

_UNKNOWN = object()


def current_task() -> asyncio.Task[Any] | None:
    """The running task, `None` where there is none that is asyncio's."""
    # PERF (W12): `import vivace` does without asyncio, which whoever has started an event loop has imported.
    module: Any = sys.modules.get("asyncio")
    if module is None:
        return None
    try:
        task: asyncio.Task[Any] | None = module.current_task()
    except RuntimeError:  # another event loop than asyncio's
        return None
    return task


def current_cancel_scope() -> Any:
    """The innermost anyio cancel scope around the running task, `None` if there is none.

    An object of its own where it cannot be told: on trio, or with an anyio whose inside has changed.
    """
    return cancel_scope_of(current_task())


def cancel_scope_of(task: asyncio.Task[Any] | None) -> Any:
    """The same for a task that is known already."""
    if task is None:
        return _UNKNOWN
    backend = sys.modules.get("anyio._backends._asyncio")
    if backend is None:  # nobody has made a scope in this process
        return None
    states = getattr(backend, "_task_states", None)
    if states is None:
        return _UNKNOWN
    state = states.get(task)
    return None if state is None else getattr(state, "cancel_scope", _UNKNOWN)


class HostScope(Protocol):
    """The cancel scope that a task is in."""

    @property
    def _effectively_cancelled(self) -> bool: ...


class HostState(Protocol):
    @property
    def cancel_scope(self) -> HostScope | None: ...


class Internals(NamedTuple):
    states: Mapping[asyncio.Task[Any], HostState]
    """Of the tasks that anyio has seen, the cancel scope they are in."""

    in_thread: Any
    """anyio's thread-locals; `current_cancel_scope` among them is what `check_cancelled` asks."""

    marks_of: Callable[[asyncio.AbstractEventLoop], dict[str, Any]]
    """The thread-locals with which `anyio.from_thread.run` reaches that loop. To be called in a worker thread."""

    forget_library: Callable[[Context], None]
    """Makes sniffio find no event loop in a context: a worker thread has none."""


def load() -> Internals:
    """Raises:
    ImportError: this anyio has other insides.
    """
    from anyio._backends._asyncio import AsyncIOBackend, CancelScope, _task_states
    from anyio._core._eventloop import claim_worker_thread, threadlocals

    if not hasattr(CancelScope, "_effectively_cancelled"):
        raise ImportError("anyio.CancelScope has no _effectively_cancelled")

    def marks_of(loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
        with claim_worker_thread(AsyncIOBackend, loop):
            return {**vars(threadlocals)}

    return Internals(_task_states, threadlocals, marks_of, _forget_library())


def _forget_library() -> Callable[[Context], None]:
    try:
        from sniffio import current_async_library_cvar as library
    except ImportError:  # anyio since 4.12 does without, and then takes a running asyncio loop for the answer
        return lambda context: None

    def forget(context: Context) -> None:
        if context.get(library) is not None:
            context.run(library.set, None)

    return forget
