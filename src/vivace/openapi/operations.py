"""One path item: the operations of one route, as OpenAPI describes them (OAS 3.1, 4.8.9 and 4.8.10).

`build_path_item` puts an operation together from pieces, in the order in which they stand in the document:
metadata, security, parameters, request body, callbacks, responses, and last what the user adds. The pieces
are plain dicts.

Rules: a route is read, never written to. Knows plans and fields; knows nothing of the rest of the document,
and nothing of compiled code.
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from starlette.routing import BaseRoute

from vivace import params
from vivace._plan.fields import ModelField
from vivace.security.base import SecurityBase

from .constants import METHODS_WITH_BODY
from .merge import merged
from .parameters import examples, operation_parameters
from .responses import (
    HTTP_VALIDATION_ERROR,
    VALIDATION_ERROR,
    VALIDATION_ERROR_RESPONSE,
    describes_validation_errors,
    operation_responses,
)
from .routes import Documented, Operation, is_operation
from .schemas import JsonSchema, Schemas
from .security import security_requirements

PathItem: TypeAlias = dict[str, Any]


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
    parameters = operation_parameters(documented.flat, findings.schemas)
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
    operation["responses"] = operation_responses(route, findings.schemas)
    if _can_fail_validation(documented) and not describes_validation_errors(operation["responses"]):
        operation["responses"]["422"] = VALIDATION_ERROR_RESPONSE
        findings.definitions.setdefault("ValidationError", VALIDATION_ERROR)
        findings.definitions.setdefault("HTTPValidationError", HTTP_VALIDATION_ERROR)
    return merged(operation, route.openapi_extra) if route.openapi_extra else operation


def _can_fail_validation(documented: Documented) -> bool:
    flat = documented.flat
    return bool(flat.path or flat.query or flat.header or flat.cookie or documented.route.body_field)


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


def request_body(body_field: ModelField, schemas: Schemas) -> dict[str, Any]:
    """The request body object: `{"required": True, "content": {"application/json": {"schema": ...}}}`."""
    info = body_field.field_info
    assert isinstance(info, params.Body)
    body: dict[str, Any] = {"required": True} if info.is_required() else {}
    body["content"] = {info.media_type: {"schema": schemas.of(body_field), **examples(info)}}
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
