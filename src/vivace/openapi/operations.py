"""One path item: the operations of one route, as OpenAPI describes them (OAS 3.1, 4.8.9 to 4.8.17).

`build_path_item` puts an operation together from pieces, each made by a function of its own: metadata,
security, parameters, request body, callbacks, responses, and last what the user adds. The pieces are plain
dicts, in the order in which they stand in the document.

Rules: a route is read, never written to; dicts that came from the user are copied before anything is added
to them. Knows plans and fields; knows nothing of the rest of the document, and nothing of compiled code.
"""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from vivace import params
from vivace._plan.annotations import lenient_issubclass
from vivace._plan.fields import ModelField
from vivace._plan.forms import flat_fields, model_fields, param_aliases, parameter_model
from vivace._plan.nodes import FlatParameters
from vivace._plan.response import body_is_allowed
from vivace.datastructures import DefaultPlaceholder, _Unset
from vivace.encoders import jsonable_encoder
from vivace.security.base import SecurityBase

from .constants import METHODS_WITH_BODY, REF_PREFIX
from .routes import Documented, Operation, is_operation
from .schemas import JsonSchema, Schemas
from .security import security_requirements

PathItem: TypeAlias = dict[str, Any]

# The keys that stand for a range of status codes, or for all that are not named (OAS 3.1, 4.8.16).
STATUS_CODE_RANGES: dict[str, str] = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "DEFAULT": "Default Response",
}

_STATUS_CODES = frozenset(HTTPStatus)

VALIDATION_ERROR: JsonSchema = {
    "title": "ValidationError",
    "type": "object",
    "properties": {
        "loc": {
            "title": "Location",
            "type": "array",
            "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
        "msg": {"title": "Message", "type": "string"},
        "type": {"title": "Error Type", "type": "string"},
        "input": {"title": "Input"},
        "ctx": {"title": "Context", "type": "object"},
    },
    "required": ["loc", "msg", "type"],
}
HTTP_VALIDATION_ERROR: JsonSchema = {
    "title": "HTTPValidationError",
    "type": "object",
    "properties": {
        "detail": {"title": "Detail", "type": "array", "items": {"$ref": REF_PREFIX + "ValidationError"}}
    },
}
_VALIDATION_ERROR_RESPONSE: dict[str, Any] = {
    "description": "Validation Error",
    "content": {"application/json": {"schema": {"$ref": REF_PREFIX + "HTTPValidationError"}}},
}

# The fields of one event:
# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
_SSE_EVENT: JsonSchema = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}


@dataclass(slots=True)
class Findings:
    """What the operations of a document turn out to need in its `components`, and the ids that they have taken."""

    schemas: Schemas
    definitions: dict[str, JsonSchema] = field(default_factory=dict)
    security_schemes: dict[str, SecurityBase] = field(default_factory=dict)
    operation_ids: set[str] = field(default_factory=set)


def build_path_item(documented: Documented, findings: Findings) -> PathItem:
    """The operations of a route by method: `{"get": {"summary": "Read Item", ...}}`.

    Adds to `findings` what the operations refer to. Warns of an operation id that is taken already.
    """
    # PERF (W13): all methods of a route share what does not depend on the method.
    parameters = _parameters(documented.flat, findings.schemas)
    return {
        method.lower(): _operation(documented, method, parameters, findings)
        for method in documented.route.methods
    }


def _operation(
    documented: Documented, method: str, parameters: list[dict[str, Any]], findings: Findings
) -> dict[str, Any]:
    route = documented.route
    operation = operation_metadata(route, method, findings.operation_ids)
    if documented.security:
        operation["security"] = security_requirements(documented.security)
        findings.security_schemes.update({use.scheme.scheme_name: use.scheme for use in documented.security})
    if parameters:
        operation["parameters"] = parameters
    if method in METHODS_WITH_BODY and route.body_field is not None:
        operation["requestBody"] = request_body(route.body_field, findings.schemas)
    if route.callbacks:
        operation["callbacks"] = _callbacks(route.callbacks, findings)
    operation["responses"] = _responses(route, findings.schemas)
    if _can_fail_validation(documented) and not _describes_validation_errors(operation["responses"]):
        operation["responses"]["422"] = _VALIDATION_ERROR_RESPONSE
        findings.definitions.setdefault("ValidationError", VALIDATION_ERROR)
        findings.definitions.setdefault("HTTPValidationError", HTTP_VALIDATION_ERROR)
    return merged(operation, route.openapi_extra) if route.openapi_extra else operation


# ---- metadata ----------------------------------------------------------------------------------------------


