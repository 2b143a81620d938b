"""From an `EndpointPlan` to one function: read this first.

    async def read_item(scope, receive, send):   # the flat form: straight from the server to the answer
    async def read_item(request):                # the handler form: for a route class that wraps it

Both forms are written by the same emitters: the body (`body.py`), the dependencies with their parameters
(`dependencies.py`), the endpoint's call, the answer (`response.py`). The handler form gives a Response object
instead of sending it, and takes its exit stacks from the scope (`request_response` puts them there).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from vivace._lanes import RESPONSE_STARTED, send_response
from vivace._plan.context import endpoint_context
from vivace._plan.nodes import CallKind, DependencyPlan, EndpointPlan, ResponseMode, Special
from vivace._plan.tree import has_async_exits, has_exits, has_function_exits
from vivace.background import BackgroundTasks
from vivace.concurrency import RequestStack, run_in_thread
from vivace.exceptions import EndpointContext, _no_response_error

from . import runtime
from .body import BodyEmitter
from .dependencies import RESERVED, DependencyEmitter, join
from .response import ResponseEmitter
from .source import Source

INNER_STACK = "fastapi_inner_astack"
FUNCTION_STACK = "fastapi_function_astack"
CLEANUP_SCOPE = "vivace.cleanup_scope"


def compile_endpoint(plan: EndpointPlan, title: str) -> Callable[..., Any]:
    """The flat form, an ASGI application: `async (scope, receive, send)`."""
    return _EndpointEmitter(plan, title, flat=True).compile()


def compile_handler(plan: EndpointPlan, title: str) -> Callable[..., Any]:
    """The handler form: `async (request) -> Response`."""
    return _EndpointEmitter(plan, f"{title} as handler", flat=False).compile()


class _EndpointEmitter:
    def __init__(self, plan: EndpointPlan, title: str, *, flat: bool) -> None:
        self.plan = plan
        self.flat = flat
        self.source = source = Source(title)
        source.reserve(*RESERVED, "payload", "value", "answer")
        self.name = source.own_name(_name(plan.root))
        assert plan.root.call is not None
        self.context = source.bind("context", context_maker(plan))
        self.dependencies = DependencyEmitter(source, plan.root, plan.body)
        self.needs = self.dependencies.needs
        self.response = ResponseEmitter(source, plan.response, self.needs, self.context)
        self.exits = has_exits(plan.root)
        self.function_exits = has_function_exits(plan.root)

    def compile(self) -> Callable[..., Any]:
        arguments = "scope, receive, send" if self.flat else "request"
        with self.source.block(f"async def {self.name}({arguments}):"):
            self._request()
            self._body()
        return self.source.compile(self.name)

    # -- the frame

    def _request(self) -> None:
        source = self.source
        if not self.flat:
            source.line("scope = request.scope")
        elif self._needs_request:
            source.line(f"request = {source.use(Request)}(scope, receive, send)")
        else:
            self.dependencies.makes_request = True
        if Special.RESPONSE in self.needs:
            source.line(f"response = {source.use(runtime.injected_response)}()")
        if Special.BACKGROUND in self.needs:
            source.line(f"background = {source.use(BackgroundTasks)}()")

    @property
    def _needs_request(self) -> bool:
        is_form = self.plan.body is not None and self.plan.body.is_form
        return is_form or Special.REQUEST in self.needs or Special.CONNECTION in self.needs

    def _body(self) -> None:
        body = BodyEmitter(
            self.source, self.plan, self.context, is_flat=self.flat, has_request=self._needs_request
        )
        body.emit()
        self.dependencies.parameters.whole_body = body.value
        if not body.is_form or not self.flat:
            self._stacks()
            return
        with self.source.block("try:"):
            self._stacks()
        with self.source.block("finally:"):
            self.source.line("await body.close()")

    def _stacks(self) -> None:
        if not self.flat:
            self._stacks_of_scope()
            self._answer()
            self.source.line("return answer")
        elif not self.exits:
            self._call()
            self.response.send_value(after=None)
        else:
            self._own_stacks()

    def _stacks_of_scope(self) -> None:
        if not self.exits:
            return
        self.source.line(f"stack = scope[{INNER_STACK!r}]")
        if self.function_exits:
            self.source.line(f"function_stack = scope[{FUNCTION_STACK!r}]")
        if has_async_exits(self.plan.root):
            self.source.line(f"cleanup = scope[{CLEANUP_SCOPE!r}]")

    def _own_stacks(self) -> None:
        source = self.source
        started = f"scope[{RESPONSE_STARTED!r}] = True"
        with ExitStack() as blocks:
            enter_request_stack(source, self.plan.root, blocks)
            if not self.function_exits:
                self._call()
                self.response.send_value(after=started)
            else:
                source.line("answer = None")
                with source.block(f"async with {source.use(AsyncExitStack)}() as function_stack:"):
                    source.line(f"scope[{FUNCTION_STACK!r}] = function_stack")
                    self._answer()
                with source.block("if answer is not None:"):
                    source.line(f"await {source.use(send_response)}(answer, scope, receive, send)")
                    source.line(started)
                    source.line("return")
        source.line(f"raise {source.use(_no_response_error)}()")

    def _answer(self) -> None:
        self._call()
        self.response.make_answer()

    # -- the call

    def _call(self) -> None:
        source, root = self.source, self.plan.root
        arguments = self.dependencies.emit()
        endpoint = source.bind("endpoint", root.call)
        if root.kind is CallKind.SYNC and self.dependencies.has_waiting_calls:
            with self.dependencies.shared_thread() as run:
                self._refuse()
                source.line(f"return {endpoint}({arguments})")
            source.line(f"result = {run}")
            return
        self.dependencies.flush_thread()
        self._refuse()
        if root.kind is CallKind.ASYNC:
            source.line(f"result = await {endpoint}({arguments})")
        elif root.kind is CallKind.SYNC:
            source.line(f"result = await {source.use(run_in_thread)}({join(endpoint, arguments)})")
        else:
            source.line(f"result = {endpoint}({arguments})")

    def _refuse(self) -> None:
        """Raise what was found to be invalid."""
        source = self.source
        if not self.dependencies.can_fail:
            return
        body = "body" if self.plan.body is not None else "None"
        if self.dependencies.parameters.whole_body is not None:
            body = f"{source.use(runtime.unread_body)}(body, body_bytes)"
        with source.block("if errors:"):
            source.line(
                f"raise {source.use(runtime.validation_error)}(errors, {body}, scope, {self.context})"
            )


def enter_request_stack(source: Source, root: DependencyPlan, blocks: ExitStack) -> None:
    """Write the entering of the stack that is left after the answer, as a block of `blocks`."""
    stack = RequestStack if has_async_exits(root) else AsyncExitStack
    blocks.enter_context(source.block(f"async with {source.use(stack)}() as stack:"))
    source.line(f"scope[{INNER_STACK!r}] = stack")
    if stack is RequestStack:
        source.line("cleanup = stack.cleanup")


def _name(root: DependencyPlan) -> str:
    return getattr(root.call, "__name__", type(root.call).__name__)


def context_maker(plan: EndpointPlan) -> Callable[[Scope], EndpointContext]:
    """Where the endpoint stands, worked out when an error needs it."""
    call, path = plan.root.call, plan.path
    assert call is not None
    place: EndpointContext | None = None

    def context(scope: Scope) -> EndpointContext:
        nonlocal place
        if place is None:  # reading the source file takes a while
            place = endpoint_context(call)
        found: EndpointContext = {**place}
        method = "WS" if scope["type"] == "websocket" else scope["method"]
        found["path"] = f"{method} {scope.get('root_path', '').rstrip('/')}{path}"
        return found

    return context


def is_stream(plan: EndpointPlan) -> bool:
    return plan.response.mode is not ResponseMode.VALUE
