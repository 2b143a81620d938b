"""Declare routes: `APIRouter`, `APIRoute` and `APIWebSocketRoute`.

A router keeps its routes in the order of declaration, and included routers among them. For serving, the whole
tree is flattened into one lookup (`_match`), made on the first request and again when a route is added
anywhere below. A route's endpoint is compiled on its first request (`_compile`).

The functions at the end (`get_request_handler`, `request_response`, …) are doors: instrumentation replaces
them. While they are ours the compiled endpoint runs instead; a replaced one is called. Some imports serve
other packages, which look for these names here (`noqa: F401`).
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from starlette.datastructures import URL
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route, Router, WebSocketRoute
from starlette.routing import Mount as Mount
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from typing_extensions import Unpack, deprecated

from vivace import params
from vivace._body_limit import wrap_app_with_body_limit
from vivace._form_limits import _FormLimits
from vivace._handlers import limited
from vivace._lanes import tracked_app
from vivace._lifespan import DefaultLifespan, as_lifespan, call_handlers, merge_lifespans
from vivace._match.contexts import RouteContext as RouteContext
from vivace._match.contexts import (
    iter_included_route_candidates as _iter_included_route_candidates,  # noqa: F401
)
from vivace._match.contexts import iter_route_contexts as iter_route_contexts
from vivace._match.contexts import iter_routes_with_context as _iter_routes_with_context  # noqa: F401
from vivace._match.include import ROUTE_KEY, ROUTER_KEY, iter_routes_without_path, match_operation
from vivace._match.include import EffectiveRoute as _EffectiveRouteContext  # noqa: F401
from vivace._match.include import IncludedRouter as _IncludedRouter
from vivace._match.refusal import Refusal
from vivace._operation import Operation, WebSocketOperation
from vivace._operation_id import generate_unique_id
from vivace._options import (
    IncludeContext,
    OperationOptions,
    Responses,
    RouteOptions,
    UniqueIdFunction,
    checked_limits,
    checked_operation_options,
    option_signature,
    shows_options,
)
from vivace._plan.fields import ModelField
from vivace._plan.nodes import (
    BodyPlan,
    EndpointPlan,
    ResponseMode,
    ResponsePlan,
    SerializeOptions,
    flat_parameters,
)
from vivace._plan.response import response_mode
from vivace._route_app import RouteApp, WebSocketApp
from vivace._route_app import effective_operation as _effective_route_context_var
from vivace._scope import restore_key as _restore_fastapi_scope_key  # noqa: F401
from vivace._scope import update_scope
from vivace._starlette import get_route_path
from vivace._verbs import Verbs
from vivace._watched import KnowsItsMethods, RouteList, WatchedApp, routers
from vivace.datastructures import Default, DefaultPlaceholder
from vivace.exceptions import FastAPIError
from vivace.params import Form
from vivace.sse import _PING_INTERVAL as _PING_INTERVAL
from vivace.telemetry._api import SCOPE_KEY as _TELEMETRY_KEY
from vivace.types import DecoratedCallable, FrontendFallback, IncEx

from . import _doors

if TYPE_CHECKING:
    from vivace._compile.composed import request_response as request_response
    from vivace._compile.composed import run_endpoint_function as run_endpoint_function
    from vivace._compile.composed import serialize_response as serialize_response
    from vivace._compile.composed import solve_dependencies as solve_dependencies
    from vivace._compile.composed import websocket_session as websocket_session
    from vivace._frontend import FrontendRouteGroup
    from vivace._match.tree import Matcher
    from vivace._plan.dependant import Dependant as Dependant

_OPTION_NAMES = RouteOptions._fields


# --- routes -----------------------------------------------------------------------------------------------------------


class APIRoute(KnowsItsMethods, Operation, Route):  # type: ignore[override]  # `path_regex` is made when asked for
    """An endpoint under a path.

        route = APIRoute("/items/{item_id}", read_item, methods=["GET"], response_model=Item)

    Takes the options of `APIRouter.get` and `methods`. Subclass it and override `get_route_handler` to see
    requests before the endpoint and responses after it; give the subclass to `APIRouter(route_class=...)`.
    Raises `AssertionError` or `FastAPIError` if the declaration cannot work.
    """

    methods: set[str]

    app = WatchedApp()

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
        is_custom = not self.has_own("get_route_handler")
        return RouteApp(operation, lambda: self.get_route_handler(), is_custom=is_custom)

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
        app: ASGIApp = operation.app if operation is not self else self.app
        await limited(app, operation.max_body_size)(scope, receive, send)

    @property
    def has_plain_matching(self) -> bool:
        """Whether a match is decided by path and methods alone."""
        return self.has_own("matches")

    @property
    def has_plain_handling(self) -> bool:
        """Whether the compiled endpoint may answer without asking this object."""
        return self.has_own("handle") and self.app is self._own_app


APIRoute.remember_methods("matches", "handle", "get_route_handler")
APIRoute.__init__.__signature__ = option_signature(  # type: ignore[attr-defined]  # what inspect.signature shows
    inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
    inspect.Parameter("path", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str),
    inspect.Parameter("endpoint", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Callable[..., Any]),
    names=[
        name
        for option in _OPTION_NAMES
        for name in ((option, "dependency_overrides_provider") if option == "response_class" else (option,))
    ],
)


class APIWebSocketRoute(KnowsItsMethods, WebSocketOperation, WebSocketRoute):  # type: ignore[override]  # likewise
    """A WebSocket endpoint under a path."""

    app = WatchedApp()

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        dependency_overrides_provider: Any | None = None,
    ) -> None:
        self.dependency_overrides_provider = dependency_overrides_provider
        self.declare_websocket(path, endpoint, name, dependencies or ())
        _ = self.root  # a wrong declaration is reported where it is written
        self.app = self._own_app = self.app_for(self)

    def app_for(self, operation: WebSocketOperation) -> WebSocketApp:
        """The ASGI application for this route, or for one of its inclusions."""
        return WebSocketApp(operation)

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
        return self.has_own("matches")

    @property
    def has_plain_handling(self) -> bool:
        return self.has_own("handle") and self.app is self._own_app


APIWebSocketRoute.remember_methods("matches", "handle")


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


_NOT_FOUND = Refusal(404)
_starlette_not_found = Router.not_found


# --- routers ----------------------------------------------------------------------------------------------------------


class APIRouter(KnowsItsMethods, Verbs, Router):
    """A group of path operations, to be included in an app or in another router.

        router = APIRouter(prefix="/users", tags=["users"])

        @router.get("/{user_id}")
        async def read_user(user_id: int): ...

        app.include_router(router)

    What is given here (tags, dependencies, responses, limits, …) is added to every route of the router.
    """

    # Starlette compares routers by their routes, which leaves them without a hash: it is None there.
    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]

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
        routers.add(self)
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
    def routes(self) -> list[BaseRoute]:
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
        matcher = self._matcher or self._build_matcher()
        # PERF (W1): mostly there is no root path, and then the path is the path.
        path = get_route_path(scope) if scope.get("root_path") else scope["path"]
        match, target = matcher.select(scope, path)
        if target is None:
            return self._select_otherwise(scope, matcher, path)
        if _TELEMETRY_KEY in scope:
            from vivace._match.targets import note_target

            note_target(scope, target)
        elif match is Match.FULL:
            if target.app is not None:
                return target.app
            if target.compile is not None:
                return target.compile()
        elif target.refusal is not None and "app" in scope:
            return target.refusal
        return tracked_app(target.candidate.handle)

    def _build_matcher(self) -> Matcher:
        # PERF (W12): what makes the lookup is imported when the first request comes.
        from vivace._match.targets import targets_of
        from vivace._match.tree import Matcher

        targets = [target for route in self.routes for target in targets_of(route, self)]
        self._matcher = Matcher(targets, list(self._iter_low_priority_routes()))
        return self._matcher

    def _select_otherwise(self, scope: Scope, matcher: Matcher, path: str) -> ASGIApp:
        """No route matches: a redirect to the path with or without its slash, a front end, or the default."""
        may_redirect = matcher.may_end_in_slash or path.endswith("/") or not path
        if may_redirect and scope["type"] == "http" and self.redirect_slashes and path != "/":
            other = scope["path"].rstrip("/") if path.endswith("/") else scope["path"] + "/"
            redirected = {**scope, "path": other}
            other_path = get_route_path(redirected)
            target = None
            if matcher.may_match("http", other_path):
                _, target, _ = matcher.match(redirected, other_path)
            if target is not None:
                if _TELEMETRY_KEY in scope:
                    from vivace._match.targets import note_target

                    note_target(scope, target)
                return RedirectResponse(url=str(URL(scope=redirected)))
        if matcher.low_priority:
            from vivace._frontend import match_low_priority

            _, child_scope, route = match_low_priority(matcher.low_priority, scope)
            if route is not None:
                update_scope(scope, child_scope)
                if _TELEMETRY_KEY in scope:
                    from vivace._match.targets import note_low_priority

                    note_low_priority(scope, route)
                return tracked_app(wrap_app_with_body_limit(route.handle, self.max_body_size))
        if scope["type"] == "http" and "app" in scope and self._has_own_default:
            return _NOT_FOUND
        return tracked_app(self.default)

    @property
    def _has_own_default(self) -> bool:
        """Whether what answers for a path that is unknown is what Starlette has for it."""
        return getattr(self.default, "__func__", None) is _starlette_not_found

    def _iter_low_priority_routes(self) -> Iterator[BaseRoute]:
        yield from self._low_priority_routes
        for route in self.routes:
            if isinstance(route, _IncludedRouter):
                yield from route.effective_low_priority_routes()

    # -- as a route of the router that includes it

    @property
    def has_plain_matching(self) -> bool:
        """Whether the routers that include this one may look its routes up without asking it."""
        return self.has_own("matches", "handle")

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

    @shows_options
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
        declared = RouteOptions(**options, methods=methods, strict_content_type=strict_content_type)
        merged = IncludeContext.of_router(self).apply(declared)
        route_class = route_class_override or self.route_class
        route = route_class(
            self.prefix + path,
            endpoint=endpoint,
            dependency_overrides_provider=self.dependency_overrides_provider,
            **merged._asdict(),
        )
        self.routes.append(route)

    @shows_options
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

        `fallback` answers navigation to paths that are no files: `index.html`, `404.html`, whichever exists
        (`"auto"`) or nothing (`None`). `check_dir` says whether a missing directory is an error now.
        """
        from vivace._compile.composed import frontend_solver
        from vivace._frontend import (
            FrontendRouteGroup,
            join_frontend_paths,
            normalize_frontend_path,
            resolve_frontend_check_dir,
        )

        path = join_frontend_paths(self.prefix, normalize_frontend_path(path))
        checked = resolve_frontend_check_dir(directory=directory, check_dir=check_dir)
        group = self._frontend_routes or FrontendRouteGroup(
            dependencies=self.dependencies,
            solve=frontend_solver(self.dependencies, self.dependency_overrides_provider),
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

        The router stays live: routes added to it later are served too. Raises `AssertionError` for a prefix
        that does not begin with a slash or ends with one and for a router that includes this one,
        `FastAPIError` for a route whose path would be empty.
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
        self.routes.append(_IncludedRouter(router, IncludeContext.of_router(self).then(inner)))
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
        assert event_type in ("startup", "shutdown"), (
            f"There is no event {event_type!r}: use 'startup' or 'shutdown'"
        )
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


APIRouter.remember_methods("matches", "handle")


def _check_prefix(prefix: str) -> None:
    assert prefix.startswith("/"), "A path prefix must start with '/'"
    assert not prefix.endswith("/"), "A path prefix must not end with '/', as the routes will start with '/'"


def _check_no_empty_path(router: APIRouter) -> None:
    for route in iter_routes_without_path(router.routes):
        name = getattr(route, "name", "unknown")
        raise FastAPIError(f"Prefix and path cannot be both empty (path operation: {name})")


def _contains_router(router: APIRouter, wanted: APIRouter) -> bool:
    return any(
        isinstance(route, _IncludedRouter)
        and (route.original_router is wanted or _contains_router(route.original_router, wanted))
        for route in router.routes
    )


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
        body = BodyPlan(
            flat_parameters(root).body, embed_body_fields, isinstance(body_field.field_info, Form)
        )
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
            strict_content_type.value
            if isinstance(strict_content_type, DefaultPlaceholder)
            else strict_content_type
        ),
        form_limits=form_limits or {},
    )
    from vivace._compile.composed import compose_handler
    from vivace._compile.variants import Variants

    variants = Variants(plan, f"{plan.path} {getattr(dependant.call, '__qualname__', '')}")
    composed = compose_handler(plan, dependant, dependency_overrides_provider, _doors.module())

    async def app(request: Any) -> Response:
        if _TELEMETRY_KEY in request.scope or _doors.are_replaced(*_doors.STEPS):
            answer: Response = await composed(request)
        else:
            overrides = getattr(dependency_overrides_provider, "dependency_overrides", None) or {}
            answer = await variants.handler(overrides)(request)
        return answer

    return app


def get_websocket_app(
    dependant: Dependant, dependency_overrides_provider: Any | None = None, embed_body_fields: bool = False
) -> Callable[..., Any]:
    """The function `async (websocket)` for a WebSocket endpoint described by a `Dependant`."""
    from vivace._compile.composed_websocket import compose_websocket

    return compose_websocket(dependant, dependency_overrides_provider, embed_body_fields, _doors.module())


_STEPS = "vivace._compile.composed"
_doors.install(
    "get_request_handler",
    "get_websocket_app",
    elsewhere={
        "request_response": _STEPS,
        "run_endpoint_function": _STEPS,
        "serialize_response": _STEPS,
        "solve_dependencies": _STEPS,
        "websocket_session": _STEPS,
    },
    shown={"Dependant": "vivace._plan.dependant"},
)
