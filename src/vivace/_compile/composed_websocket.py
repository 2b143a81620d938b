"""The steps of a WebSocket endpoint as separate calls; see `composed.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticUndefined
from starlette.websockets import WebSocket

from vivace._plan.build import build_websocket_plan
from vivace._plan.dependant import Dependant
from vivace._plan.nodes import CallKind
from vivace._plan.signature import call_kind
from vivace.concurrency import run_in_thread

from . import observe, runtime
from .endpoint import INNER_STACK, context_maker


def compose_websocket(dependant: Dependant, provider: Any, embed: bool, steps: Any) -> Callable[..., Any]:
    """`async (websocket)`, calling each of `steps` by name."""
    assert dependant.call is not None, "dependant.call must be a function"
    context = context_maker(build_websocket_plan(dependant.to_plan(), dependant.path or ""))
    is_coroutine = call_kind(dependant.call) is CallKind.ASYNC

    async def app(websocket: WebSocket) -> None:
        scope = websocket.scope
        observed = scope.get(observe.SCOPE_KEY)
        observe.started(observed, websocket)
        with observe.observed_dependencies(observed, dependant.call, PydanticUndefined):
            solved = await steps.solve_dependencies(
                request=websocket,
                dependant=dependant,
                dependency_overrides_provider=provider,
                async_exit_stack=scope[INNER_STACK],
                embed_body_fields=embed,
            )
        observe.solved(observed, solved.values, solved.errors)
        if solved.errors:
            error = runtime.websocket_validation_error(solved.errors, scope, context)
            observe.validation_failed(observed, error)
            raise error
        assert dependant.call is not None
        with observe.observed_endpoint(observed, dependant.call):
            if is_coroutine:
                await dependant.call(**solved.values)
            else:
                await run_in_thread(dependant.call, **solved.values)

    return app
