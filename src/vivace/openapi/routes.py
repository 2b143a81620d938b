"""What the document reads of a route, and which routes it reads.

Routers stay a tree: a route's tags, responses and dependencies depend on the routers through which it is
reached. The document sees a route once for each way to reach it, with all of that worked in. Knows nothing
of how.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from starlette.routing import BaseRoute
from typing_extensions import TypeIs

from vivace._plan.fields import ModelField
from vivace._plan.nodes import EndpointPlan, FlatParameters, SecurityUse


class Operation(Protocol):
    """What the document reads: an `APIRoute`, or one as seen through the routers that include it."""

    path: str
    path_format: str
    name: str
    methods: set[str]
    endpoint: Callable[..., Any]
    summary: str | None
    description: str
    response_description: str
    tags: Sequence[str | Enum]
    deprecated: bool | None
    operation_id: str | None
    unique_id: str
    include_in_schema: bool
    status_code: int | None
    response_class: Any
    responses: Mapping[int | str, Mapping[str, Any]]
    response_fields: Mapping[int | str, ModelField]
    response_field: ModelField | None
    stream_item_field: ModelField | None
    is_sse_stream: bool
    is_json_stream: bool
    body_field: ModelField | None
    callbacks: Sequence[BaseRoute] | None
    openapi_extra: Mapping[str, Any] | None

    @property
    def plan(self) -> EndpointPlan: ...


@dataclass(frozen=True, slots=True)
class Documented:
    """An operation with what the document needs of its plan.

    A route may make its plan anew whenever it is asked, so it is asked once.
    """

    route: Operation
    flat: FlatParameters
    security: tuple[SecurityUse, ...]

    @classmethod
    def read(cls, route: Operation) -> "Documented":
        plan = route.plan
        return cls(route, plan.flat, plan.security)


def iter_documented(routes: Iterable[Any]) -> Iterator[Documented]:
    """The HTTP routes that want to be in the document, as seen through the routers that include them.

    Takes routes and route contexts. Starlette's own routes, mounts and WebSocket routes have nothing to
    document.
    """
    from vivace._match.include import iter_effective_routes

    for route in iter_effective_routes(routes):
        if is_operation(route) and route.include_in_schema:
            yield Documented.read(route)


def is_operation(route: object) -> TypeIs[Operation]:
    """Whether this very object is an HTTP route with a plan, or the context of one."""
    # Asked by what only such a route has, because a context merely passes on the attributes of its route, and because
    # asking for the plan itself would make it.
    return hasattr(route, "response_class") and hasattr(route, "response_fields")
