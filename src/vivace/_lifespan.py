"""Lifespans: what runs before the first request and after the last, for an app and the routers in it.

A router's lifespan wraps that of the routers it includes; state that both give is merged, the outer one's wins.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from starlette.types import Lifespan

from vivace._starlette import is_async_callable

if TYPE_CHECKING:
    from vivace.routing import APIRouter

State = Mapping[str, Any] | None


class DefaultLifespan:
    """The lifespan of a router that has none of its own: its start-up and shutdown handlers."""

    def __init__(self, router: APIRouter) -> None:
        self.router = router

    def __call__(self, app: Any) -> AbstractAsyncContextManager[None]:
        return self._run()

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        await self.router._startup()
        yield
        await self.router._shutdown()


def as_lifespan(lifespan: Any) -> Lifespan[Any]:
    """Accept a context manager function, or a plain generator function that is meant to be one."""
    if inspect.isasyncgenfunction(lifespan):
        return asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):
        make = contextmanager(lifespan)

        @asynccontextmanager
        async def run(app: Any) -> AsyncIterator[Any]:
            with make(app) as state:
                yield state

        return run
    given: Lifespan[Any] = lifespan
    return given


def merge_lifespans(outer: Lifespan[Any], inner: Lifespan[Any]) -> Lifespan[Any]:
    """Both lifespans as one; its state is `None` only if neither gives any."""

    @asynccontextmanager
    async def merged(app: Any) -> AsyncIterator[Any]:
        async with outer(app) as outer_state, inner(app) as inner_state:
            if outer_state is None and inner_state is None:
                yield None
            else:
                yield {**(inner_state or {}), **(outer_state or {})}

    return merged


async def call_handlers(handlers: list[Callable[[], Any]]) -> None:
    """Call start-up or shutdown handlers one after the other, in the event loop."""
    for handler in handlers:
        if is_async_callable(handler):
            await handler()
        else:
            handler()
