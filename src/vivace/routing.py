"""Declare routes: `APIRouter`, `APIRoute` and `APIWebSocketRoute`.

A router keeps its routes in the order of declaration, and included routers among them. For serving, the whole tree is
flattened into one lookup (`_match`), made on the first request and again when a route is added anywhere below. A route's
endpoint is compiled on its first request (`_compile`).

The functions at the end (`get_request_handler`, `request_response`, …) are doors: instrumentation replaces them. While they
are ours the compiled endpoint runs instead; a replaced one is called.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from enum import Enum
from types import ModuleType
from typing import Any, Literal, SupportsIndex

from starlette.datastructures import URL, URLPath
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Host, Match, Route, Router, WebSocketRoute, compile_path, get_name
from starlette.routing import Mount as Mount
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from typing_extensions import Unpack, deprecated

from vivace import params
from vivace._body_limit import wrap_app_with_body_limit
from vivace._compile.composed import compose_handler, frontend_solver
from vivace._compile.composed import request_response as request_response
from vivace._compile.composed import run_endpoint_function as run_endpoint_function
from vivace._compile.composed import serialize_response as serialize_response
from vivace._compile.composed import solve_dependencies as solve_dependencies
from vivace._compile.composed import websocket_session as websocket_session
from vivace._compile.composed_websocket import compose_websocket
from vivace._compile.observe import SCOPE_KEY as _TELEMETRY_KEY
from vivace._compile.runtime import tracked_app
from vivace._compile.streams import Settings as _StreamSettings
from vivace._compile.variants import Variants
from vivace._form_limits import _FormLimits
from vivace._frontend import (
    DependencySolver,
    FrontendFallback,
    FrontendRouteGroup,
    join_frontend_paths,
    match_low_priority,
    normalize_frontend_path,
    resolve_frontend_check_dir,
    update_scope,
)
from vivace._lifespan import DefaultLifespan, as_lifespan, call_handlers, merge_lifespans
from vivace._match.include import (
    ROUTE_KEY,
    ROUTER_KEY,
    Effective,
    EffectiveRoute,
    EffectiveStarletteRoute,
    EffectiveWebSocketRoute,
    IncludedRouter,
    iter_effective_routes,
    match_operation,
    operation_url_path,
    restore_key,
)
from vivace._match.tree import Matcher, Target
from vivace._operation import Operation
from vivace._options import (
    IncludeContext,
    OperationOptions,
    Responses,
    RouteOptions,
    UniqueIdFunction,
    checked_limits,
    checked_operation_options,
    option_signature,
)
from vivace._plan.body import body_field as build_body_field
from vivace._plan.body import should_embed
from vivace._plan.build import build_websocket_plan
from vivace._plan.dependant import Dependant
from vivace._plan.dependencies import build_root
from vivace._plan.fields import ModelField
from vivace._plan.nodes import BodyPlan, EndpointPlan, ResponseMode, ResponsePlan, SerializeOptions, flat_parameters
from vivace._plan.response import response_mode
from vivace._starlette import get_route_path
from vivace._verbs import Verbs
from vivace.datastructures import Default, DefaultPlaceholder
from vivace.exceptions import FastAPIError
from vivace.params import Form
from vivace.sse import _PING_INTERVAL as _PING_INTERVAL
from vivace.types import DecoratedCallable, IncEx
from vivace._operation_id import generate_unique_id

_OPTION_NAMES = tuple(f.name for f in fields(RouteOptions))

# The route as seen through its inclusion, while its handler is being built.
_effective_route_context_var: ContextVar[EffectiveRoute | None] = ContextVar("effective_route", default=None)


# --- routes -----------------------------------------------------------------------------------------------------------


class APIRoute(Operation, Route):
    """An endpoint under a path.

        route = APIRoute("/items/{item_id}", read_item, methods=["GET"], response_model=Item)

    Takes the options of `APIRouter.get` and `methods`. Subclass it and override `get_route_handler` to see requests before
    the endpoint and responses after it; give the subclass to `APIRouter(route_class=...)`. Raises `AssertionError` or
    `FastAPIError` if the declaration cannot work.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependency_overrides_provider: Any | None = None,
        **options: Any,
    ) -> None:
        self.dependency_overrides_provider = dependency_overrides_provider
        self.declared_response_model = options.get("response_model", Default(None))
        self.declare(path, endpoint, RouteOptions(**options))
        _ = self.root  # a wrong declaration is reported where it is written
        self.app = self._own_app = self.app_for(self)

    def app_for(self, operation: Operation) -> RouteApp:
        """The ASGI application for this route, or for one of its inclusions."""
        app = RouteApp(self, operation)
        if type(self).get_route_handler is not APIRoute.get_route_handler:
            app.observed()  # a handler that cannot be built is reported now
        return app

    def get_route_handler(self) -> Callable[..., Any]:
        """The function `async (request) -> Response` that answers; override it to wrap it."""
        operation = _effective_route_context_var.get()
        if operation is None or operation.original_route is not self:
            return _handler_of(self)
        return _handler_of(operation)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        operation = _operation_in(scope, self)
        match, child_scope = match_operation(operation, scope, "http")
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = _operation_in(scope, self)
        if operation.methods and scope["method"] not in operation.methods:
            await _method_not_allowed(operation.methods)(scope, receive, send)
            return
        app: ASGIApp = operation.app if operation is not self else self.app  # type: ignore[attr-defined]
        await wrap_app_with_body_limit(app, operation.max_body_size)(scope, receive, send)

    @property
    def has_plain_matching(self) -> bool:
        """Whether a match is decided by path and methods alone."""
        return type(self).matches is APIRoute.matches

    @property
    def has_plain_handling(self) -> bool:
        """Whether the compiled endpoint may answer without asking this object."""
        return type(self).handle is APIRoute.handle and self.app is self._own_app


