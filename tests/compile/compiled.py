"""The compiled functions of `endpoints.py`, and the files that show them."""

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.compile import endpoints
from vivace.routing import iter_route_contexts

GOLDEN = Path(__file__).parent / "golden"


@cache
def compiled() -> dict[str, Callable[..., Any]]:
    """The compiled function of every endpoint, by the endpoint's name."""
    functions = {context.name: _compiled(context) for context in iter_route_contexts(endpoints.app.routes)}
    substitutes = {endpoints.session: endpoints.settings}
    functions["overridden"] = next(
        context.variants.flat(substitutes)
        for context in iter_route_contexts(endpoints.app.routes)
        if context.endpoint is endpoints.yield_request
    )
    return functions


def _compiled(context: Any) -> Callable[..., Any]:
    if context.methods is None:
        return context.app.current()  # a WebSocket
    if isinstance(context.original_route, endpoints.Wrapped):
        return context.variants.handler({})
    return context.variants.flat({})


def source(name: str) -> str:
    """The source of a compiled function."""
    return inspect.getsource(compiled()[name])


def shown(name: str) -> str:
    """The source under its file name: what a golden file holds."""
    return f"# {compiled()[name].__code__.co_filename}\n{source(name)}"


def golden_file(name: str) -> Path:
    return GOLDEN / f"{name}.py.txt"
