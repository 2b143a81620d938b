"""Inclusion: a router stays one object however often it is included; each inclusion sees its routes with other options.

`IncludedRouter` stands in the routes of the including router. Its `effective_candidates` are the routes as
seen through it, made on first use and again whenever a route is added below.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, cast

from starlette.datastructures import URLPath
from starlette.routing import (
    BaseRoute,
    Host,
    Match,
    Mount,
    NoMatchFound,
    Route,
    Router,
    WebSocketRoute,
    compile_path,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from vivace._body_limit import get_body_size_limit, wrap_app_with_body_limit
from vivace._operation import Operation, WebSocketOperation
from vivace._options import IncludeContext, RouteOptions
from vivace._plan.dependencies import build_parameterless
from vivace._plan.nodes import DependencyPlan
from vivace._plan.paths import path_parameter_names
from vivace._plan.response import item_field
from vivace._scope import set_key, update_scope, with_key
from vivace._starlette import get_route_path, replace_params
from vivace.datastructures import DefaultPlaceholder

if TYPE_CHECKING:
    from vivace.routing import APIRoute, APIRouter, APIWebSocketRoute

ROUTE_KEY = "effective_route_context"
ROUTER_KEY = "included_router"


def _matches_as_included(self: Any, scope: Scope) -> tuple[Match, Scope]:
    """Ask the original route, which may have its own opinion, with the effective one as its context."""
    match, child_scope = with_key(scope, ROUTE_KEY, self, self.original_route.matches)
    if match is Match.NONE:
        return match, {}
    inner = {**scope.get("fastapi", {}), **child_scope.get("fastapi", {}), ROUTE_KEY: self}
    return match, {**child_scope, "fastapi": inner, "route": self.original_route}


async def _handle_as_included(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
    await self.original_route.handle(scope, receive, send)


class EffectiveRoute(Operation):
    """A route as seen through the routers that include it: its full path and all that they add to its options."""

    app: ASGIApp

    def __init__(self, route: APIRoute, context: IncludeContext) -> None:
        self.original_route: BaseRoute = route
        self.starlette_route: BaseRoute | None = None
        outer = context.dependency_overrides_provider
        self.dependency_overrides_provider = outer or route.dependency_overrides_provider
        options = context.apply(options_of(route))
        path = context.prefix + route.path
        self.declare(path, route.endpoint, options, root=_extended_root(route, context, path))
        if self.stream_item_type is None and route.stream_item_type is not None:
            # A router's response class that is no stream of items still has them described, as FastAPI does.
            self.stream_item_type = route.stream_item_type
            self.stream_item_field = item_field(self.unique_id, self.stream_item_type, self.endpoint)
        self.app = route.app_for(self)

    matches = _matches_as_included
    handle = _handle_as_included

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return operation_url_path(self, name, path_params, "http")


class EffectiveWebSocketRoute(WebSocketOperation):
    """A WebSocket route as seen through the routers that include it."""

    methods = None

    def __init__(self, route: APIWebSocketRoute, context: IncludeContext) -> None:
        self.original_route = route
        outer = context.dependency_overrides_provider
        self.dependency_overrides_provider = outer or route.dependency_overrides_provider
        dependencies = [*context.dependencies, *route.dependencies]
        self.declare_websocket(context.prefix + route.path, route.endpoint, route.name, dependencies)
        self.app = route.app_for(self)

    matches = _matches_as_included
    handle = _handle_as_included

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return operation_url_path(self, name, path_params, "websocket")


class EffectiveStarletteRoute:
    """A route that is Starlette's, under the prefix of the routers that include it.

    It has no limits of its own, so those of the router that it was added to are the innermost.
    """

    def __init__(self, route: BaseRoute, router: APIRouter, context: IncludeContext) -> None:
        self.original_route = route
        self.max_body_size = get_body_size_limit(router.max_body_size, context.max_body_size)
        self.form_limits = {**context.form_limits, **router.form_limits}
        self.dependencies = list(context.dependencies)
        self.dependency_overrides_provider = context.dependency_overrides_provider
        self.starlette_route: BaseRoute = _under_prefix(route, context.prefix)
        self.endpoint = getattr(route, "endpoint", None)
        self.methods = getattr(route, "methods", None)
        self.name = getattr(route, "name", "")
        self.path = getattr(self.starlette_route, "path", None)
        self.path_format = getattr(self.starlette_route, "path_format", None)
        self.path_regex = getattr(self.starlette_route, "path_regex", None)
        self.param_convertors = getattr(self.starlette_route, "param_convertors", {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "starlette_route" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.starlette_route, name)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.starlette_route.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.starlette_route.handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return self.starlette_route.url_path_for(name, **path_params)


Effective = EffectiveRoute | EffectiveWebSocketRoute | EffectiveStarletteRoute


class IncludedRouter(BaseRoute):
    """A router in the routes of another one."""

    def __init__(self, original_router: APIRouter, include_context: IncludeContext) -> None:
        self.original_router = original_router
        self.include_context = include_context
        self._effective_routes_lock = threading.Lock()
        self._effective_candidates: list[Effective | IncludedRouter] | None = None
        self._effective_candidates_version: int | None = None
        self._effective_low_priority_routes: list[BaseRoute] | None = None
        self._effective_low_priority_routes_version: int | None = None

    # -- the routes as seen from here

    def effective_candidates(self) -> list[Effective | IncludedRouter]:
        """The routes of the router and the routers in it; the same list until a route is added."""
        version = self.original_router._get_routes_version()
        if self._effective_candidates_version != version:
            with self._effective_routes_lock:
                if self._effective_candidates_version != version:
                    self._effective_candidates = self._build_candidates()
                    self._effective_candidates_version = version
        return self._effective_candidates or []

    def _build_candidates(self) -> list[Effective | IncludedRouter]:
        context = self.include_context
        candidates: list[Effective | IncludedRouter] = []
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                inner = context.then(route.include_context)
                candidates.append(IncludedRouter(route.original_router, inner))
            elif isinstance(route, Operation):
                candidates.append(EffectiveRoute(cast("APIRoute", route), context))
            elif isinstance(route, WebSocketOperation):
                candidates.append(EffectiveWebSocketRoute(cast("APIWebSocketRoute", route), context))
            elif isinstance(route, (Route, WebSocketRoute, Mount, Host)):
                candidates.append(EffectiveStarletteRoute(route, self.original_router, context))
        return candidates

    def effective_low_priority_routes(self) -> list[BaseRoute]:
        """The front ends and other low-priority routes, asked when nothing else matches."""
        version = self.original_router._get_routes_version()
        if self._effective_low_priority_routes_version != version:
            with self._effective_routes_lock:
                if self._effective_low_priority_routes_version != version:
                    self._effective_low_priority_routes = list(self._build_low_priority())
                    self._effective_low_priority_routes_version = version
        return self._effective_low_priority_routes or []

    def _build_low_priority(self) -> Iterator[BaseRoute]:
        router, context = self.original_router, self.include_context
        for route in router._low_priority_routes:
            # PERF (W12): front ends bring Starlette's static files, so they are imported when there is one.
            from vivace._frontend import FrontendRouteGroup

            from .frontends import FrontendsOfRouter

            if isinstance(route, FrontendRouteGroup):
                yield FrontendsOfRouter(route, router, context)
            elif isinstance(route, Operation):
                yield EffectiveRoute(cast("APIRoute", route), context)  # type: ignore[misc]  # asked like a BaseRoute
            else:
                yield _EffectiveLowPriorityRoute(route, router, context)  # type: ignore[misc]  # likewise
        for candidate in self.effective_candidates_of_routers():
            yield from candidate.effective_low_priority_routes()

    def effective_candidates_of_routers(self) -> Iterator[IncludedRouter]:
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                yield IncludedRouter(route.original_router, self.include_context.then(route.include_context))

    def effective_route_contexts(self) -> Iterator[Effective]:
        """All routes below, depth first, in the order of declaration."""
        for candidate in self.effective_candidates():
            if isinstance(candidate, IncludedRouter):
                yield from candidate.effective_route_contexts()
            else:
                yield candidate

    def iter_routes_without_path(self) -> Iterator[Any]:
        """The routes below whose full path is empty. Raises what their inclusion raises, if it cannot work."""
        context = self.include_context
        # PERF (W13): what is built here is thrown away, because the router that is checked is about to be seen through
        # one more inclusion. So effective routes are built only where that may raise.
        if _may_contradict_routes(context):
            yield from filter(_lacks_path, self.effective_route_contexts())
            return
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                inner = context.then(route.include_context)
                yield from IncludedRouter(route.original_router, inner).iter_routes_without_path()
            elif not context.prefix and _lacks_path(route):
                yield route

    # -- as a route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Ask the router, which may have its own opinion, with this inclusion as its context."""
        match, child_scope = with_key(scope, ROUTER_KEY, self, self.original_router.matches)
        if match is Match.NONE:
            return match, {}
        inner = {**scope.get("fastapi", {}), **child_scope.get("fastapi", {}), ROUTER_KEY: self}
        return match, {**child_scope, "fastapi": inner}

    def match(self, scope: Scope) -> tuple[Match, Scope, Effective | IncludedRouter | None]:
        """The candidate that answers: the first that matches, or else the first that matches all but the method."""
        partial: tuple[Scope, Effective | IncludedRouter] | None = None
        for candidate in self.effective_candidates():
            match, child_scope = candidate.matches(scope)
            if match is Match.FULL:
                return match, child_scope, candidate
            if match is Match.PARTIAL and partial is None:
                partial = child_scope, candidate
        if partial is not None:
            return Match.PARTIAL, *partial
        return Match.NONE, {}, None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_key(scope, ROUTER_KEY, self)
        await self.original_router.handle(scope, receive, send)

    async def _handle_selected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the candidate that matches; called by the router's `handle`."""
        _, child_scope, candidate = self.match(scope)
        if candidate is None:
            await self.original_router.default(scope, receive, send)
            return
        update_scope(scope, child_scope)
        await candidate.handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        for candidate in self.effective_candidates():
            try:
                return candidate.url_path_for(name, **path_params)
            except NoMatchFound:
                pass
        raise NoMatchFound(name, path_params)

    def __repr__(self) -> str:
        return f"IncludedRouter(prefix={self.include_context.prefix!r}, router={self.original_router!r})"