APIRoute.__init__.__signature__ = option_signature(  # type: ignore[attr-defined]
    inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
    inspect.Parameter("path", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str),
    inspect.Parameter("endpoint", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Callable[..., Any]),
    names=[
        name
        for option in _OPTION_NAMES
        for name in ((option, "dependency_overrides_provider") if option == "response_class" else (option,))
    ],
)


class APIWebSocketRoute(WebSocketRoute):
    """A WebSocket endpoint under a path."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        dependency_overrides_provider: Any | None = None,
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.dependencies = list(dependencies or [])
        self.dependency_overrides_provider = dependency_overrides_provider
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.root = build_root(endpoint, self.path_format, self.dependencies)
        self._dependant: Dependant | None = None
        self.app = self._own_app = self.app_for(self)

    def app_for(self, operation: Any) -> WebSocketApp:
        return WebSocketApp(operation)

    @property
    def dependant(self) -> Dependant:
        """The dependency tree as mutable objects."""
        if self._dependant is None:
            self._dependant = Dependant.from_plan(self.root)
        return self._dependant

    @property
    def _embed_body_fields(self) -> bool:
        return should_embed([parameter.field for parameter in flat_parameters(self.root).body])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = match_operation(_operation_in(scope, self), scope, "websocket")
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = _operation_in(scope, self)
        await (operation.app if operation is not self else self.app)(scope, receive, send)

    @property
    def has_plain_matching(self) -> bool:
        return type(self).matches is APIWebSocketRoute.matches

    @property
    def has_plain_handling(self) -> bool:
        return type(self).handle is APIWebSocketRoute.handle and self.app is self._own_app


def _operation_in(scope: Scope, route: Any) -> Any:
    """The route as seen through the inclusion by which the request came, or the route itself."""
    operation = scope.get("fastapi", {}).get(ROUTE_KEY)
    return operation if operation is not None and operation.original_route is route else route


def _method_not_allowed(methods: Iterable[str]) -> ASGIApp:
    """405, as Starlette's routes answer it (RFC 9110, section 15.5.6)."""
    refused = Route.__new__(Route)
    refused.methods = set(methods)
    refused.app = _unreachable

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await Route.handle(refused, scope, receive, send)

    return refuse