def operation_metadata(route: Operation, method: str, operation_ids: set[str]) -> dict[str, Any]:
    """Tags, summary, description, id and deprecation; the id joins `operation_ids`."""
    metadata: dict[str, Any] = {}
    if route.tags:
        metadata["tags"] = route.tags
    metadata["summary"] = operation_summary(route)
    if route.description:
        metadata["description"] = route.description
    operation_id = route.operation_id or route.unique_id
    if operation_id in operation_ids:
        warnings.warn(_duplicate_id(operation_id, route.endpoint), stacklevel=1)
    operation_ids.add(operation_id)
    metadata["operationId"] = operation_id
    if route.deprecated:
        metadata["deprecated"] = route.deprecated
    return metadata


def operation_summary(route: Operation) -> str:
    """The summary that the user wrote, or the route's name in words: `Read Item` for `read_item`."""
    return route.summary or route.name.replace("_", " ").title()


def _duplicate_id(operation_id: str, endpoint: Callable[..., Any]) -> str:
    name = getattr(endpoint, "__name__", "<unnamed_endpoint>")
    file = getattr(endpoint, "__globals__", {}).get("__file__")
    return f"Duplicate Operation ID {operation_id} for function {name}" + (f" at {file}" if file else "")


# ---- parameters --------------------------------------------------------------------------------------------


def _parameters(flat: FlatParameters, schemas: Schemas) -> list[dict[str, Any]]:
    """Parameter objects of all locations, one for each name in a location: the last that is required, or the last."""
    parameters = [
        parameter
        for location, uses in (
            ("path", flat.path),
            ("query", flat.query),
            ("header", flat.header),
            ("cookie", flat.cookie),
        )
        for use in uses
        for parameter in _field_parameters(use.field, location, schemas)
    ]
    unique = {(parameter["in"], parameter["name"]): parameter for parameter in parameters}
    unique |= {
        (parameter["in"], parameter["name"]): parameter for parameter in parameters if parameter["required"]
    }
    return list(unique.values())


def _field_parameters(field: ModelField, location: str, schemas: Schemas) -> Iterator[dict[str, Any]]:
    convert = location == "header" and bool(getattr(field.field_info, "convert_underscores", False))
    model = parameter_model(field)
    # A model that may be left out (`Filters | None = None`) makes none of its parameters required.
    optional = (
        model is not None and field.field_info.annotation is not model and not field.field_info.is_required()
    )
    for part in [field] if model is None else model_fields(model):
        if _is_shown(field) and _is_shown(part):
            yield _parameter(part, location, convert, optional, schemas)


def _is_shown(field: ModelField) -> bool:
    # Plain fields, as models have them, are always shown.
    return bool(getattr(field.field_info, "include_in_schema", True))


def _parameter(
    field: ModelField, location: str, convert_underscores: bool, optional: bool, schemas: Schemas
) -> dict[str, Any]:
    info = field.field_info
    alias, name = param_aliases(field, convert_underscores=convert_underscores)[0]
    parameter = {
        "name": name,
        "in": location,
        "required": info.is_required() and not optional,
        "schema": schemas.of(field, alias=alias),
    }
    if info.description:
        parameter["description"] = info.description
    parameter |= _examples(info)
    if getattr(info, "deprecated", None):
        parameter["deprecated"] = True
    return parameter


def _examples(info: Any) -> dict[str, Any]:
    """`examples` as OpenAPI has them, by name, or else the one `example` of older versions."""
    if examples := getattr(info, "openapi_examples", None):
        return {"examples": jsonable_encoder(examples)}
    example = getattr(info, "example", _Unset)
    return {} if example == _Unset else {"example": jsonable_encoder(example)}


# ---- request body and callbacks ----------------------------------------------------------------------------


def request_body(body_field: ModelField, schemas: Schemas) -> dict[str, Any]:
    """The request body object: `{"required": True, "content": {"application/json": {"schema": ...}}}`."""
    info = body_field.field_info
    assert isinstance(info, params.Body)
    body: dict[str, Any] = {"required": True} if info.is_required() else {}
    body["content"] = {info.media_type: {"schema": schemas.of(body_field), **_examples(info)}}
    return body


def _callbacks(routes: Iterable[BaseRoute], findings: Findings) -> dict[str, Any]:
    """Callback objects by name: the requests that the API's caller is going to receive (OAS 3.1, 4.8.18).

    What they need in `components` stays out: a callback's security schemes are those of another server.
    """
    apart = Findings(findings.schemas, operation_ids=findings.operation_ids)
    return {
        route.name: {
            route.path: build_path_item(Documented.read(route), apart) if route.include_in_schema else {}
        }
        for route in routes
        if is_operation(route)
    }


# ---- responses ---------------------------------------------------------------------------------------------


def _responses(route: Operation, schemas: Schemas) -> dict[str, Any]:
    """Response objects by status code: the endpoint's own, then the additional ones that the user describes."""
    response_class = _actual(route.response_class)
    responses = {_status_code(route, response_class): _own_response(route, response_class, schemas)}
    for status_code, described in route.responses.items():
        key = "default" if str(status_code).upper() == "DEFAULT" else str(status_code).upper()
        response = _additional_response(route, status_code, described, response_class, schemas)
        base = responses.get(key, {})
        status_text = _status_text(status_code)
        description = response.get("description") or base.get("description") or status_text
        responses[key] = merged(base, response) | {"description": description}
    return responses


