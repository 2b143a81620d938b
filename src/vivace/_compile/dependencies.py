"""Emit the dependency tree: parameters read, callables called, in the order in which FastAPI does.

For each node: its dependencies, then its own parameters, then the call — which is left out if anything below it was
invalid. A dependency used twice is called once. Sync calls that follow one another share one hop to a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_core import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams

from vivace._plan.fields import ModelField, located_errors
from vivace._plan.nodes import BodyPlan, CallKind, DependencyPlan, ParameterPlan, Special
from vivace._plan.paths import path_parameter_names
from vivace.background import BackgroundTasks
from vivace.concurrency import (
    _asynccontextmanager_with_shielded_exit,
    _contextmanager_with_concurrency_limit,
    contextmanager_in_threadpool,
)
from vivace.params import Path
from vivace.security.scopes import SecurityScopes

from . import runtime
from .extract import has_constant_default, is_simple_scalar, missing, reader_for, wire_name
from .forms import needs_file_reads, read_form_body, read_form_values
from .jsonbody import read_json_body, request_body_to_args
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
        has_cache: bool = False,
    ) -> None:
        self.source = source
        self.root = root
        self.body = body
        self.connection = connection  # the variable that an HTTPConnection parameter gets
        self.has_own_body = connection == "request" and not has_cache
        self.has_cache = has_cache  # there is a `dependency_cache` that outlives the request
        self.whole_body: str | None = None  # the variable of a body parameter that was read in one pass
        self._done: dict[Any, tuple[str | None, str | None]] = {}  # cache key → variables of value and errors
        self._waiting: list[_SyncCall] = []
        self._ready: set[str] = set()  # request-wide variables that are set by now
        self.needs = needs_of(root)
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
            expression = f"await {self.source.use(run_in_threadpool)}({join(call.function, call.arguments)})"
            self.source.line(call.line(expression, self._nothing))
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
                self.source.line(call.line(own, self._nothing))
            yield f"await {self.source.use(run_in_threadpool)}({name})"

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
            arguments[parameter.name] = self._parameter(parameter)
        if node.body:
            arguments.update(self._body_parameters(node.body))
        for name, special in node.specials:
            arguments[name] = self._special(special, node)
        return ", ".join(f"{name}={value}" for name, value in arguments.items())

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
        is_asked_for = node.name is not None or self._is_repeated(node) or self.has_cache
        value = self.source.local(node.name or hint) if is_asked_for else None
        is_valid = self._validity(node, mark, value, hint) if mark else None
        if self.has_cache and node.use_cache:
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

    def _validity(self, node: DependencyPlan, mark: str, value: str | None, hint: str) -> str:
        if not self._runs_in_thread(node):
            if value:
                self.source.line(f"{value} = {self._nothing}")
            return f"len(errors) == {mark}"
        is_valid = self.source.local(f"{hint}_is_valid")
        self.source.line(f"{is_valid} = len(errors) == {mark}")
        return is_valid

    @property
    def _nothing(self) -> str:
        """The value of a dependency that is not called."""
        return self.source.bind("UNSET", runtime.UNSET) if self.has_cache else "None"

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

    def _call_through_cache(self, node: DependencyPlan, value: str | None, arguments: str, is_valid: str | None) -> None:
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
        expression = f"await {call}({arguments})"
        if node.kind is CallKind.SYNC:
            expression = f"await {self.source.use(run_in_threadpool)}({join(call, arguments)})"
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
        if node.kind is CallKind.ASYNC_GENERATOR:
            manager = self.source.bind(f"{call}_manager", asynccontextmanager(node.call))
            opened = f"{manager}({arguments})"
            opened = f"{self.source.bind('shielded', _asynccontextmanager_with_shielded_exit)}({opened}, cleanup)"
        else:
            manager = self.source.bind(f"{call}_manager", contextmanager(node.call))
            opened = f"{self.source.use(contextmanager_in_threadpool)}({manager}({arguments}))"
        limit = self._limit(node)
        if limit:
            opened = f"{self.source.bind('limited', _contextmanager_with_concurrency_limit)}({opened}, {limit})"
        stack = "function_stack" if node.exit_scope == "function" else "stack"
        return f"await {stack}.enter_async_context({opened})"

    # -- parameters

    def _parameter(self, parameter: ParameterPlan) -> str:
        value = self.source.local(parameter.name)
        read = self._scalar_source(parameter) if is_simple_scalar(parameter.field) else None
        if read is not None:
            self._scalar(parameter, value, read)
        else:
            self._reader(parameter, value)
        return value

    def _scalar_source(self, parameter: ParameterPlan) -> str | None:
        """The expression that reads one text value, `None` if only a full reader can."""
        key = wire_name(parameter.field)
        if parameter.location == "path":
            return f"path_params.get({key!r})"
        if parameter.location == "query":
            return f"{self._request_wide('query')}.get({key!r})"
        if parameter.location == "header":
            if not key.isascii():
                return None
            return f"{self.source.use(runtime.find_header)}(scope['headers'], {key.lower().encode()!r})"
        return f"{self._request_wide('cookies')}.get({key!r})"

    def _scalar(self, parameter: ParameterPlan, value: str, read: str) -> None:
        location = repr((parameter.location, wire_name(parameter.field)))
        if self._is_in_path(parameter):
            self.source.line(f"{value} = {self._request_wide('path_params')}[{wire_name(parameter.field)!r}]")
            if not is_any_text(parameter.field):
                self._validate(parameter.field, parameter.name, value, location)
            return
        if parameter.location == "path":
            self._request_wide("path_params")
        self.source.line(f"{value} = {read}")
        with self.source.block(f"if {value} is None:"):
            self._absent(parameter.field, value, location)
        if is_any_text(parameter.field):
            if self.source.lines[-1].strip() == f"{value} = None":  # the value is None already
                del self.source.lines[-2:]
            return
        with self.source.block("else:"):
            self._validate(parameter.field, parameter.name, value, location)

    def _is_in_path(self, parameter: ParameterPlan) -> bool:
        """Whether a match of the route always brings the parameter."""
        names = path_parameter_names(self.root.route_path or "")
        return parameter.location == "path" and not self.has_cache and wire_name(parameter.field) in names

    def _absent(self, field: ModelField, value: str, location: str) -> None:
        info = field.field_info
        if field.field_info.is_required():
            self.source.line(f"errors.append({self.source.bind('missing', missing_at)}({location}))")
            self._unset(value)
        elif has_constant_default(field):
            self.source.line(f"{value} = {self._constant(field, info.default)}")
        else:
            self.source.line(f"{value}, found = {self.source.bind('absent', missing)}({self._field(field)})")
            self.source.line("errors += found")

    def _unset(self, value: str) -> None:
        """Whoever is given the values of a solver must not see one that was invalid."""
        if self.has_cache:
            self.source.line(f"{value} = {self.source.bind('UNSET', runtime.UNSET)}")

    def _constant(self, field: ModelField, default: Any) -> str:
        if default is None or type(default) in (bool, int, str):
            return repr(default)
        return self.source.bind(f"default_{field.name}", default)

    def _field(self, field: ModelField) -> str:
        return self.source.bind(f"field_{field.name}", field)

    def _validate(self, field: ModelField, name: str, value: str, location: str) -> None:
        validate = self.source.bind(f"validate_{name}", field.validator.validate_python)
        with self.source.block("try:"):
            self.source.line(f"{value} = {validate}({value})")
        with self.source.block(f"except {self.source.use(ValidationError)} as exc:"):
            self.source.line(f"errors += {self.source.use(located_errors)}(exc, {location})")
            self._unset(value)

    def _reader(self, parameter: ParameterPlan, value: str) -> None:
        sources = {
            "path": "path_params",
            "query": "query_params",
            "header": "header_params",
            "cookie": "cookies",
        }
        read = self.source.bind(f"read_{parameter.name}", reader_for(parameter.field).read)
        self.source.line(f"{value}, found = {read}({self._request_wide(sources[parameter.location])})")
        self.source.line("errors += found")
        if self.has_cache:
            with self.source.block("if found:"):
                self._unset(value)

    def _request_wide(self, name: str) -> str:
        """A variable read once per request, wherever it is needed first."""
        if name not in self._ready:
            self._ready.add(name)
            self.source.line(f"{name} = {self._request_wide_expression(name)}")
        return name

    def _request_wide_expression(self, name: str) -> str:
        if name == "path_params":
            return "scope.get('path_params', {})" if self.has_cache else "scope['path_params']"
        if name == "query":
            return f"{self.source.use(runtime.parse_query)}(scope['query_string'])"
        if name == "query_params":
            return f"{self.source.use(QueryParams)}(scope['query_string'])"
        if name == "header_params":
            return f"{self.source.use(Headers)}(scope=scope)"
        return f"{self.source.use(runtime.read_cookies)}(scope)"

    # -- body

    def _body_parameters(self, parameters: tuple[ParameterPlan, ...]) -> dict[str, str]:
        assert self.body is not None
        if self.whole_body is not None:
            with self.source.block(f"if {self.whole_body} is {self.source.bind('MISSING', runtime.MISSING)}:"):
                self._read_body([parameters[0].field])
                self.source.line(f"{self.whole_body} = values.get({parameters[0].name!r})")
            return {parameters[0].name: self.whole_body}
        self._read_body([parameter.field for parameter in parameters])
        names = {}
        for parameter in parameters:
            names[parameter.name] = value = self.source.local(parameter.name)
            default = f", {self._nothing}" if self.has_cache else ""
            self.source.line(f"{value} = values.get({parameter.name!r}{default})")
        return names

    def _read_body(self, fields: list[ModelField]) -> None:
        """Write `values` from the body as data, and what is invalid into `errors`."""
        assert self.body is not None
        bound = self.source.bind("body_fields", fields)
        if not self.has_own_body:  # it may be absent, or data where the plan says form
            call = f"await {self.source.use(request_body_to_args)}({bound}, body, {self.body.embed})"
            self.flush_thread()
        elif self.body.is_form:
            if needs_file_reads(fields):
                call = f"await {self.source.use(read_form_body)}({bound}, body, {self.body.embed})"
                self.flush_thread()
            else:
                call = f"{self.source.use(read_form_values)}({bound}, body, {self.body.embed})"
        else:
            call = f"{self.source.use(read_json_body)}({bound}, body, {self.body.embed})"
        self.source.line(f"values, found = {call}")
        self.source.line("errors += found")

    # -- parts of the request

    def _special(self, special: Special, node: DependencyPlan) -> str:
        if special is Special.SCOPES:
            return f"{self.source.use(SecurityScopes)}({list(node.oauth_scopes)!r})"
        if special is Special.CONNECTION:
            return self.connection
        name: str = special.value
        return name


def join(*arguments: str) -> str:
    """Arguments of a call, without those that are empty."""
    return ", ".join(filter(None, arguments))


def missing_at(location: tuple[str, ...]) -> dict[str, Any]:
    """The error for a required value that was not sent."""
    return {"type": "missing", "loc": location, "msg": "Field required", "input": None}


def is_any_text(field: ModelField) -> bool:
    """Whether every text is valid and stays as it is: `str`, without constraints."""
    # PERF (W2): a call of the validator saved per parameter.
    info = field.field_info
    if isinstance(info, Path) and info.annotation is not Any:
        return False  # a converter such as {x:float} may have made something else of it
    return info.annotation in (str, str | None, Any) and not info.metadata and info.discriminator is None


def can_fail(node: DependencyPlan) -> bool:
    """Whether reading the parameters of the node or its dependencies may find something invalid."""
    return any(map(can_fail, node.dependencies)) or any(_may_be_invalid(parameter) for parameter in node.parameters)


def _may_be_invalid(parameter: ParameterPlan) -> bool:
    if parameter.location == "body" or not is_simple_scalar(parameter.field):
        return True
    field = parameter.field
    return field.field_info.is_required() or not is_any_text(field) or not has_constant_default(field)


def calls_something_uncached(node: DependencyPlan) -> bool:
    return any(not child.use_cache or calls_something_uncached(child) for child in node.dependencies)


def count_uses(node: DependencyPlan, key: Any) -> int:
    return sum((child.cache_key == key) + count_uses(child, key) for child in node.dependencies)


def needs_of(root: DependencyPlan) -> frozenset[Special]:
    """Which parts of the request anybody in the tree asks for."""
    found = {special for _, special in root.specials}
    for child in root.dependencies:
        found |= needs_of(child)
    return frozenset(found)


def has_exits(root: DependencyPlan) -> bool:
    """Whether some dependency has code after `yield`."""
    return any(child.kind.has_exit or has_exits(child) for child in root.dependencies)


def has_async_exits(root: DependencyPlan) -> bool:
    return any(
        child.kind is CallKind.ASYNC_GENERATOR or has_async_exits(child) for child in root.dependencies
    )


__all__ = ["RESERVED", "BackgroundTasks", "DependencyEmitter", "has_async_exits", "has_exits", "needs_of"]
