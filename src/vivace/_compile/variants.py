"""The compiled forms of one endpoint: flat or handler, one for each set of dependency overrides in force.

Which variant runs is decided where requests are dispatched, never inside a compiled function.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, cast

from vivace._plan.dependencies import with_overrides
from vivace._plan.nodes import EndpointPlan

from .answer import AnswerForm
from .endpoint import compile_endpoint, compile_handler
from .websocket import compile_websocket

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]
Compiler = Callable[[EndpointPlan, str], Callable[..., Any]]

# A test-suite sets new overrides for every test; only the latest few are kept.
_KEPT = 8


class Variants:
    """Compiles on demand and remembers."""

    def __init__(self, plan: EndpointPlan, title: str) -> None:
        self.plan = plan
        self.title = title
        self._compiled: OrderedDict[Any, Callable[..., Any]] = OrderedDict()

    def flat(self, overrides: Overrides) -> Callable[..., Any]:
        """`async (scope, receive, send)`; its attribute `answer` is the form that http middleware calls."""
        function: Any = self._get(compile_endpoint, overrides)
        if not hasattr(function, "answer"):
            overrides = dict(overrides)
            function.answer = AnswerForm(self.plan, function, lambda: self.handler(overrides))
        return cast("Callable[..., Any]", function)

    def handler(self, overrides: Overrides) -> Callable[..., Any]:
        """`async (request) -> Response`."""
        return self._get(compile_handler, overrides)

    def websocket(self, overrides: Overrides) -> Callable[..., Any]:
        """`async (scope, receive, send)` for a WebSocket."""
        return self._get(compile_websocket, overrides)

    def _get(self, compiler: Compiler, overrides: Overrides) -> Callable[..., Any]:
        key = (compiler, tuple(overrides.items()) if overrides else None)
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = compiler(self._plan_with(overrides), self.title)
            if len(self._compiled) > _KEPT:
                self._compiled.popitem(last=False)
        return found

    def _plan_with(self, overrides: Overrides) -> EndpointPlan:
        return self.plan._replace(root=with_overrides(self.plan.root, overrides)) if overrides else self.plan
