"""From a dependency tree to a function that solves it and gives the values: for whoever makes the call itself.

Used where the flat form cannot be: in front of served files, under instrumentation that replaces
`solve_dependencies`, and by third parties that solve dependencies outside a route.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vivace._plan.nodes import BodyPlan, DependencyPlan

from . import runtime
from .dependencies import RESERVED, DependencyEmitter
from .source import Source, identifier

ARGUMENTS = "request, body, response, background, stack, function_stack, cleanup, dependency_cache"


def compile_solver(root: DependencyPlan, body: BodyPlan | None, title: str) -> Callable[..., Any]:
    """`async (request, body, …, dependency_cache) -> (values, errors)`: the arguments are `ARGUMENTS`."""
    source = Source(f"{title} dependencies")
    source.reserve(*RESERVED)
    name = source.local(identifier(f"solve_{getattr(root.call, '__name__', 'dependencies')}"))
    dependencies = DependencyEmitter(source, root, body, is_solver=True)
    with source.block(f"async def {name}({ARGUMENTS}):"):
        source.line("scope = request.scope")
        source.line("websocket = request")
        arguments = dependencies.emit()
        dependencies.flush_thread()
        if dependencies.can_fail:
            source.line(f"return {source.use(runtime.set_values)}({arguments}), errors")
        else:
            source.line(f"return dict({arguments}), []")
    return source.compile(name)
