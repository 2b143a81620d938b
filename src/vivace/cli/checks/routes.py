"""Rules about the application object: its routes, their declarations and its middleware."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from vivace import FastAPI
from vivace.inspect import Mistake, RouteInfo, compile_routes, list_routes, untyped_parameters
from vivace.responses import JSONResponse

from .findings import Finding


def check_routes(app: FastAPI) -> Iterator[Finding]:
    for mistake in compile_routes(app):
        yield _mistake(mistake)
    routes = list_routes(app)
    yield from _duplicate_operation_ids(routes)
    yield from _unreachable(routes)
    for route in routes:
        if route.operation is not None:
            yield from _untyped(route)
            yield from _without_response_model(route)


def finding_of_error(error: Exception, file: str, line: int) -> Finding:
    """A declaration that failed while the application was imported; the message may know the place better."""
    message, _, place = str(error).partition("\nIn ")
    found = re.search(r"\((.+):(\d+)\)\.?$", place or message)
    if found:
        file, line = found[1], int(found[2])
        message = message.removesuffix(f" In {place}")
    return Finding("V001", message.strip() or type(error).__name__, file, line)


def _mistake(mistake: Mistake) -> Finding:
    place = mistake.route.endpoint
    assert place is not None, "compiled routes have endpoints"
    code = "V001" if mistake.is_error else "V002"
    message = mistake.message.partition("\nIn ")[0]
    return _at(mistake.route, code, f"{mistake.route.title}: {message}")


def _at(route: RouteInfo, code: str, message: str, remedy: str | None = None) -> Finding:
    """A finding at an endpoint: comments count from its decorator to its head."""
    place = route.endpoint
    file, line = (place.file, place.line) if place else (None, None)
    return Finding(
        code, message, file or "<unknown>", line or 0, _last_line_of_head(route, line or 0), remedy
    )


def _last_line_of_head(route: RouteInfo, line: int) -> int:
    try:
        lines, first = inspect.getsourcelines(inspect.unwrap(route.operation.endpoint))
    except (OSError, TypeError, AttributeError):
        return line
    for number, text in enumerate(lines):
        if re.match(r"\s*(async\s+)?def\s", text):
            head = next(
                (n for n, t in enumerate(lines[number:]) if t.split("#")[0].rstrip().endswith(":")), 0
            )
            return first + number + head
    return line


def _duplicate_operation_ids(routes: list[RouteInfo]) -> Iterator[Finding]:
    seen: dict[str, RouteInfo] = {}
    for route in routes:
        if route.operation_id is None or not route.in_document:
            continue
        first = seen.setdefault(route.operation_id, route)
        if first is not route:
            yield _at(
                route, "V003", f"{route.title} has the operation id {route.operation_id!r} of {first.title}"
            )


# --- unreachable routes ---------------------------------------------------------------------------------------------

# A text for each kind of path parameter that the others refuse where they can.
_SAMPLES = {
    "str": "vivace-sample",
    "path": "vivace/sample",
    "int": "7",
    "float": "7.5",
    "uuid": "6a2e1d3c-4b5f-4c6d-8e7f-901234567890",
}


def _unreachable(routes: list[RouteInfo]) -> Iterator[Finding]:
    for index, route in enumerate(routes):
        if route.operation is None:
            continue
        path = _sample_path(route)
        earlier = [
            e
            for e in routes[:index]
            if e.mount == route.mount and e.pattern is not None and e.pattern.match(path)
        ]
        for method in route.methods or ("WS",):
            hider = next((e for e in earlier if _takes(e, method)), None)
            if hider is not None:
                shown = f"{method} {route.path}"
                at = f" ({hider.endpoint.file}:{hider.endpoint.line})" if hider.endpoint else ""
                yield _at(route, "V004", f"{shown} is never reached: {hider.title} answers it{at}")
                break


def _sample_path(route: RouteInfo) -> str:
    convertors = route.operation.param_convertors
    path: str = route.operation.path_format
    for name, convertor in convertors.items():
        kind = type(convertor).__name__.removesuffix("Convertor").lower()
        kind = {"string": "str", "integer": "int"}.get(kind, kind)
        path = path.replace("{" + name + "}", _SAMPLES.get(kind, _SAMPLES["str"]))
    return path


def _takes(route: RouteInfo, method: str) -> bool:
    if route.kind == "mount":
        return True
    if method == "WS":
        return route.kind == "websocket"
    return route.kind != "websocket" and (not route.methods or method in route.methods)


# --- what the document lacks ----------------------------------------------------------------------------------------


def _untyped(route: RouteInfo) -> Iterator[Finding]:
    for name in untyped_parameters(route.operation.endpoint):
        yield _at(route, "V202", f"{route.title}: the parameter {name!r} has no type")


def _without_response_model(route: RouteInfo) -> Iterator[Finding]:
    operation: Any = route.operation
    if route.kind != "http" or not route.in_document or operation.response_model is not None:
        return
    if operation.status_code in (204, 205, 304) or operation.is_sse_stream or operation.is_json_stream:
        return
    response_class = getattr(operation.response_class, "value", operation.response_class)
    if not (isinstance(response_class, type) and issubclass(response_class, JSONResponse)):
        return
    declared = getattr(operation, "original_route", operation)
    if declared.declared_response_model is None or _annotates_return(operation.endpoint):
        return
    yield _at(route, "V201", f"{route.title} does not say what it returns")


def _annotates_return(endpoint: Any) -> bool:
    try:
        annotation = inspect.signature(endpoint).return_annotation
    except (TypeError, ValueError):
        return True
    return annotation is not inspect.Signature.empty
