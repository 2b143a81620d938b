"""Routes as they are served, for programs that list them.

Each has its full path and the options of the routers above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

from .include import (
    Effective,
    EffectiveRoute,
    EffectiveStarletteRoute,
    EffectiveWebSocketRoute,
    iter_effective_routes,
)


@dataclass(frozen=True)
class RouteContext:
    """A route as it is served: the route, and what the routers that include it make of it.

    Attributes are those of the route under its full path: `path`, `methods`, `tags`, `dependencies`, ….
    """

    route: BaseRoute
    _route_context: Effective | None = None

    @property
    def original_route(self) -> BaseRoute:
        return self.route

    @property
    def _effective_route(self) -> Any:
        return self.route if self._route_context is None else self._route_context

    @property
    def path(self) -> str | None:
        return getattr(self._effective_route, "path", None)

    @property
    def path_format(self) -> str | None:
        return getattr(self._effective_route, "path_format", None)

    @property
    def name(self) -> str | None:
        return getattr(self._effective_route, "name", None)

    @property
    def methods(self) -> set[str] | None:
        return getattr(self._effective_route, "methods", None)

    @property
    def endpoint(self) -> Callable[..., Any] | None:
        return getattr(self._effective_route, "endpoint", None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._effective_route, name)


def iter_route_contexts(routes: Iterable[BaseRoute]) -> Iterator[RouteContext]:
    """Every route below `routes` as it is served, in the order of declaration.

    for context in iter_route_contexts(app.routes):
        print(context.methods, context.path)
    """
    for route in iter_effective_routes(routes):
        if isinstance(route, (EffectiveRoute, EffectiveWebSocketRoute, EffectiveStarletteRoute)):
            yield RouteContext(route.original_route, route)
        elif isinstance(route, RouteContext):
            yield route
        else:
            yield RouteContext(route)


def iter_routes_with_context(routes: Iterable[BaseRoute]) -> Iterator[tuple[BaseRoute, Any]]:
    for context in iter_route_contexts(routes):
        yield context.route, context._route_context


def iter_included_route_candidates(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in iter_effective_routes(routes):
        if isinstance(route, EffectiveStarletteRoute):
            yield route.starlette_route
        else:
            yield getattr(route, "original_route", route)
