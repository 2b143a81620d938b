"""From a plan to the function of a WebSocket endpoint: the same emitters, without a body and without an answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from typing import Any

from starlette.websockets import WebSocket

from vivace._lanes import tracked
from vivace._plan.nodes import CallKind, EndpointPlan, Special
from vivace._plan.tree import has_exits, has_function_exits
from vivace.background import BackgroundTasks
from vivace.concurrency import run_in_thread

from . import runtime
from .dependencies import RESERVED, DependencyEmitter, join
from .endpoint import FUNCTION_STACK, context_maker, enter_request_stack
from .source import Source


def compile_websocket(plan: EndpointPlan, title: str) -> Callable[..., Any]:
    """The ASGI application of a WebSocket endpoint: `async (scope, receive, send)`."""
    return _WebSocketEmitter(plan, title).compile()


class _WebSocketEmitter:
    def __init__(self, plan: EndpointPlan, title: str) -> None:
        self.plan = plan
        self.source = source = Source(title)
        source.reserve(*RESERVED)
        assert plan.root.call is not None
        self.name = source.own_name(getattr(plan.root.call, "__name__", type(plan.root.call).__name__))
        self.context = source.bind("context", context_maker(plan))
        self.dependencies = DependencyEmitter(source, plan.root, plan.body, connection="websocket")
        self.body = plan.body

    def compile(self) -> Callable[..., Any]:
        source, needs = self.source, self.dependencies.needs
        with source.block(f"async def {self.name}(scope, receive, send):"):
            source.line(
                f"websocket = {source.use(WebSocket)}(scope, receive, {source.use(tracked)}(scope, send))"
            )
            if Special.RESPONSE in needs:
                source.line(f"response = {source.use(runtime.injected_response)}()")
            if Special.BACKGROUND in needs:
                source.line(f"background = {source.use(BackgroundTasks)}()")
            if self.body is not None:
                source.line(f"body = {source.bind('MISSING', runtime.MISSING)}")
            with ExitStack() as blocks:
                self._stacks(blocks)
                self._call()
        return source.compile(self.name)

    def _stacks(self, blocks: ExitStack) -> None:
        source, root = self.source, self.plan.root
        if not has_exits(root):
            return
        enter_request_stack(source, root, blocks)
        if has_function_exits(root):
            blocks.enter_context(
                source.block(f"async with {source.use(AsyncExitStack)}() as function_stack:")
            )
            source.line(f"scope[{FUNCTION_STACK!r}] = function_stack")

    def _call(self) -> None:
        source, root = self.source, self.plan.root
        arguments = self.dependencies.emit()
        self.dependencies.flush_thread()
        if self.dependencies.can_fail:
            with source.block("if errors:"):
                source.line(
                    f"raise {source.use(runtime.websocket_validation_error)}(errors, scope, {self.context})"
                )
        endpoint = source.bind("endpoint", root.call)
        if root.kind is CallKind.SYNC:
            source.line(f"await {source.use(run_in_thread)}({join(endpoint, arguments)})")
        else:
            source.line(f"await {endpoint}({arguments})")