def _own_response(route: Operation, response_class: type[Response], schemas: Schemas) -> dict[str, Any]:
    response: dict[str, Any] = {"description": route.response_description}
    if body_is_allowed(route.status_code):
        content = _own_content(route, response_class, schemas)
        if content is not None:
            response["content"] = content
    return response


def _own_content(route: Operation, response_class: type[Response], schemas: Schemas) -> dict[str, Any] | None:
    """Media types that the endpoint answers with; `None` where the response class does not say."""
    if route.is_sse_stream:
        return {"text/event-stream": {"itemSchema": _event_schema(route.stream_item_field, schemas)}}
    if route.is_json_stream:
        # `itemSchema` describes one item of a sequence (OAS 3.2, 4.14.3): readers of 3.1 pass over it.
        item = route.stream_item_field
        return {"application/jsonl": {"itemSchema": schemas.of(item) if item else {}}}
    if not response_class.media_type:
        return None
    if not lenient_issubclass(response_class, JSONResponse):
        return {response_class.media_type: {"schema": {"type": "string"}}}
    return {
        response_class.media_type: {
            "schema": schemas.of(route.response_field) if route.response_field else {}
        }
    }


def _event_schema(item: ModelField | None, schemas: Schemas) -> JsonSchema:
    """An event of a stream, whose `data` is JSON if the items' type is known."""
    if item is None:
        return _SSE_EVENT
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schemas.of(item)}
    return {**_SSE_EVENT, "properties": {**_SSE_EVENT["properties"], "data": data}, "required": ["data"]}


def _additional_response(
    route: Operation,
    status_code: int | str,
    described: Mapping[str, Any],
    response_class: type[Response],
    schemas: Schemas,
) -> dict[str, Any]:
    """What the user describes under one status code, with the schema of its `model` in the route's media type."""
    response = {key: value for key, value in described.items() if key != "model"}
    field = route.response_fields.get(status_code)
    if field is None:
        return response
    media_type = response_class.media_type or "application/json"
    content = response.get("content", {})
    described_type = content.get(media_type, {})
    schema = merged(described_type.get("schema", {}), schemas.of(field))
    return response | {"content": content | {media_type: described_type | {"schema": schema}}}


def _status_code(route: Operation, response_class: type[Response]) -> str:
    """The endpoint's own status code, or the one with which its response class is made unless told otherwise."""
    if route.status_code is not None:
        return str(route.status_code)
    parameter = inspect.signature(response_class.__init__).parameters.get("status_code")
    default = parameter.default if parameter else None
    return str(default) if isinstance(default, int) else "200"


def _status_text(status_code: int | str) -> str:
    """What a status code says by itself. Raises ValueError for a key that is no code and no range of codes."""
    if text := STATUS_CODE_RANGES.get(str(status_code).upper()):
        return text
    code = int(status_code)
    return HTTPStatus(code).phrase if code in _STATUS_CODES else "Additional Response"


def _can_fail_validation(documented: Documented) -> bool:
    flat = documented.flat
    return bool(flat.path or flat.query or flat.header or flat.cookie or documented.route.body_field)


def _describes_validation_errors(responses: Mapping[str, Any]) -> bool:
    return any(key in responses for key in ("422", "4XX", "default"))


# ---- small things ------------------------------------------------------------------------------------------


def _actual(value: Any) -> Any:
    return value.value if isinstance(value, DefaultPlaceholder) else value


def merged(base: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Both as one, all the way down: dicts are merged, lists put together, and anything else replaced.

    >>> merged({"a": {"b": 1}, "tags": ["x"]}, {"a": {"c": 2}, "tags": ["y"]})
    {'a': {'b': 1, 'c': 2}, 'tags': ['x', 'y']}
    """
    result = dict(base)
    for key, value in update.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            result[key] = old + value
        else:
            result[key] = value
    return result


# ---- the fields that a route's operations show -------------------------------------------------------------


def response_fields(documented: Documented) -> Iterator[ModelField]:
    """The response model, the models of additional responses, and the items of a stream."""
    route = documented.route
    if route.response_field is not None:
        yield route.response_field
    yield from route.response_fields.values()
    if route.stream_item_field is not None:
        yield route.stream_item_field


def parameter_fields(documented: Documented) -> Iterator[ModelField]:
    """Parameters of every location, where the fields of a parameter model stand for the model."""
    flat = documented.flat
    return (
        field
        for uses in (flat.path, flat.query, flat.header, flat.cookie)
        for field in flat_fields([use.field for use in uses])
    )