async def _unreachable(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("the method was allowed")


# --- from a route to the application that answers -----------------------------------------------------------------------


class RouteApp:
    """The application of an HTTP operation: compiled on first use, and again when what it depends on changes."""

    def __init__(self, route: APIRoute, operation: Operation) -> None:
        self.route = route
        self.operation = operation
        self._custom: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _TELEMETRY_KEY in scope:
            await self.observed()(scope, receive, send)
        else:
            await self.current()(scope, receive, send)

    def current(self) -> ASGIApp:
        """The fastest application that answers as the program stands now."""
        if type(self.route).get_route_handler is not APIRoute.get_route_handler or _doors_replaced():
            return self.observed()
        return self.operation.flat_app()

    def observed(self) -> ASGIApp:
        """The application around the route's handler: for route classes and instrumentation."""
        if self._custom is None:
            token = _effective_route_context_var.set(
                self.operation if isinstance(self.operation, EffectiveRoute) else None
            )
            try:
                handler = self.route.get_route_handler()
            finally:
                _effective_route_context_var.reset(token)
            self._custom = request_response(handler)
        return self._custom


class WebSocketApp:
    """The application of a WebSocket operation."""

    def __init__(self, operation: Any) -> None:
        self.operation = operation
        self._variants: Variants | None = None
        self._composed: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.observed() if _TELEMETRY_KEY in scope else self.current()
        await app(scope, receive, send)

    def current(self) -> ASGIApp:
        if _doors_replaced():
            return self.observed()
        if self._variants is None:
            self._variants = Variants(self._plan(), f"WS {self.operation.path} {_place(self.operation.endpoint)}")
        return self._variants.websocket(_overrides(self.operation))

    def observed(self) -> ASGIApp:
        if self._composed is None:
            dependant = Dependant.from_plan(self._plan().root)
            handler = get_websocket_app(dependant, self.operation.dependency_overrides_provider)
            self._composed = websocket_session(handler)
        return self._composed

    def _plan(self) -> EndpointPlan:
        operation = self.operation
        edited = getattr(operation, "_dependant", None)
        root = edited.to_plan() if edited else build_root(operation.endpoint, operation.path_format, operation.dependencies)
        return build_websocket_plan(root, operation.path_format)


def _place(endpoint: Callable[..., Any]) -> str:
    return f"{getattr(endpoint, '__module__', '?')}:{getattr(endpoint, '__qualname__', type(endpoint).__qualname__)}"


def _overrides(operation: Any) -> Mapping[Any, Any]:
    return getattr(operation.dependency_overrides_provider, "dependency_overrides", None) or {}


# --- routers ----------------------------------------------------------------------------------------------------------


class RouteList(list[BaseRoute]):
    """A router's routes; whatever edits the list makes the lookup be built anew."""

    def __init__(self, routes: Iterable[BaseRoute], changed: Callable[[], None]) -> None:
        super().__init__(routes)
        self._changed = changed

    def append(self, route: BaseRoute) -> None:
        super().append(route)
        self._changed()

    def extend(self, routes: Iterable[BaseRoute]) -> None:
        super().extend(routes)
        self._changed()

    def insert(self, index: SupportsIndex, route: BaseRoute) -> None:
        super().insert(index, route)
        self._changed()

    def remove(self, route: BaseRoute) -> None:
        super().remove(route)
        self._changed()

    def pop(self, index: SupportsIndex = -1) -> BaseRoute:
        route = super().pop(index)
        self._changed()
        return route

    def clear(self) -> None:
        super().clear()
        self._changed()

    def sort(self, *args: Any, **kwargs: Any) -> None:
        super().sort(*args, **kwargs)
        self._changed()

    def reverse(self) -> None:
        super().reverse()
        self._changed()

    def __setitem__(self, index: Any, route: Any) -> None:
        super().__setitem__(index, route)
        self._changed()

    def __delitem__(self, index: Any) -> None:
        super().__delitem__(index)
        self._changed()

    def __iadd__(self, routes: Iterable[BaseRoute]) -> RouteList:  # type: ignore[override,misc]
        self.extend(routes)
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return (list, (list(self),))


class APIRouter(Verbs, Router):
    """A group of path operations, to be included in an app or in another router.

        router = APIRouter(prefix="/users", tags=["users"])

        @router.get("/{user_id}")
        async def read_user(user_id: int): ...

        app.include_router(router)

    What is given here (tags, dependencies, responses, limits, …) is added to every route of the router.
    """

    __hash__ = object.__hash__  # Starlette compares routers by their routes, which leaves them without a hash

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: Responses | None = None,
        callbacks: list[BaseRoute] | None = None,
        routes: list[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        dependency_overrides_provider: Any | None = None,
        route_class: type[APIRoute] = APIRoute,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan[Any] | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: UniqueIdFunction = Default(generate_unique_id),
        strict_content_type: bool = Default(True),
        max_body_size: int | None = None,
        form_limits: _FormLimits | None = None,
    ) -> None:
        self._routes_version = 0
        self._matcher: Matcher | None = None
        _routers.add(self)
        self._parents: weakref.WeakSet[APIRouter] = weakref.WeakSet()
        self._low_priority_routes: list[BaseRoute] = []
        self._frontend_routes: FrontendRouteGroup | None = None
        self.on_startup = list(on_startup or [])
        self.on_shutdown = list(on_shutdown or [])
        super().__init__(
            routes=routes,
            redirect_slashes=redirect_slashes,
            default=default,
            lifespan=DefaultLifespan(self) if lifespan is None else as_lifespan(lifespan),
        )
        if prefix:
            _check_prefix(prefix)
        self.prefix = prefix
        self.tags: list[str | Enum] = tags or []
        self.dependencies = list(dependencies or [])
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.responses = responses or {}
        self.callbacks = callbacks or []
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.default_response_class = default_response_class
        self.generate_unique_id_function = generate_unique_id_function
        self.strict_content_type = strict_content_type
        self.max_body_size, self.form_limits = checked_limits(max_body_size, form_limits)

    # -- the routes, and who must know that they changed

    @property
    def routes(self) -> list[BaseRoute]:  # type: ignore[override]
        return self._routes

    @routes.setter
    def routes(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = RouteList(routes, self._mark_routes_changed)
        self._mark_routes_changed()

    def _mark_routes_changed(self) -> None:
        """Forget the lookup of this router and of every router that includes it."""
        self._matcher = None
        self._routes_version += 1
        for parent in self._parents:
            parent._mark_routes_changed()

    def _get_routes_version(self) -> int:
        """Changes whenever a route is added here or in an included router."""
        return self._routes_version

    # -- serving

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] in ("http", "websocket", "lifespan")
        if scope["type"] == "lifespan":
            scope.setdefault("router", self)
            await self.lifespan(scope, receive, send)
        else:
            await self.select(scope)(scope, receive, send)

    def select(self, scope: Scope) -> ASGIApp:
        """The application that answers a request; notes the match in the scope."""
        if "router" not in scope:
            scope["router"] = self
        matcher = self._matcher
        if matcher is None:
            matcher = self._matcher = Matcher([target for route in self.routes for target in _targets(route, self)])
        match, target, child_scope = matcher.match(scope, get_route_path(scope))
        if target is None:
            return self._select_otherwise(scope, matcher)
        if "fastapi" in child_scope:
            update_scope(scope, child_scope)
        else:
            scope.update(child_scope)
        if _TELEMETRY_KEY in scope:
            return _observed_target(scope, target)
        if match is Match.FULL and target.app is not None:
            return target.app
        return tracked_app(target.candidate.handle)

    def _select_otherwise(self, scope: Scope, matcher: Matcher) -> ASGIApp:
        """No route matches: a redirect to the path with or without its slash, a front end, or the default."""
        path = get_route_path(scope)
        if scope["type"] == "http" and self.redirect_slashes and path != "/":
            other = dict(scope)
            other["path"] = scope["path"].rstrip("/") if path.endswith("/") else scope["path"] + "/"
            match, target, child_scope = matcher.match(other, get_route_path(other))
            if target is not None:
                if _TELEMETRY_KEY in scope:
                    _note_redirect(scope, other, target, child_scope)
                return RedirectResponse(url=str(URL(scope=other)))
        match, child_scope, route = self._match_low_priority(scope)
        if route is not None:
            update_scope(scope, child_scope)
            if _TELEMETRY_KEY in scope:
                _note_low_priority(scope, route)
            return tracked_app(wrap_app_with_body_limit(route.handle, self.max_body_size))
        return tracked_app(self.default)

    def _iter_low_priority_routes(self) -> Iterator[BaseRoute]:
        yield from self._low_priority_routes
        for route in self.routes:
            if isinstance(route, IncludedRouter):
                yield from route.effective_low_priority_routes()

    def _match_low_priority(self, scope: Scope) -> tuple[Match, Scope, BaseRoute | None]:
        return match_low_priority(self._iter_low_priority_routes(), scope)

    # -- as a route of the router that includes it

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a route of this router, as included where the request is being matched, matches."""
        included = scope.get("fastapi", {}).get(ROUTER_KEY)
        if included is None or included.original_router is not self:
            return Match.NONE, {}
        match, child_scope, _ = included.match(scope)
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the route that matches, as included where the request came through."""
        included = scope.get("fastapi", {}).get(ROUTER_KEY)
        if included is None or included.original_router is not self:
            await self.app(scope, receive, send)
        else:
            await included._handle_selected(scope, receive, send)

    # -- declaring

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        route_class_override: type[APIRoute] | None = None,
        strict_content_type: bool | DefaultPlaceholder = Default(True),
        **options: Unpack[OperationOptions],
    ) -> None:
        """Declare `endpoint` under `path`; the options are those of `get`."""
        checked_operation_options(options, "add_api_route")
        declared = RouteOptions(**options, methods=methods, strict_content_type=strict_content_type)  # type: ignore[arg-type]
        merged = IncludeContext.of_router(self).apply(declared)
        route_class = route_class_override or self.route_class
        route = route_class(
            self.prefix + path,
            endpoint=endpoint,
            dependency_overrides_provider=self.dependency_overrides_provider,
            **{name: getattr(merged, name) for name in _OPTION_NAMES},
        )
        self.routes.append(route)

    def api_route(
        self, path: str, *, methods: Collection[str] | None = None, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function under `path` for several methods."""
        checked_operation_options(options, "api_route")

        def decorate(endpoint: DecoratedCallable) -> DecoratedCallable:
            self.add_api_route(path, endpoint, methods=methods, **options)
            return endpoint

        return decorate

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[params.Depends] | None = None,
    ) -> None:
        """Declare a WebSocket endpoint under `path`."""
        self.routes.append(
            APIWebSocketRoute(
                self.prefix + path,
                endpoint=endpoint,
                name=name,
                dependencies=[*self.dependencies, *(dependencies or [])],
                dependency_overrides_provider=self.dependency_overrides_provider,
            )
        )

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[params.Depends] | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a WebSocket endpoint."""

        def decorate(endpoint: DecoratedCallable) -> DecoratedCallable:
            self.add_api_websocket_route(path, endpoint, name=name, dependencies=dependencies)
            return endpoint

        return decorate

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a plain Starlette endpoint: it takes a request and gives a response."""

        def decorate(endpoint: DecoratedCallable) -> DecoratedCallable:
            self.add_route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema)
            return endpoint

        return decorate

    def add_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Declare a plain Starlette endpoint."""
        self.routes.append(
            Route(path, endpoint=endpoint, methods=methods, name=name, include_in_schema=include_in_schema)
        )

    def websocket_route(
        self, path: str, name: str | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a plain Starlette WebSocket endpoint."""

        def decorate(endpoint: DecoratedCallable) -> DecoratedCallable:
            self.add_websocket_route(path, endpoint, name=name)
            return endpoint

        return decorate

    def add_websocket_route(self, path: str, endpoint: Callable[..., Any], name: str | None = None) -> None:
        """Declare a plain Starlette WebSocket endpoint."""
        self.routes.append(WebSocketRoute(path, endpoint=endpoint, name=name))

    def frontend(
        self,
        path: str,
        *,
        directory: Any,
        fallback: FrontendFallback | None = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        """Serve a built single-page application; asked only when no route matches.

        `fallback` answers navigation to paths that are no files: `index.html`, `404.html`, whichever exists (`"auto"`) or
        nothing (`None`). `check_dir` says whether a missing directory is an error now.
        """
        path = join_frontend_paths(self.prefix, normalize_frontend_path(path))
        checked = resolve_frontend_check_dir(directory=directory, check_dir=check_dir)
        group = self._frontend_routes or FrontendRouteGroup(
            dependencies=self.dependencies,
            solve=make_frontend_solver(self.dependencies, self.dependency_overrides_provider),
        )
        group.add_frontend_route(path, directory=directory, fallback=fallback, check_dir=checked)
        if self._frontend_routes is None:
            self._frontend_routes = group
            self._low_priority_routes.append(group)
        self._mark_routes_changed()

    # -- including

    def include_router(
        self,
        router: APIRouter,
        *,
        prefix: str = "",
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: Responses | None = None,
        callbacks: list[BaseRoute] | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: UniqueIdFunction = Default(generate_unique_id),
        max_body_size: int | None = None,
        form_limits: _FormLimits | None = None,
    ) -> None:
        """Include another router under `prefix`; the other options are added to all its routes.

        The router stays live: routes added to it later are served too. Raises `AssertionError` for a prefix that does not
        begin with a slash or ends with one and for a router that includes this one, `FastAPIError` for a route whose path
        would be empty.
        """
        assert self is not router, (
            "Cannot include the same APIRouter instance into itself. Did you mean to include a different router?"
        )
        assert not _contains_router(router, self), (
            "Cannot include this router: it already includes this router that would include it."
        )
        if prefix:
            _check_prefix(prefix)
        else:
            _check_no_empty_path(router)
        size, limits = checked_limits(max_body_size, form_limits)
        inner = IncludeContext(
            prefix=prefix,
            tags=tuple(tags or ()),
            dependencies=tuple(dependencies or ()),
            responses=responses or {},
            callbacks=tuple(callbacks or ()),
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            default_response_class=default_response_class,
            generate_unique_id_function=generate_unique_id_function,
            max_body_size=size,
            form_limits=limits,
        )
        router._parents.add(self)
        self.routes.append(IncludedRouter(router, IncludeContext.of_router(self).then(inner)))
        for handler in router.on_startup:
            self.add_event_handler("startup", handler)
        for handler in router.on_shutdown:
            self.add_event_handler("shutdown", handler)
        self.lifespan_context = merge_lifespans(self.lifespan_context, router.lifespan_context)

    # -- start-up and shutdown

    async def _startup(self) -> None:
        await call_handlers(self.on_startup)

    async def _shutdown(self) -> None:
        await call_handlers(self.on_shutdown)

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at `"startup"` or `"shutdown"`. Prefer a lifespan."""
        assert event_type in ("startup", "shutdown"), f"There is no event {event_type!r}: use 'startup' or 'shutdown'"
        (self.on_startup if event_type == "startup" else self.on_shutdown).append(func)

    @deprecated(
        """
        on_event is deprecated, use lifespan event handlers instead.

        Read more about it in the
        [FastAPI docs for Lifespan Events](https://fastapi.tiangolo.com/advanced/events/).
        """
    )
    def on_event(self, event_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Call the decorated function at `"startup"` or `"shutdown"`."""

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_event_handler(event_type, func)
            return func

        return decorate


def _check_prefix(prefix: str) -> None:
    assert prefix.startswith("/"), "A path prefix must start with '/'"
    assert not prefix.endswith("/"), "A path prefix must not end with '/', as the routes will start with a '/'"


def _check_no_empty_path(router: APIRouter) -> None:
    for route in iter_effective_routes(router.routes):
        path = getattr(route, "path", None)
        if path is not None and not path:
            name = getattr(route, "name", "unknown")
            raise FastAPIError(f"Prefix and path cannot be both empty (path operation: {name})")


def _contains_router(router: APIRouter, wanted: APIRouter) -> bool:
    return any(
        isinstance(route, IncludedRouter)
        and (route.original_router is wanted or _contains_router(route.original_router, wanted))
        for route in router.routes
    )


# --- what the lookup holds ----------------------------------------------------------------------------------------------


def _targets(route: Any, router: APIRouter) -> Iterator[Target]:
    """The entries of the lookup for one route; an included router is flattened unless it matches in its own way."""
    if isinstance(route, IncludedRouter):
        cls = type(route.original_router)
        if cls.matches is APIRouter.matches and cls.handle is APIRouter.handle:
            for candidate in route.effective_candidates():
                yield from _targets(candidate, router)
        else:
            yield Target(route, kind="any")
    elif isinstance(route, APIRoute) and router.form_limits.keys() - route.form_limits.keys():
        yield Target(_Outside(route, router), kind="any")  # made by hand, so it lacks the router's limits
    elif isinstance(route, (APIRoute, APIWebSocketRoute, EffectiveRoute)):
        yield _operation_target(route)
    else:
        yield _starlette_target(route, router)


def _operation_target(operation: Any) -> Target:
    route: Any = getattr(operation, "original_route", operation)
    kind = "websocket" if isinstance(route, APIWebSocketRoute) else "http"
    if not route.has_plain_matching:
        return Target(operation, kind="any", updates={"route": route})
    included = operation is not route
    inner: Scope = {"fastapi": {ROUTE_KEY: operation}} if included else {}
    target = Target(
        operation,
        kind=kind,
        path=operation.path_format if not _has_convertors(operation) else operation.path,
        methods=frozenset(operation.methods) if kind == "http" else None,
        regex=operation.path_regex if operation.param_convertors else None,
        convertors=operation.param_convertors,
        updates={"endpoint": operation.endpoint, "route": route, **inner},
    )
    if route.has_plain_handling:
        target.app = _first_use(target, operation)
    return target


def _has_convertors(operation: Any) -> bool:
    return ":" in operation.path


def _first_use(target: Target, operation: Any) -> ASGIApp:
    """Compile the operation when it is first asked for, and put the compiled function in its place."""

    async def compile_and_answer(scope: Scope, receive: Receive, send: Send) -> None:
        app = operation.app.current()
        if kind_is_http(operation):
            app = wrap_app_with_body_limit(app, operation.max_body_size)
        if _notifies(operation.dependency_overrides_provider):
            target.app = app
        await app(scope, receive, send)

    return compile_and_answer


def kind_is_http(operation: Any) -> bool:
    return isinstance(operation.app, RouteApp)


def _notifies(provider: Any) -> bool:
    """Whether a change of the provider's overrides resets the lookup; a plain dict's changes go unseen."""
    return provider is None or isinstance(getattr(provider, "dependency_overrides", None), DependencyOverrides)


def _starlette_target(route: Any, router: APIRouter) -> Target:
    actual = route.starlette_route if isinstance(route, EffectiveStarletteRoute) else route
    holder = route if isinstance(route, EffectiveStarletteRoute) else router
    cls = type(actual)
    shown: Scope = {} if isinstance(route, EffectiveStarletteRoute) else {"route": route}
    if cls in (Route, WebSocketRoute):
        target = Target(
            route,
            kind="http" if cls is Route else "websocket",
            path=actual.path,
            methods=frozenset(actual.methods) if cls is Route and actual.methods else None,
            regex=actual.path_regex if actual.param_convertors else None,
            convertors=actual.param_convertors,
            updates={"endpoint": actual.endpoint, **shown},
        )
        limit = holder.max_body_size if cls is Route else None
        target.app = tracked_app(wrap_app_with_body_limit(actual.handle, limit))
        return target
    prefix = ""
    if cls is Mount:  # whole segments that every path below the mount begins with
        literal, brace, _ = (actual.path + "/").partition("{")
        prefix = literal.rpartition("/")[0] + "/"
    target = Target(_Outside(route, holder), kind="any", prefix=prefix, updates=shown)
    return target


def _observed_target(scope: Scope, target: Target) -> ASGIApp:
    """The target's application, with telemetry told which route was selected."""
    from vivace.telemetry import _api as telemetry

    candidate = target.candidate
    route = getattr(candidate, "route", candidate) if isinstance(candidate, _Outside) else candidate
    shown = route.starlette_route if isinstance(route, EffectiveStarletteRoute) else route
    path = getattr(route, "path_format", None)
    if path is not None:
        telemetry.route_selected(scope, path, mount=isinstance(shown, Mount))
    return tracked_app(target.candidate.handle)


def _note_redirect(scope: Scope, other: Scope, target: Target, child_scope: Scope) -> None:
    _observed_target(scope, target)


def _note_low_priority(scope: Scope, route: Any) -> None:
    from vivace.telemetry import _api as telemetry

    select = getattr(route, "select", None)
    found = select(scope) if select is not None else None
    if found is not None:
        telemetry.route_selected(scope, found.template)
    elif getattr(route, "path_format", None) is not None:
        telemetry.route_selected(scope, route.path_format)


class _Outside:
    """A mount, host or foreign route: what is below it inherits the limits that stand here."""

    def __init__(self, route: Any, holder: Any) -> None:
        self.route = route
        self.form_limits = holder.form_limits
        self._handle = wrap_app_with_body_limit(route.handle, holder.max_body_size)
        self._shown = None if isinstance(route, (EffectiveStarletteRoute, IncludedRouter)) else route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = self.route.matches(scope)
        if match is not Match.NONE and self._shown is not None:
            child_scope = {"route": self._shown, **child_scope}
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.form_limits:
            inner = scope.setdefault("fastapi", {})
            inner["form_limits"] = {**inner.get("form_limits", {}), **self.form_limits}
        await self._handle(scope, receive, send)


_routers: weakref.WeakSet[APIRouter] = weakref.WeakSet()


def forget_lookups() -> None:
    """Make every router look its routes up anew: something that compiled endpoints depend on has changed."""
    for router in list(_routers):
        router._matcher = None


class DependencyOverrides(dict[Any, Any]):
    """`app.dependency_overrides`: a dict that tells when it changes, so that requests need not look."""

    def __init__(self, overrides: Mapping[Any, Any] = {}) -> None:  # noqa: B006
        super().__init__(overrides)
        self._changed()

    def _changed(self) -> None:
        forget_lookups()

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._changed()

    def __ior__(self, other: Any) -> DependencyOverrides:  # type: ignore[override,misc]
        self.update(other)
        return self

    def clear(self) -> None:
        super().clear()
        self._changed()

    def pop(self, *args: Any) -> Any:
        value = super().pop(*args)
        self._changed()
        return value

    def popitem(self) -> tuple[Any, Any]:
        item = super().popitem()
        self._changed()
        return item

    def setdefault(self, key: Any, default: Any = None) -> Any:
        value = super().setdefault(key, default)
        self._changed()
        return value

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self._changed()


# --- seen from outside --------------------------------------------------------------------------------------------------


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
        if isinstance(route, (EffectiveRoute, EffectiveStarletteRoute)):
            yield RouteContext(route.original_route, route)
        elif isinstance(route, RouteContext):
            yield route
        else:
            yield RouteContext(route)


def _iter_routes_with_context(routes: Iterable[BaseRoute]) -> Iterator[tuple[BaseRoute, Any]]:
    for context in iter_route_contexts(routes):
        yield context.route, context._route_context


def _iter_included_route_candidates(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in iter_effective_routes(routes):
        if isinstance(route, EffectiveStarletteRoute):
            yield route.starlette_route
        else:
            yield getattr(route, "original_route", route)


_restore_fastapi_scope_key = restore_key
_EffectiveRouteContext = EffectiveRoute
_IncludedRouter = IncludedRouter


# --- doors ------------------------------------------------------------------------------------------------------------


def _handler_of(operation: Any) -> Callable[..., Any]:
    return get_request_handler(
        dependant=operation.dependant,
        body_field=operation.body_field,
        status_code=operation.status_code,
        response_class=operation.response_class,
        response_field=operation.response_field,
        response_model_include=operation.response_model_include,
        response_model_exclude=operation.response_model_exclude,
        response_model_by_alias=operation.response_model_by_alias,
        response_model_exclude_unset=operation.response_model_exclude_unset,
        response_model_exclude_defaults=operation.response_model_exclude_defaults,
        response_model_exclude_none=operation.response_model_exclude_none,
        dependency_overrides_provider=operation.dependency_overrides_provider,
        embed_body_fields=operation._embed_body_fields,
        strict_content_type=operation.strict_content_type,
        stream_item_field=operation.stream_item_field,
        is_json_stream=operation.is_json_stream,
        form_limits=operation.form_limits,
    )


def get_request_handler(
    dependant: Dependant,
    body_field: ModelField | None = None,
    status_code: int | None = None,
    response_class: type[Response] | DefaultPlaceholder = Default(JSONResponse),
    response_field: ModelField | None = None,
    response_model_include: IncEx | None = None,
    response_model_exclude: IncEx | None = None,
    response_model_by_alias: bool = True,
    response_model_exclude_unset: bool = False,
    response_model_exclude_defaults: bool = False,
    response_model_exclude_none: bool = False,
    dependency_overrides_provider: Any | None = None,
    embed_body_fields: bool = False,
    strict_content_type: bool | DefaultPlaceholder = Default(True),
    stream_item_field: ModelField | None = None,
    is_json_stream: bool = False,
    form_limits: _FormLimits | None = None,
) -> Callable[..., Any]:
    """The function `async (request) -> Response` for an endpoint described by a `Dependant`."""
    assert dependant.call is not None, "dependant.call must be a function"
    root = dependant.to_plan()
    body = None
    if body_field is not None:
        body = BodyPlan(flat_parameters(root).body, embed_body_fields, isinstance(body_field.field_info, Form))
    mode = ResponseMode.JSON_LINES if is_json_stream else response_mode(dependant.call, response_class)
    plan = EndpointPlan(
        root=root,
        body=body,
        response=ResponsePlan(
            mode=mode,
            response_class=None if isinstance(response_class, DefaultPlaceholder) else response_class,
            status_code=status_code,
            field=response_field,
            item_field=stream_item_field,
            options=SerializeOptions(
                response_model_include,
                response_model_exclude,
                response_model_by_alias,
                response_model_exclude_unset,
                response_model_exclude_defaults,
                response_model_exclude_none,
            ),
        ),
        path=dependant.path or "",
        strict_content_type=(
            strict_content_type.value if isinstance(strict_content_type, DefaultPlaceholder) else strict_content_type
        ),
        form_limits=form_limits or {},
    )
    variants = Variants(plan, f"{plan.path} {_place(dependant.call)}")
    composed = compose_handler(plan, dependant, dependency_overrides_provider, sys.modules[__name__])

    async def app(request: Any) -> Response:
        if _TELEMETRY_KEY in request.scope or _steps_replaced():
            return await composed(request)  # type: ignore[no-any-return]
        overrides = getattr(dependency_overrides_provider, "dependency_overrides", None) or {}
        return await variants.handler(overrides)(request)  # type: ignore[no-any-return]

    return app


def get_websocket_app(
    dependant: Dependant, dependency_overrides_provider: Any | None = None, embed_body_fields: bool = False
) -> Callable[..., Any]:
    """The function `async (websocket)` for a WebSocket endpoint described by a `Dependant`."""
    return compose_websocket(dependant, dependency_overrides_provider, embed_body_fields, sys.modules[__name__])


def make_frontend_solver(
    dependencies: Sequence[params.Depends], provider: Any
) -> DependencySolver | None:
    """What solves the dependencies in front of served files."""
    return frontend_solver(dependencies, provider)


_OWN_DOORS = {
    "get_request_handler": get_request_handler,
    "run_endpoint_function": run_endpoint_function,
    "solve_dependencies": solve_dependencies,
    "serialize_response": serialize_response,
    "request_response": request_response,
    "get_websocket_app": get_websocket_app,
}
_STEPS = ("run_endpoint_function", "solve_dependencies", "serialize_response")


def _doors_replaced() -> bool:
    return any(globals()[name] is not own for name, own in _OWN_DOORS.items())


def _steps_replaced() -> bool:
    return any(globals()[name] is not _OWN_DOORS[name] for name in _STEPS)


# A route compiled before a door is replaced must notice: every lookup is forgotten when this module's names are set.


class _Doors(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _OWN_DOORS:
            forget_lookups()


sys.modules[__name__].__class__ = _Doors
_StreamSettings.ping_interval = staticmethod(lambda: _PING_INTERVAL)
