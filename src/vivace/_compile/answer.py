"""The form of an endpoint that http middleware calls: `async (scope, receive) -> Response`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope

from vivace._answers import ANSWERING, Answering, answer_in_task, let_travel
from vivace._lanes import arrived_body
from vivace._plan.nodes import EndpointPlan
from vivace._plan.tree import has_async_exits, has_exits
from vivace._starlette import keep_body
from vivace.exceptions import _no_response_error

from .endpoint import CLEANUP_SCOPE, FUNCTION_STACK, INNER_STACK

Handler = Callable[[Request], Any]


class AnswerForm:
    """Answers with what the handler form returns; the exits of `yield` dependencies wait until that was sent."""

    def __init__(self, plan: EndpointPlan, flat: ASGIApp, make_handler: Callable[[], Handler]) -> None:
        self._has_body = plan.body is not None
        self._has_exits = has_exits(plan.root)
        self._has_async_exits = has_async_exits(plan.root)
        self._flat = flat
        self._make_handler = make_handler
        self._handler: Handler | None = None

    async def __call__(self, scope: Scope, receive: Receive) -> Response:
        handle = self._handler
        if handle is None:
            handle = self._handler = self._make_handler()
        answering: Answering = scope[ANSWERING]
        request = Request(scope, receive, answering.send)
        body = arrived_body(receive) if self._has_body else None
        if body is not None:
            keep_body(request, body)
        if not self._has_exits:
            response = await handle(request)
        elif self._has_async_exits and not answering.is_here():
            return await answer_in_task(self._flat, scope, receive)
        else:
            response = await _with_exits(handle, request, answering)
        return await let_travel(response, scope, receive)


async def _with_exits(handle: Handler, request: Request, answering: Answering) -> Response:
    scope = request.scope
    answer: Response | None = None
    async with AsyncExitStack() as stack:
        async with AsyncExitStack() as function_stack:
            scope[INNER_STACK], scope[FUNCTION_STACK] = stack, function_stack
            scope[CLEANUP_SCOPE] = answering.cleanup
            answer = await handle(request)
        if answer is not None:
            answering.after.push_async_exit(stack.pop_all())
    if answer is None:  # a dependency has swallowed the exception
        raise _no_response_error()
    return answer
