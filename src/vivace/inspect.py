"""Look at an application from outside: its routes, and what became of each endpoint.

    from vivace.inspect import explain, list_routes

    for route in list_routes(app):
        print(route.methods, route.path, route.endpoint)

    print(explain(app, "GET /items/{item_id}").source)

What `vivace routes`, `vivace explain` and `vivace check` print. Values only: nothing here changes the application,
except that an endpoint that is explained is compiled.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Host, Match, Mount

from vivace._debug import is_users_file
from vivace._match.contexts import RouteContext, iter_route_contexts
from vivace._operation import Operation, Planned, WebSocketOperation
from vivace._plan.description import (
    ParameterInfo,
    Place,
    StepInfo,
    describe_parameters,
    describe_response,
    describe_steps,
    place_of,
    type_text,
)
from vivace._plan.mistakes import DeclarationWarning
from vivace._plan.nodes import EndpointPlan, walk
from vivace._plan.signature import bare_call, call_kind
from vivace.params import Depends

if TYPE_CHECKING:
    from vivace.applications import FastAPI

__all__ = [
    "Explanation",
    "Mistake",
    "ParameterInfo",
    "Place",
    "PossibleError",
    "RouteInfo",
    "RouteNotFoundError",
    "StepInfo",
    "compile_routes",
    "explain",
    "is_users_file",
    "list_routes",
    "untyped_parameters",
]


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """A route as it is served, with the prefixes and options of the routers above it."""

    kind: str  # http, websocket, mount, or other for a route of Starlette's kind
    methods: tuple[str, ...]
    path: str
    name: str | None
    endpoint: Place | None
    is_async: bool
    dependencies: tuple[str, ...]  # names, in the order in which they are called
    response_model: str | None
    tags: tuple[str, ...]
    operation_id: str | None
    in_document: bool
    mount: str  # the prefix of the mounted application that it belongs to, or ""
    pattern: re.Pattern[str] | None  # that paths below the mount have to match
    operation: Any  # the object that is planned and compiled; None for routes that are not vivace's

    @property
    def title(self) -> str:
        """`GET /items/{item_id}`: how `explain` finds it."""
        verb = {"websocket": "WS", "mount": "MOUNT"}.get(self.kind) or ",".join(self.methods) or "ANY"
        return f"{verb} {self.path}"


@dataclass(frozen=True, slots=True)
class PossibleError:
    """An error that an endpoint can answer: the status, and when."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of one endpoint."""

    route: RouteInfo
    parameters: tuple[ParameterInfo, ...]
    steps: tuple[StepInfo, ...]
    response: str | None  # None for a WebSocket
    errors: tuple[PossibleError, ...]
    source: str  # of the compiled function
    file_name: str  # under which tracebacks show it


class RouteNotFoundError(LookupError):
    """No route answers what was asked for; the message lists what comes near."""


def list_routes(app: FastAPI) -> list[RouteInfo]:
    """Every route of the application and of the applications mounted in it, in the order of declaration."""
    return list(_iter_routes(app.routes, ""))


def explain(app: FastAPI, wanted: str) -> Explanation:
    """What becomes of one endpoint.

    Args:
        wanted: a method and a path: the path as declared, `"GET /items/{item_id}"`, or one of a request,
            `"GET /items/3"`. `"WS /chat"` is a WebSocket; a path alone is the first route under it.

    Raises:
        RouteNotFoundError: nothing is declared there, or something that vivace does not compile.
    """
    route = _find(list_routes(app), wanted)
    operation = route.operation
    plan: EndpointPlan = operation.plan
    function = _compiled(operation)
    is_http = isinstance(operation, Operation)
    return Explanation(
        route=route,
        parameters=tuple(describe_parameters(plan)),
        steps=tuple(describe_steps(plan)),
        response=describe_response(plan) if is_http else None,
        errors=tuple(_possible_errors(operation, plan)) if is_http else (),
        source=inspect.getsource(function),
        file_name=function.__code__.co_filename,
    )


@dataclass(frozen=True, slots=True)
class Mistake:
    """What compiling a route has brought to light."""

    route: RouteInfo
    message: str
    is_error: bool  # rather than a warning


def compile_routes(app: FastAPI) -> list[Mistake]:
    """Compile every route now, rather than at its first request; returns what is wrong with their declarations."""
    mistakes = []
    for route in list_routes(app):
        if route.operation is None:
            continue
        # What was warned of once is to be said again.
        route.operation.__dict__.pop("variants", None)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                _compiled(route.operation)
            except Exception as error:  # whatever is wrong with a declaration, the others are to be heard too
                mistakes.append(Mistake(route, str(error), is_error=True))
        mistakes += [
            Mistake(route, str(warning.message), is_error=False)
            for warning in caught
            if issubclass(warning.category, DeclarationWarning)
        ]
    return mistakes


def untyped_parameters(call: Callable[..., Any]) -> list[str]:
    """The parameters without an annotation that are read from the request."""
    parameters = inspect.signature(call).parameters.values()
    return [
        parameter.name
        for parameter in parameters
        if parameter.annotation is inspect.Parameter.empty and not isinstance(parameter.default, Depends)
    ]


def _compiled(operation: Any) -> Any:
    variants, overrides = operation.variants, operation.overrides
    if isinstance(operation, WebSocketOperation):
        return variants.websocket(overrides)
    is_wrapped = getattr(operation.app, "is_custom", False)  # by a route class
    return variants.handler(overrides) if is_wrapped else variants.flat(overrides)


# --- routes ---------------------------------------------------------------------------------------------------------


