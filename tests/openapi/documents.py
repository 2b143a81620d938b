"""One endpoint in, its part of the document out: what most tests of this folder are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vivace import FastAPI

Json = dict[str, Any]


def document_of(
    endpoint: Callable[..., Any],
    *,
    path: str = "/",
    method: str = "GET",
    app: FastAPI | None = None,
    **options: Any,
) -> Json:
    """The document of an application with this one endpoint."""
    app = app or FastAPI()
    app.router.add_api_route(path, endpoint, methods=[method], **options)
    return app.openapi()


def operation_of(
    endpoint: Callable[..., Any], *, path: str = "/", method: str = "GET", **options: Any
) -> Json:
    """The operation that describes the endpoint."""
    operation: Json = document_of(endpoint, path=path, method=method, **options)["paths"][path][
        method.lower()
    ]
    return operation


def parameters_of(endpoint: Callable[..., Any], *, path: str = "/", **options: Any) -> list[Json]:
    """The parameters in the endpoint's operation."""
    parameters: list[Json] = operation_of(endpoint, path=path, **options).get("parameters", [])
    return parameters


def definitions_of(endpoint: Callable[..., Any], **options: Any) -> Json:
    """The definitions that users asked for: all but those of the validation error."""
    schemas = document_of(endpoint, **options).get("components", {}).get("schemas", {})
    return {name: schema for name, schema in schemas.items() if "ValidationError" not in name}
