"""The stack of a request leaves `yield` dependencies as the standard library's would: each scenario runs on both."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from vivace.concurrency import RequestStack, enter_generator

pytestmark = pytest.mark.anyio

Enter = Callable[[AsyncGenerator[Any, None]], Awaitable[Any]]
Scenario = Callable[[AsyncExitStack, Enter, list[str]], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def dependency(events: list[str], name: str, *, catches: bool = False) -> AsyncGenerator[str, None]:
    events.append(f"{name} begins")
    try:
        yield name
    except ValueError as exc:
        events.append(f"{name} sees {exc}")
        if not catches:
            raise
    finally:
        events.append(f"{name} ends")


async def fails_at_its_end(events: list[str], name: str) -> AsyncGenerator[str, None]:
    yield name
    events.append(f"{name} fails")
    raise ValueError(name)


async def never_yields(events: list[str]) -> AsyncGenerator[str, None]:
    return
    yield "unreachable"


async def yields_twice(events: list[str]) -> AsyncGenerator[str, None]:
    try:
        yield "first"
        yield "second"
    finally:
        events.append("closed")


async def all_is_well(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    events.append(await enter(dependency(events, "a")))
    await enter(dependency(events, "b"))


async def the_endpoint_raises(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    await enter(dependency(events, "b"))
    raise ValueError("endpoint")


async def a_dependency_swallows_it(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    await enter(dependency(events, "b", catches=True))
    raise ValueError("endpoint")


async def an_exit_raises(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    await enter(fails_at_its_end(events, "b"))
    await enter(dependency(events, "c"))


async def an_exit_raises_and_another_swallows(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    await enter(dependency(events, "b", catches=True))
    await enter(fails_at_its_end(events, "c"))


async def two_exits_raise(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(fails_at_its_end(events, "a"))
    await enter(fails_at_its_end(events, "b"))


async def one_does_not_yield(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    await enter(never_yields(events))


async def one_yields_twice(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    await enter(yields_twice(events))


async def the_program_uses_the_stack_too(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    stack.callback(events.append, "callback between")
    await enter(dependency(events, "b"))
    stack.callback(events.append, "callback on top")


async def the_program_takes_all(stack: AsyncExitStack, enter: Enter, events: list[str]) -> None:
    await enter(dependency(events, "a"))
    stack.callback(events.append, "callback")
    taken = stack.pop_all()
    events.append("taken")
    await enter(dependency(events, "b"))
    await taken.aclose()


async def outcome(scenario: Scenario, make: type[AsyncExitStack]) -> list[str]:
    """What happened, and with which exceptions, their contexts too."""
    events: list[str] = []
    try:
        async with make() as stack:

            async def enter(generator: AsyncGenerator[Any, None]) -> Any:
                if isinstance(stack, RequestStack):
                    return await enter_generator(stack, generator, stack.cleanup)
                return await stack.enter_async_context(asynccontextmanager(lambda: generator)())

            await scenario(stack, enter, events)
    except Exception as exc:
        found: BaseException | None = exc
        while found is not None:
            events.append(repr(found))
            found = found.__context__
    else:
        events.append("no exception")
    return events


SCENARIOS: list[Scenario] = [
    all_is_well,
    the_endpoint_raises,
    a_dependency_swallows_it,
    an_exit_raises,
    an_exit_raises_and_another_swallows,
    two_exits_raise,
    one_does_not_yield,
    one_yields_twice,
    the_program_uses_the_stack_too,
    the_program_takes_all,
]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("is_in_scope", [False, True], ids=["", "in a cancel scope"])
async def test_as_the_standard_librarys_stack(scenario: Scenario, is_in_scope: bool) -> None:
    expected = await outcome(scenario, AsyncExitStack)
    if not is_in_scope:
        assert await outcome(scenario, RequestStack) == expected
        return
    with anyio.CancelScope():
        assert await outcome(scenario, RequestStack) == expected


async def test_exits_are_shielded_from_what_a_scope_around_cancels() -> None:
    events: list[str] = []

    async def session() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await checkpoint()
            events.append("left after a wait")

    with anyio.CancelScope() as around:
        async with RequestStack() as stack:
            await enter_generator(stack, session(), stack.cleanup)
            around.cancel()
            await checkpoint()
    assert events == ["left after a wait"]
    assert around.cancelled_caught