def _iter_routes(routes: Iterable[BaseRoute], prefix: str) -> Iterator[RouteInfo]:
    for context in iter_route_contexts(routes):
        shown: Any = getattr(context, "starlette_route", None) or context.route
        if isinstance(shown, Mount | Host):
            yield _other(context, "mount", prefix)
            yield from _iter_routes(shown.routes or (), prefix + getattr(shown, "path", ""))
        elif isinstance(context._effective_route, Planned):
            yield _planned(context._effective_route, prefix)
        else:
            yield _other(context, "other", prefix)


def _planned(operation: Any, prefix: str) -> RouteInfo:
    is_http = isinstance(operation, Operation)
    model = getattr(operation, "response_model", None)
    steps = describe_steps(operation.plan)[:-1]
    return RouteInfo(
        kind="http" if is_http else "websocket",
        methods=tuple(sorted(operation.methods)) if is_http else (),
        path=prefix + operation.path_format,
        name=operation.name,
        endpoint=place_of(operation.endpoint),
        is_async=not call_kind(operation.endpoint, operation.inline).is_in_thread,
        dependencies=tuple(step.place.name.rpartition(":")[2] for step in steps),
        response_model=None if model is None else type_text(model),
        tags=tuple(str(getattr(tag, "value", tag)) for tag in getattr(operation, "tags", ())),
        operation_id=getattr(operation, "unique_id", None),
        in_document=bool(getattr(operation, "include_in_schema", False)),
        mount=prefix,
        pattern=operation.path_regex,
        operation=operation,
    )


def _other(context: RouteContext, kind: str, prefix: str) -> RouteInfo:
    endpoint = context.endpoint
    path = context.path if context.path is not None else getattr(context.route, "host", None)
    return RouteInfo(
        kind=kind,
        methods=tuple(sorted(context.methods or ())),
        path=prefix + (path or ""),
        name=context.name,
        endpoint=place_of(endpoint) if endpoint is not None else None,
        is_async=endpoint is not None and not call_kind(endpoint).is_in_thread,
        dependencies=(),
        response_model=None,
        tags=(),
        operation_id=None,
        in_document=False,
        mount=prefix,
        pattern=getattr(context._effective_route, "path_regex", None),
        operation=None,
    )


def _find(routes: list[RouteInfo], wanted: str) -> RouteInfo:
    method, _, path = wanted.strip().rpartition(" ")
    method = method.strip().upper()
    fitting = [route for route in routes if _has_method(route, method)]
    found = [route for route in fitting if route.path == path] or [
        route for route in fitting if _answers(route, path)
    ]
    if not found:
        near = [route.title for route in routes if route.path == path] or [route.title for route in routes]
        raise RouteNotFoundError(
            f"There is no route {wanted!r}. There are: {', '.join(near[:12])}{', …' if len(near) > 12 else ''}"
        )
    if found[0].operation is None:
        raise RouteNotFoundError(
            f"{found[0].title} is not declared with vivace's decorators, so there is nothing compiled to explain"
        )
    return found[0]


def _has_method(route: RouteInfo, method: str) -> bool:
    if not method:
        return True
    if method in ("WS", "WEBSOCKET"):
        return route.kind == "websocket"
    return method in route.methods


def _answers(route: RouteInfo, path: str) -> bool:
    if route.operation is None:
        return False
    scope: dict[str, Any] = {
        "type": "websocket" if route.kind == "websocket" else "http",
        "path": path,
        "root_path": "",
        "method": next(iter(route.methods), "GET"),
        "headers": [],
    }
    match, _ = route.operation.matches(scope)
    return match is Match.FULL


# --- errors ---------------------------------------------------------------------------------------------------------


def _possible_errors(operation: Any, plan: EndpointPlan) -> Iterator[PossibleError]:
    """What can be told without running it; an exception from deep inside the program is not among them."""
    for node in walk(plan.root):
        scheme = node.security_scheme
        if scheme is not None and getattr(scheme, "auto_error", False):
            yield PossibleError(401, f"{scheme.scheme_name} finds no credentials")
    for node in walk(plan.root):
        if node.call is not None and node.security_scheme is None:
            for status in raised_statuses(node.call):
                yield PossibleError(status, f"{place_of(node.call).name} raises it")
    if plan.body is not None:
        if operation.max_body_size is not None:
            yield PossibleError(413, f"the body has more than {operation.max_body_size} bytes")
        yield PossibleError(400, "the body cannot be parsed")
    if any(node.parameters for node in walk(plan.root)):
        yield PossibleError(422, "a value is missing, or does not validate")
    if plan.response.field is not None:
        yield PossibleError(500, "what the endpoint returns does not fit the response model")


def raised_statuses(call: Callable[..., Any]) -> list[int]:
    """The statuses of every `raise HTTPException(…)` that stands in the source of `call`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(bare_call(call))))
    except (OSError, TypeError, SyntaxError):  # no source: built in, or made at run time
        return []
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    found = [_status(exc) for exc in raised if isinstance(exc, ast.Call) and _is_http_exception(exc.func)]
    return sorted({status for status in found if status is not None})


def _is_http_exception(function: ast.expr) -> bool:
    return ast.unparse(function).rpartition(".")[2] == "HTTPException"


def _status(call: ast.Call) -> int | None:
    """Of `HTTPException(404)`, `…(status_code=status.HTTP_404_NOT_FOUND)`, `…(HTTPStatus.NOT_FOUND)`."""
    given = next((item.value for item in call.keywords if item.arg == "status_code"), None)
    given = given or next(iter(call.args), None)
    if isinstance(given, ast.Constant) and isinstance(given.value, int):
        return given.value
    if isinstance(given, ast.Attribute):
        digits = [part for part in given.attr.split("_") if part.isdigit()]
        if digits:
            return int(digits[0])
        named = HTTPStatus.__members__.get(given.attr)
        return None if named is None else int(named)
    return None
