"""Responses of an operation: what the endpoint answers with, and what else the user says it may (OAS 3.1, 4.8.16).

Rules: what users wrote comes before what is known anyway, and is copied before anything is added to it.
Knows routes and schemas; knows nothing of the rest of the document.
"""

import inspect
from collections.abc import Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from vivace._plan.annotations import lenient_issubclass
from vivace._plan.fields import ModelField
from vivace._status import is_body_allowed_for_status_code
from vivace.datastructures import DefaultPlaceholder

from .constants import REF_PREFIX
from .merge import merged
from .routes import Operation
from .schemas import JsonSchema, Schemas

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
VALIDATION_ERROR_RESPONSE: dict[str, Any] = {
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


def operation_responses(route: Operation, schemas: Schemas) -> dict[str, Any]:
    """Response objects by status code: the endpoint's own, then the additional ones that the user describes."""
    response_class = route.response_class
    if isinstance(response_class, DefaultPlaceholder):
        response_class = response_class.value
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
    if is_body_allowed_for_status_code(route.status_code):
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


def _status_code(route: Operation, response_class: Any) -> str:
    """The endpoint's own status code, or the one with which its response class is made unless told otherwise."""
    return str(route.status_code if route.status_code is not None else _default_status_code(response_class))


# PERF (W13): a program has few response classes, and `inspect` takes longer than the rest of an operation.
@lru_cache(maxsize=256)
def _default_status_code(response_class: Any) -> int:
    parameter = inspect.signature(response_class.__init__).parameters.get("status_code")
    default = parameter.default if parameter else None
    return default if isinstance(default, int) else 200


def _status_text(status_code: int | str) -> str:
    """What a status code says by itself. Raises ValueError for a key that is no code and no range of codes."""
    if text := STATUS_CODE_RANGES.get(str(status_code).upper()):
        return text
    code = int(status_code)
    return HTTPStatus(code).phrase if code in _STATUS_CODES else "Additional Response"


def describes_validation_errors(responses: Mapping[str, Any]) -> bool:
    """Whether the user says what a request that fails validation is answered with."""
    return any(key in responses for key in ("422", "4XX", "default"))


def response_fields(route: Operation) -> Iterator[ModelField]:
    """The response model, the models of additional responses, and the items of a stream."""
    if route.response_field is not None:
        yield route.response_field
    yield from route.response_fields.values()
    if route.stream_item_field is not None:
        yield route.stream_item_field
