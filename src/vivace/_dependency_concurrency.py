"""The limit of `Depends(max_concurrency=N)`: how many requests may be in one dependency at a time.

A value, as the declaration is that owns it. What takes places in it, and gives them back, is in `concurrency`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from anyio import Semaphore
    from anyio.lowlevel import RunVar


class _DependencyConcurrency:
    """The limit of one `Depends(max_concurrency=N)`, shared by all who use that very declaration."""

    def __init__(self, max_concurrency: int) -> None:
        self.max_concurrency = max_concurrency

    def get_semaphore(self) -> Semaphore:
        """This limit's semaphore in the running event loop; it lives as long as the declaration does."""
        from anyio import Semaphore  # PERF (W12): declarations are imported without what event loops need

        variable = _semaphores_of_loop()
        try:
            semaphores = variable.get()
        except LookupError:
            semaphores = WeakKeyDictionary()
            variable.set(semaphores)
        semaphore = semaphores.get(self)
        if semaphore is None:
            semaphore = semaphores[self] = Semaphore(self.max_concurrency)
        return semaphore


@cache
def _semaphores_of_loop() -> RunVar[WeakKeyDictionary[_DependencyConcurrency, Semaphore]]:
    """A semaphore belongs to an event loop, a declaration to the program: tests run many loops over one application."""
    from anyio.lowlevel import RunVar

    return RunVar("vivace_dependency_semaphores")
