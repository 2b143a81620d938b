"""The dependency tree as FastAPI shows it: mutable objects, made by hand, walked and edited by third parties.

A `Dependant` is a view on a `DependencyPlan`: made from one when somebody asks, and read back when it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vivace._dependency_concurrency import _DependencyConcurrency

from .fields import ModelField
from .nodes import DependencyPlan, DependencyScope, Location, ParameterPlan, Special
from .signature import call_kind

SPECIAL_NAMES: tuple[tuple[Special, str], ...] = (
    (Special.REQUEST, "request_param_name"),
    (Special.WEBSOCKET, "websocket_param_name"),
    (Special.CONNECTION, "http_connection_param_name"),
    (Special.RESPONSE, "response_param_name"),
    (Special.BACKGROUND, "background_tasks_param_name"),
    (Special.SCOPES, "security_scopes_param_name"),
)
_LOCATIONS: tuple[Location, ...] = ("path", "query", "header", "cookie", "body")


@dataclass(slots=True, weakref_slot=True)
class Dependant:
    """A callable and what it needs."""

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    body_params: list[ModelField] = field(default_factory=list)
    dependencies: list[Dependant] = field(default_factory=list)
    name: str | None = None
    call: Callable[..., Any] | None = None
    request_param_name: str | None = None
    websocket_param_name: str | None = None
    http_connection_param_name: str | None = None
    response_param_name: str | None = None
    background_tasks_param_name: str | None = None
    security_scopes_param_name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    path: str | None = None
    scope: DependencyScope | None = None
    concurrency: _DependencyConcurrency | None = None
    inline: bool = False

    @classmethod
    def from_plan(cls, plan: DependencyPlan) -> Dependant:
        specials = {special: name for name, special in plan.specials}
        by_location: dict[str, Any] = {
            f"{location}_params": [p.field.detached() for p in getattr(plan, location)]
            for location in _LOCATIONS
        }
        by_special: dict[str, Any] = {
            attribute: specials.get(special) for special, attribute in SPECIAL_NAMES
        }
        return cls(
            **by_location,
            **by_special,
            dependencies=[cls.from_plan(child) for child in plan.dependencies],
            name=plan.name,
            call=plan.call,
            own_oauth_scopes=list(plan.own_scopes) or None,
            parent_oauth_scopes=list(plan.parent_scopes) or None,
            use_cache=plan.use_cache,
            path=plan.route_path,
            scope=plan.scope,
            concurrency=plan.concurrency,
            inline=plan.kind.is_inline,
        )

    def to_plan(self) -> DependencyPlan:
        specials = [(getattr(self, attribute), special) for special, attribute in SPECIAL_NAMES]
        parameters: dict[Any, Any] = {
            location: tuple(
                ParameterPlan(name=f.name, location=location, field=f)
                for f in getattr(self, f"{location}_params")
            )
            for location in _LOCATIONS
        }
        return DependencyPlan(
            call=self.call,
            kind=call_kind(self.call, self.inline) if self.call is not None else DependencyPlan(None).kind,
            name=self.name,
            **parameters,
            specials=tuple((name, special) for name, special in specials if name is not None),
            dependencies=tuple(child.to_plan() for child in self.dependencies),
            use_cache=self.use_cache,
            scope=self.scope,
            own_scopes=tuple(self.own_oauth_scopes or ()),
            parent_scopes=tuple(self.parent_oauth_scopes or ()),
            concurrency=self.concurrency,
            route_path=self.path,
        )