class _EffectiveLowPriorityRoute(EffectiveStarletteRoute):
    """A low-priority route that is Starlette's: the lookup, which applies limits, does not know it."""

    def __init__(self, route: BaseRoute, router: APIRouter, context: IncludeContext) -> None:
        super().__init__(route, router, context)
        self._limited = wrap_app_with_body_limit(super().handle, self.max_body_size)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._limited(scope, receive, send)


def iter_effective_routes(routes: Iterable[Any]) -> Iterator[Any]:
    """Every route as it is seen from outside: those of included routers as effective routes, others as they are."""
    for route in routes:
        if isinstance(route, IncludedRouter):
            yield from route.effective_route_contexts()
        else:
            yield route


def iter_routes_without_path(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes that would be served under an empty path."""
    for route in routes:
        if isinstance(route, IncludedRouter):
            yield from route.iter_routes_without_path()
        elif _lacks_path(route):
            yield route


# --- the parts --------------------------------------------------------------------------------------------------------


def options_of(route: APIRoute) -> RouteOptions:
    """The options of a route as they are now; they are attributes that a program may have changed."""
    return RouteOptions(
        response_model=route.response_model
        if route.stream_item_type is None
        else route.declared_response_model,
        status_code=route.status_code,
        tags=route.tags,
        dependencies=route.dependencies,
        summary=route.summary,
        description=route.description,
        response_description=route.response_description,
        responses=route.responses,
        deprecated=route.deprecated,
        name=route.name,
        methods=route.methods,
        operation_id=route.operation_id,
        response_model_include=route.response_model_include,
        response_model_exclude=route.response_model_exclude,
        response_model_by_alias=route.response_model_by_alias,
        response_model_exclude_unset=route.response_model_exclude_unset,
        response_model_exclude_defaults=route.response_model_exclude_defaults,
        response_model_exclude_none=route.response_model_exclude_none,
        include_in_schema=route.include_in_schema,
        response_class=route.response_class,
        callbacks=route.callbacks,
        openapi_extra=route.openapi_extra,
        generate_unique_id_function=route.generate_unique_id_function,
        strict_content_type=route.strict_content_type,
        max_body_size=route.max_body_size,
        form_limits=route.form_limits,
        inline=route.inline,
    )


def _extended_root(route: APIRoute, context: IncludeContext, path: str) -> DependencyPlan | None:
    """The route's own plan with the routers' dependencies before it; `None` if the prefix changes what it means."""
    if path_parameter_names(context.prefix):
        return None
    root = route.current_root
    before = tuple(build_parameterless(depends, path) for depends in context.dependencies)
    return root._replace(dependencies=(*before, *root.dependencies)) if before else root


def _lacks_path(route: Any) -> bool:
    path = getattr(route, "path", None)
    return path is not None and not path


def _may_contradict_routes(context: IncludeContext) -> bool:
    """Whether what a router adds may fail on a route that is right by itself.

    Raises `DeclarationError` for dependencies that are wrong under any path.
    """
    for depends in context.dependencies:
        build_parameterless(depends, context.prefix)
    return (
        bool(path_parameter_names(context.prefix))
        or any(
            not isinstance(response, dict) or "model" in response for response in context.responses.values()
        )
        or not isinstance(context.generate_unique_id_function, DefaultPlaceholder)
    )


def _under_prefix(route: BaseRoute, prefix: str) -> BaseRoute:
    """A copy of a Starlette route under a prefix. A host is matched by name, so its prefix stands inside it."""
    if not prefix:
        return route
    moved = copy(route)
    if isinstance(moved, Host):
        moved.app = Router(routes=[Mount(prefix, app=moved.app)], redirect_slashes=False)
        return moved
    assert isinstance(moved, (Route, WebSocketRoute, Mount))
    moved.path = prefix + moved.path
    pattern = f"{moved.path}/{{path:path}}" if isinstance(moved, Mount) else moved.path
    moved.path_regex, moved.path_format, moved.param_convertors = compile_path(pattern)
    return moved


def match_operation(operation: Any, scope: Scope, kind: str) -> tuple[Match, Scope]:
    """Match a scope against an operation's full path and methods."""
    if scope["type"] != kind:
        return Match.NONE, {}
    found = operation.path_regex.match(get_route_path(scope))
    if not found:
        return Match.NONE, {}
    values = {
        name: operation.param_convertors[name].convert(text) for name, text in found.groupdict().items()
    }
    child_scope = {"endpoint": operation.endpoint, "path_params": {**scope.get("path_params", {}), **values}}
    if kind == "http" and operation.methods and scope["method"] not in operation.methods:
        return Match.PARTIAL, child_scope
    return Match.FULL, child_scope


def operation_url_path(
    operation: Any, name: str, path_params: dict[str, Any], protocol: Literal["http", "websocket"]
) -> URLPath:
    """The path of an operation by name; raises `NoMatchFound` unless name and parameters are the operation's."""
    if name != operation.name or set(path_params) != set(operation.param_convertors):
        raise NoMatchFound(name, path_params)
    path, _ = replace_params(operation.path_format, operation.param_convertors, path_params)
    return URLPath(path=path, protocol=protocol)
