"""Emit the dependency tree: parameters read, callables called, in the order in which FastAPI does.

For each node: its dependencies, then its own parameters, then the call — which is left out if anything below it was
invalid. A dependency used twice is called once. Sync calls that follow one another share one hop to a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from starlette.requests import Request

from vivace._plan.nodes import BodyPlan, CallKind, DependencyPlan
from vivace._plan.tree import calls_something_uncached, count_uses, needs_of
from vivace.concurrency import (
    _asynccontextmanager_with_shielded_exit,
    _contextmanager_with_concurrency_limit,
    as_async,
    contextmanager_in_threadpool,
    enter_generator,
    run_in_thread,
)

from . import runtime
from .credentials import header_reader, reads_headers_only
from .parameters import ParameterEmitter, can_fail
from .source import Source

# Names that generated code uses literally, so that it reads well.
RESERVED = [
    *("scope", "receive", "send", "request", "websocket", "response", "background"),
    *("query", "query_params", "header_params", "cookies", "path_params", "body", "body_bytes", "form"),
    *("dependency_cache", "stack", "function_stack", "cleanup"),
    *("errors", "found", "values", "result", "exc"),
]


@dataclass(frozen=True, slots=True)
class _SyncCall:
    """A sync call that waits for others to share a hop with."""

    value: str | None  # the variable that its value goes to, if anybody asks for it
    function: str
    arguments: str
    is_valid: str | None  # the variable that says whether to make it

    def line(self, expression: str, nothing: str) -> str:
        if self.is_valid and self.value:
            expression += f" if {self.is_valid} else {nothing}"
        elif self.is_valid:
            expression = f"if {self.is_valid}: {expression}"
        return f"{self.value} = {expression}" if self.value else expression


class DependencyEmitter:
    """Writes the tree of one endpoint into a `Source`."""

    def __init__(
        self,
        source: Source,
        root: DependencyPlan,
        body: BodyPlan | None,
        *,
        connection: str = "request",
        is_solver: bool = False,
    ) -> None:
        self.source = source
        self.root = root
        self.is_solver = is_solver  # there is a `dependency_cache` that outlives the request
        self.parameters = ParameterEmitter(
            source, root, body, connection=connection, is_solver=is_solver, before_await=self.flush_thread
        )
        self._done: dict[Any, tuple[str | None, str | None]] = {}  # cache key → variables of value and errors
        self._waiting: list[_SyncCall] = []
        self.makes_request = False  # there is no `request` yet: a security scheme that is asked gets its own
        self.needs = needs_of(root, self._reads_headers_only)
        self.can_fail = can_fail(root)

    # -- entry points

    def emit(self) -> str:
        """Write everything before the endpoint's call; gives the call's keyword arguments."""
        if self.can_fail:
            self.source.line("errors = []")
        return self._node(self.root)

    def flush_thread(self) -> None:
        """Make the waiting sync calls now."""
        waiting = self._waiting
        if len(waiting) > 1:
            values = ", ".join(call.value for call in waiting if call.value)
            with self.shared_thread() as run:
                if values:
                    self.source.line(f"return {values}")
            self.source.line(f"{values} = {run}" if values else run)
        elif waiting:
            (call,) = waiting
            expression = f"await {self.source.use(run_in_thread)}({join(call.function, call.arguments)})"
            self.source.line(call.line(expression, self.parameters.nothing))
        self._waiting = []

    @contextmanager
    def shared_thread(self) -> Iterator[str]:
        """Write a function with the waiting calls, to be ended inside the `with`; gives the expression that runs it."""
        name = self.source.local("in_thread")
        waiting, self._waiting = self._waiting, []
        with self.source.block(f"def {name}():"):
            for call in waiting:
                # As if each call had its own hop: what one does to context variables, the next does not see.
                own = f"{self.source.use(runtime.in_own_context)}({join(call.function, call.arguments)})"
                self.source.line(call.line(own, self.parameters.nothing))
            yield f"await {self.source.use(run_in_thread)}({name})"

    @property
    def has_waiting_calls(self) -> bool:
        return bool(self._waiting)

    # -- one node

    def _node(self, node: DependencyPlan) -> str:
        """Write what comes before the node's call; gives its keyword arguments."""
        arguments: dict[str, str] = {}
        for child in node.dependencies:
            value = self._child(child)
            if child.name is not None and value is not None:
                arguments[child.name] = value
        for parameter in (*node.path, *node.query, *node.header, *node.cookie):
            arguments[parameter.name] = self.parameters.read(parameter)
        if node.body:
            arguments.update(self.parameters.read_body(node.body))
        for name, special in node.specials:
            arguments[name] = self.parameters.part(special, node)
        return ", ".join(argument(name, value) for name, value in arguments.items())

    def _child(self, node: DependencyPlan) -> str | None:
        """Write the call of a dependency, once for all uses of it; gives the variable with its value, if it has one."""
        key = node.cache_key
        fails = can_fail(node)
        known = self._done.get(key) if node.use_cache else None
        if known and not calls_something_uncached(node):
            value, failed = known
            if failed:
                self.source.line(f"errors += {failed}")
            return value
        hint = getattr(node.call, "__name__", type(node.call).__name__)
        mark = self.source.local(f"before_{hint}") if fails else None
        if mark:
            self.source.line(f"{mark} = len(errors)")
        arguments = self._node(node)
        if known:
            return known[0]
        if self._reads_headers_only(node):
            value = self._read_headers(node, hint, arguments)
            self._done.setdefault(key, (value, None))
            return value
        is_asked_for = node.name is not None or self._is_repeated(node) or self.is_solver
        value = self.source.local(node.name or hint) if is_asked_for else None
        is_valid = self._validity(node, mark, value, hint) if mark else None
        if self.is_solver and node.use_cache:
            self._call_through_cache(node, value, arguments, is_valid)
        else:
            self._call(node, value, arguments, is_valid)
        if key not in self._done:  # the first call fills the cache, also one that did not want to use it
            failed = None
            if mark and self._is_repeated(node):
                failed = self.source.local(f"errors_of_{hint}")
                self.source.line(f"{failed} = errors[{mark}:]")
            self._done[key] = (value, failed)
        return value

    def _reads_headers_only(self, node: DependencyPlan) -> bool:
        return not self.is_solver and reads_headers_only(node)

    def _read_headers(self, node: DependencyPlan, hint: str, arguments: str) -> str:
        """Write the reading of a security scheme's credentials, and the scheme's call if there are none."""
        source = self.source
        value = source.local(node.name or hint)
        reader = header_reader(node.call)
        assert reader is not None
        source.line(f"{value} = {source.bind(reader.__name__, reader)}(scope['headers'])")
        with source.block(f"if {value} is None:"):
            if self.makes_request:
                source.line(f"request = {source.use(Request)}(scope, receive, send)")
            scheme = source.bind(hint, node.call)
            source.line(f"{value} = await {scheme}({arguments})")
        return value

    def _validity(self, node: DependencyPlan, mark: str, value: str | None, hint: str) -> str:
        if not self._runs_in_thread(node):
            if value:
                self.source.line(f"{value} = {self.parameters.nothing}")
            return f"len(errors) == {mark}"
        is_valid = self.source.local(f"{hint}_is_valid")
        self.source.line(f"{is_valid} = len(errors) == {mark}")
        return is_valid

    def _is_repeated(self, node: DependencyPlan) -> bool:
        return count_uses(self.root, node.cache_key) > 1

    # -- calls

    def _runs_in_thread(self, node: DependencyPlan) -> bool:
        return node.kind is CallKind.SYNC and node.concurrency is None

    def _call(self, node: DependencyPlan, value: str | None, arguments: str, is_valid: str | None) -> None:
        call = self.source.bind(getattr(node.call, "__name__", type(node.call).__name__), node.call)
        if self._runs_in_thread(node):
            self._waiting.append(_SyncCall(value, call, arguments, is_valid))
            return
        self.flush_thread()
        with self.source.indented(f"if {is_valid}:" if is_valid else None):
            if node.kind.has_exit:
                self._assign(value, self._enter(node, call, arguments))
            else:
                self._plain_call(node, value, call, arguments)

    def _call_through_cache(
        self, node: DependencyPlan, value: str | None, arguments: str, is_valid: str | None
    ) -> None:
        key = self.source.bind("key", node.cache_key)
        self.flush_thread()
        with self.source.block(f"if {key} in dependency_cache:"):
            self.source.line(f"{value} = dependency_cache[{key}]")
        with self.source.block("else:"):
            self._call(node, value, arguments, is_valid)
            self.flush_thread()
            self.source.line(f"dependency_cache[{key}] = {value}")

    def _assign(self, value: str | None, expression: str) -> None:
        self.source.line(f"{value} = {expression}" if value else expression)

    def _plain_call(self, node: DependencyPlan, value: str | None, call: str, arguments: str) -> None:
        expression = f"{call}({arguments})" if node.kind is CallKind.INLINE else f"await {call}({arguments})"
        if node.kind is CallKind.SYNC:
            expression = f"await {self.source.use(run_in_thread)}({join(call, arguments)})"
        limit = self._limit(node)
        with self.source.indented(f"async with {limit}:" if limit else None):
            self._assign(value, expression)

    def _limit(self, node: DependencyPlan) -> str | None:
        if node.concurrency is None:
            return None
        return f"{self.source.bind('limit', node.concurrency)}.get_semaphore()"

    def _enter(self, node: DependencyPlan, call: str, arguments: str) -> str:
        """The expression that enters a `yield` dependency on the stack of its scope."""
        assert node.call is not None
        stack = "function_stack" if node.exit_scope == "function" else "stack"
        if node.kind is CallKind.ASYNC_GENERATOR and node.concurrency is None:
            return f"await {self.source.use(enter_generator)}({stack}, {call}({arguments}), cleanup)"
        if node.kind is CallKind.ASYNC_GENERATOR:
            manager = self.source.bind(f"{call}_manager", asynccontextmanager(node.call))
            opened = f"{manager}({arguments})"
            opened = (
                f"{self.source.bind('shielded', _asynccontextmanager_with_shielded_exit)}({opened}, cleanup)"
            )
        elif node.kind is CallKind.INLINE_GENERATOR:
            manager = self.source.bind(f"{call}_manager", contextmanager(node.call))
            opened = f"{manager}({arguments})"
            if node.concurrency is None:
                return f"{stack}.enter_context({opened})"
            opened = f"{self.source.use(as_async)}({opened})"
        else:
            manager = self.source.bind(f"{call}_manager", contextmanager(node.call))
            opened = f"{self.source.use(contextmanager_in_threadpool)}({manager}({arguments}))"
        limit = self._limit(node)
        if limit:
            opened = (
                f"{self.source.bind('limited', _contextmanager_with_concurrency_limit)}({opened}, {limit})"
            )
        return f"await {stack}.enter_async_context({opened})"


def argument(name: str, value: str) -> str:
    """One keyword argument. A name that Python would normalise in source text is passed as it is."""
    return f"{name}={value}" if normalize("NFKC", name) == name else f"**{{{name!r}: {value}}}"


def join(*arguments: str) -> str:
    """Arguments of a call, without those that are empty."""
    return ", ".join(filter(None, arguments))
