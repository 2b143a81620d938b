"""The only file that touches anyio's private names."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

_UNKNOWN = object()


def current_cancel_scope() -> Any:
    """The innermost anyio cancel scope around the running task, `None` if there is none.

    An object of its own where it cannot be told: on trio, or with an anyio whose inside has changed.
    """
    try:
        task = asyncio.current_task()
    except RuntimeError:  # another event loop than asyncio's
        return _UNKNOWN
    backend = sys.modules.get("anyio._backends._asyncio")
    if backend is None:  # nobody has made a scope in this process
        return None
    states = getattr(backend, "_task_states", None)
    if states is None or task is None:
        return _UNKNOWN
    state = states.get(task)
    return None if state is None else getattr(state, "cancel_scope", _UNKNOWN)
