"""A plan in words: what `vivace explain` and the debug page print of an endpoint. Reads plans, decides nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .forms import param_aliases
from .nodes import DependencyPlan, EndpointPlan, ParameterPlan, ResponseMode, Special
from .signature import bare_call


@dataclass(frozen=True, slots=True)
class Place:
    """Where a callable is written: `Place("shop.items:read_item", "/srv/shop/items.py", 12)`.

    File and line are None for what is not written in Python.
    """

    name: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.file}:{self.line})" if self.file else self.name


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """One value of the request: where it comes from, and what it must be."""

    name: str
    location: str  # path, query, header, cookie, body, form; or request for a part of the request itself
    wire_name: str  # how clients write it
    type: str
    constraints: tuple[str, ...]
    required: bool
    default: str | None
    taken_by: str  # the callable that takes it


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One call, in the order in which calls are made."""

    place: Place
    keyword: str | None  # under which its value is passed on
    taken_by: str | None  # to whom; None for the endpoint itself
    kind: str  # sync, async, generator, async generator
    thread: bool  # whether it runs in a worker thread
    cached: bool  # whether others that ask for it in the same request get the same value
    uses: int  # how many ask for it
    exits: str | None  # when the code after `yield` runs
    scopes: tuple[str, ...]  # OAuth2 scopes
    max_concurrency: int | None


def place_of(call: Callable[..., Any]) -> Place:
    """Where `call`, or what it wraps, is written."""
    bare = bare_call(call)
    named = bare if hasattr(bare, "__qualname__") else type(bare)
    written = bare if hasattr(bare, "__code__") else getattr(named, "__init__", None)
    code = getattr(written, "__code__", None)
    name = f"{getattr(named, '__module__', '?')}:{named.__qualname__}"
    return Place(name, code.co_filename, code.co_firstlineno) if code else Place(name)


def type_text(annotation: Any) -> str:
    """A type as the program writes it: `"list[str] | None"`."""
    if annotation is None:
        return "None"
    return str(inspect.formatannotation(annotation)).replace("typing.", "")


def describe_steps(plan: EndpointPlan) -> list[StepInfo]:
    """Every call of a request, the endpoint last: a dependency before whoever needs it, once if it is cached."""
    seen: dict[Any, int] = {}
    _count(plan.root, seen)
    done: set[Any] = set()

    def visit(node: DependencyPlan, parent: DependencyPlan | None) -> Iterator[StepInfo]:
        if node.use_cache and node.cache_key in done:
            return
        for child in node.dependencies:
            yield from visit(child, node)
        done.add(node.cache_key)
        if node.call is None:
            return
        yield StepInfo(
            place=place_of(node.call),
            keyword=node.name,
            taken_by=_short_name(parent),
            kind=node.kind.value,
            thread=node.kind.is_in_thread,
            cached=node.use_cache,
            uses=seen[node.cache_key],
            exits=_exit_text(node),
            scopes=node.oauth_scopes if node.uses_scopes else (),
            max_concurrency=node.concurrency.max_concurrency if node.concurrency else None,
        )

    return list(visit(plan.root, None))


def _count(node: DependencyPlan, seen: dict[Any, int]) -> None:
    seen[node.cache_key] = seen.get(node.cache_key, 0) + 1
    for child in node.dependencies:
        _count(child, seen)


def _exit_text(node: DependencyPlan) -> str | None:
    if not node.kind.has_exit:
        return None
    return "before the answer is sent" if node.exit_scope == "function" else "after the answer is sent"


def _short_name(node: DependencyPlan | None) -> str | None:
    if node is None or node.call is None:
        return None
    return place_of(node.call).name.partition(":")[2]


def describe_parameters(plan: EndpointPlan) -> list[ParameterInfo]:
    """Every value of the request that the endpoint or a dependency takes, in the order in which they are read."""
    done: set[Any] = set()

    def visit(node: DependencyPlan) -> Iterator[ParameterInfo]:
        if node.cache_key in done:
            return
        done.add(node.cache_key)
        for child in node.dependencies:
            yield from visit(child)
        taken_by = _short_name(node) or "?"
        for name, special in node.specials:
            yield _special(name, special, taken_by)
        for parameter in node.parameters:
            yield _parameter(parameter, plan, taken_by)

    return list(visit(plan.root))


def _parameter(parameter: ParameterPlan, plan: EndpointPlan, taken_by: str) -> ParameterInfo:
    info = parameter.info
    location: str = parameter.location
    if location == "body" and plan.body is not None and plan.body.is_form:
        location = "form"
    convert = location == "header" and bool(getattr(info, "convert_underscores", False))
    wire_name = param_aliases(parameter.field, convert_underscores=convert)[0][1]
    return ParameterInfo(
        name=parameter.name,
        location=location,
        wire_name=wire_name,
        type=type_text(info.annotation),
        constraints=tuple(_constraint(item) for item in info.metadata),
        required=parameter.field.required,
        default=None if parameter.field.required else _default(info),
        taken_by=taken_by,
    )


def _default(info: Any) -> str:
    factory = info.default_factory
    return f"{getattr(factory, '__name__', factory)}()" if factory is not None else repr(info.default)


def _constraint(item: Any) -> str:
    """`ge=1` for `Ge(ge=1)`; anything else as it says itself."""
    text = repr(item)
    name, opening, inside = text.partition("(")
    return inside.removesuffix(")") if opening and "=" in inside and name.isidentifier() else text


_SPECIAL_TYPES = {
    Special.REQUEST: "Request",
    Special.WEBSOCKET: "WebSocket",
    Special.CONNECTION: "HTTPConnection",
    Special.RESPONSE: "Response",
    Special.BACKGROUND: "BackgroundTasks",
    Special.SCOPES: "SecurityScopes",
}


def _special(name: str, special: Special, taken_by: str) -> ParameterInfo:
    return ParameterInfo(name, "request", "", _SPECIAL_TYPES[special], (), True, None, taken_by)


def describe_response(plan: EndpointPlan) -> str:
    """How the returned value becomes an answer, in one line."""
    response = plan.response
    if response.mode is ResponseMode.SSE:
        return f"server-sent events{_items_text(plan)}"
    if response.mode is ResponseMode.JSON_LINES:
        return f"a stream of JSON lines{_items_text(plan)}"
    if response.mode is ResponseMode.STREAM:
        return "a stream of bytes"
    written = response.response_class
    how = (
        "JSON, written by Pydantic straight to bytes"
        if written is None
        else f"{written.__name__} of the value"
    )
    if response.field is not None:
        how += f"; validated and filtered as {type_text(response.field.field_info.annotation)}"
    return how


def _items_text(plan: EndpointPlan) -> str:
    field = plan.response.item_field
    return "" if field is None else f", each item validated as {type_text(field.field_info.annotation)}"
