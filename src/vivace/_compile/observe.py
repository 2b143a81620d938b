"""What the composed form tells telemetry. Nothing, unless the request is observed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pydantic_core import PydanticUndefined

from vivace.exceptions import RequestValidationError, WebSocketRequestValidationError

# The key of the scope under which an observed request keeps its telemetry.
SCOPE_KEY = "fastapi.telemetry"

_NOTHING: AbstractContextManager[Any] = nullcontext()


def started(observed: Any, connection: Any) -> None:
    if observed is None:
        return
    if connection.scope["type"] == "websocket":
        observed.data.websocket = connection
    else:
        observed.data.request = connection


def observed_dependencies(
    observed: Any, endpoint: Callable[..., Any] | None, body: Any
) -> AbstractContextManager[Any]:
    if observed is None:
        return _NOTHING
    observed.data.body = None if body is PydanticUndefined else body
    return operation(observed, "dependencies", endpoint)


def observed_serialization(observed: Any, endpoint: Callable[..., Any]) -> AbstractContextManager[Any]:
    return _NOTHING if observed is None else operation(observed, "serialization", endpoint)


def operation(observed: Any, name: str, endpoint: Callable[..., Any] | None) -> AbstractContextManager[Any]:
    """A span around one step of an observed request."""
    from vivace.telemetry import _api

    return _api.operation(observed, name, endpoint)


def solved(observed: Any, values: dict[str, Any], errors: list[Any]) -> None:
    if observed is not None:
        observed.data.values, observed.data.errors = values, errors


def validation_failed(observed: Any, error: RequestValidationError | WebSocketRequestValidationError) -> None:
    if observed is not None:
        from vivace.telemetry import _api

        _api.validation_failed(observed, error)


def invalid_body(observed: Any, error: RequestValidationError) -> None:
    if observed is not None:
        from vivace.telemetry import _api

        _api.invalid_body(observed, error)


async def run_endpoint(
    observed: Any, run: Callable[..., Any], *, dependant: Any, values: dict[str, Any], is_coroutine: bool
) -> Any:
    if observed is None:
        return await run(dependant=dependant, values=values, is_coroutine=is_coroutine)
    from vivace.telemetry import _api

    return await _api.run_endpoint(
        observed, run, dependant=dependant, values=values, is_coroutine=is_coroutine
    )


def observed_endpoint(observed: Any, endpoint: Callable[..., Any]) -> AbstractContextManager[Any]:
    return _NOTHING if observed is None else operation(observed, "endpoint", endpoint)
