"""`FastAPI`: an application's settings, its routes, its middleware and error handlers, and the docs it serves.

A request goes `__call__` → the user's middleware, if any → `_entry.Entry` → the compiled endpoint.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from enum import Enum
from sys import modules
from types import ModuleType
from typing import Any, Literal, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from typing_extensions import Unpack, deprecated

from vivace import params, routing
from vivace._body_limit import AppBodyLimitMiddleware
from vivace._entry import (
    Entry,
    OuterErrors,
    UnhandledErrors,
    WholeEntry,
    server_error_handler,
    server_error_layer,
)
from vivace._form_limits import _FormLimits
from vivace._operation_id import generate_unique_id
from vivace._options import OperationOptions, Responses, UniqueIdFunction, shows_options
from vivace._verbs import Verbs
from vivace._watched import DependencyOverrides
from vivace.datastructures import Default, DefaultPlaceholder
from vivace.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from vivace.exceptions import (
    FastAPIDeprecationWarning,
    RequestValidationError,
    WebSocketRequestValidationError,
)
from vivace.telemetry import TelemetryConfig
from vivace.telemetry import _api as telemetry_api
from vivace.types import DecoratedCallable, FrontendFallback

AppType = TypeVar("AppType", bound="FastAPI")
ExceptionHandlers = dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]


class FastAPI(Verbs, Starlette):
    """An application.

        app = FastAPI(title="Shop", version="2.1.0")

        @app.get("/items/{item_id}")
        async def read_item(item_id: int, q: str | None = None):
            return {"item_id": item_id, "q": q}

    An ASGI 3 application: serve it with any ASGI server. The OpenAPI document is at `openapi_url`, its pages
    at `docs_url`, `redoc_url` and `scalar_url`; `None` switches each off. The pages load nothing from elsewhere,
    unless `docs_assets="cdn"` says so. `dependencies`, `responses`, `callbacks`,
    `deprecated`, `default_response_class`, `generate_unique_id_function` and the limits are those of its
    router. Raises `AssertionError` for an OpenAPI document without title or version, `ValueError` for wrong
    limits.
    """

    def __init__(
        self: AppType,
        *,
        telemetry: TelemetryConfig | None = None,
        debug: bool = False,
        routes: list[BaseRoute] | None = None,
        title: str = "FastAPI",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        openapi_url: str | None = "/openapi.json",
        openapi_tags: list[dict[str, Any]] | None = None,
        servers: list[dict[str, str | Any]] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        redirect_slashes: bool = True,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        scalar_url: str | None = None,
        docs_assets: Literal["local", "cdn"] = "local",
        swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: ExceptionHandlers | None = None,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan[AppType] | None = None,
        terms_of_service: str | None = None,
        contact: dict[str, str | Any] | None = None,
        license_info: dict[str, str | Any] | None = None,
        root_path: str = "",
        root_path_in_servers: bool = True,
        responses: Responses | None = None,
        callbacks: list[BaseRoute] | None = None,
        webhooks: routing.APIRouter | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        swagger_ui_parameters: dict[str, Any] | None = None,
        generate_unique_id_function: UniqueIdFunction = Default(generate_unique_id),
        separate_input_output_schemas: bool = True,
        openapi_external_docs: dict[str, Any] | None = None,
        strict_content_type: bool = True,
        max_body_size: int | None = None,
        form_limits: _FormLimits | None = None,
    ) -> None:
        self._telemetry = telemetry_api.read_config(telemetry)
        self._gate = telemetry_api.Gate(self._telemetry)
        self.debug = debug
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.openapi_url = openapi_url
        self.openapi_tags = openapi_tags
        self.root_path_in_servers = root_path_in_servers
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.scalar_url = scalar_url
        assert docs_assets in ("local", "cdn"), f"docs_assets is 'local' or 'cdn', not {docs_assets!r}"
        self.docs_assets: Literal["local", "cdn"] = docs_assets
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.servers = servers or []
        self.separate_input_output_schemas = separate_input_output_schemas
        self.openapi_external_docs = openapi_external_docs
        self.openapi_version = "3.1.0"
        self.openapi_schema: dict[str, Any] | None = None
        self._openapi_routes_version: int | None = None
        if openapi_url:
            assert title, "A title must be provided for OpenAPI, e.g.: 'My API'"
            assert version, "A version must be provided for OpenAPI, e.g.: '2.1.0'"
        if root_path:
            warnings.warn(
                "The `root_path` parameter is deprecated. Configure the server's root path instead, for example with"
                " `fastapi run --root-path /api/v1`.",
                FastAPIDeprecationWarning,
                stacklevel=2,
            )
        self.root_path = root_path
        self.max_body_size = max_body_size
        self.state = State()
        self.dependency_overrides = {}
        self.webhooks = webhooks or routing.APIRouter()
        self.router: routing.APIRouter = routing.APIRouter(
            routes=routes,
            redirect_slashes=redirect_slashes,
            dependency_overrides_provider=self,
            on_startup=on_startup,
            on_shutdown=on_shutdown,
            lifespan=lifespan,
            default_response_class=default_response_class,
            dependencies=dependencies,
            callbacks=callbacks,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            responses=responses,
            generate_unique_id_function=generate_unique_id_function,
            strict_content_type=strict_content_type,
            max_body_size=max_body_size,
            form_limits=form_limits,
        )
        self.exception_handlers: dict[Any, Any] = dict(exception_handlers or {})
        self.exception_handlers.setdefault(HTTPException, http_exception_handler)
        self.exception_handlers.setdefault(RequestValidationError, request_validation_exception_handler)
        self.exception_handlers.setdefault(
            WebSocketRequestValidationError, websocket_request_validation_exception_handler
        )
        self.user_middleware = list(middleware or [])
        self.middleware_stack: ASGIApp | None = None
        self.setup()

    # -- serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.root_path:
            scope["root_path"] = self.root_path
        scope["app"] = self
        stack = self.middleware_stack
        if stack is None:
            stack = self.middleware_stack = self.build_middleware_stack()
        if Starlette.__call__ is not _starlette_call:
            stack = _ThroughStarlette(self, stack)
        if scope["type"] == "lifespan":
            await telemetry_api.lifespan(
                config=self._telemetry, app=stack, scope=scope, receive=receive, send=send
            )
            return
        if "opentelemetry.context" in modules:  # PERF (W1): nothing is observed unless somebody imported it
            stack = self._gate.entry(scope, stack)
        await stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """The application inside out: the entry, the user's middleware, and the layer that answers 500."""
        for key in self.exception_handlers:
            assert isinstance(key, int) or issubclass(key, Exception), f"No handler can be called for {key!r}"
        around = [
            Middleware(AppBodyLimitMiddleware, max_body_size=self.max_body_size),
            *self.user_middleware,
        ]
        if _starlette_layers() != _OWN_LAYERS:
            return self._build_starlette_stack(around)
        if not self.user_middleware and self.max_body_size is None:
            return WholeEntry(self)
        from vivace._http_middleware import called_directly  # PERF (W12): brings what exits and limits need

        app: ASGIApp = Entry(self)
        for cls, args, kwargs in reversed(around):
            app = called_directly(cls(app, *args, **kwargs))
        return OuterErrors(app, self)

    def _build_starlette_stack(self, around: list[Middleware]) -> ASGIApp:
        """The stack out of Starlette's layers: instrumentation has replaced a part of those that are flattened else."""
        handlers = {
            key: value for key, value in self.exception_handlers.items() if key not in (500, Exception)
        }
        layers = [
            Middleware(server_error_layer(self.debug), handler=server_error_handler(self), debug=self.debug),
            Middleware(UnhandledErrors),
            *around,
            Middleware(ExceptionMiddleware, handlers=handlers, debug=self.debug),
        ]
        app: ASGIApp = self.router
        for cls, args, kwargs in reversed(layers):
            app = cls(app, *args, **kwargs)
        return app

    @property
    def dependency_overrides(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """Dependencies to replace, usually in tests: `app.dependency_overrides[get_db] = get_test_db`."""
        return self._dependency_overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        self._dependency_overrides = DependencyOverrides(overrides or {})

    # -- the document and its pages

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made on first use and again when routes were added.

        Replace it to change the document: `app.openapi = my_openapi`. Change it in place after the first call:
        `app.openapi_schema`.
        """
        # PERF (W12): the document's models are imported when it is first asked for.
        from vivace.openapi.document import get_openapi

        version = self.router._get_routes_version() + self.webhooks._get_routes_version()
        if self.openapi_schema is None or self._openapi_routes_version not in (None, version):
            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                routes=self.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
            )
            self._openapi_routes_version = version
        return self.openapi_schema

    def setup(self) -> None:
        """Add the routes of the document and its pages."""
        if not self.openapi_url:
            return
        self.add_route(self.openapi_url, self._openapi_document, name="openapi", include_in_schema=False)
        if self.docs_url:
            self.add_route(self.docs_url, self._swagger_ui, name="swagger_ui_html", include_in_schema=False)
            if self.swagger_ui_oauth2_redirect_url:
                self.add_route(
                    self.swagger_ui_oauth2_redirect_url,
                    self._swagger_ui_redirect,
                    name="swagger_ui_redirect",
                    include_in_schema=False,
                )
        if self.redoc_url:
            self.add_route(self.redoc_url, self._redoc, name="redoc_html", include_in_schema=False)
        if self.scalar_url:
            self.add_route(self.scalar_url, self._scalar, name="scalar_html", include_in_schema=False)

    async def _openapi_document(self, request: Request) -> JSONResponse:
        document = self.openapi()
        root_path = _root_path(request)
        servers = document.get("servers", [])
        if (
            root_path
            and self.root_path_in_servers
            and all(server.get("url") != root_path for server in servers)
        ):
            # Not kept: the root path comes with the request, and another client must not see this one's.
            document = {**document, "servers": [{"url": root_path}, *servers]}
        return JSONResponse(document)

    async def _swagger_ui(self, request: Request) -> Any:
        root_path = _root_path(request)
        redirect_url = self.swagger_ui_oauth2_redirect_url
        pages = _docs_pages()
        return pages.asset(request) or pages.swagger_ui_page(
            title=f"{self.title} - Swagger UI",
            openapi_url=f"{root_path}{self.openapi_url}",
            oauth2_redirect_url=f"{root_path}{redirect_url}" if redirect_url else redirect_url,
            init_oauth=self.swagger_ui_init_oauth,
            parameters=self.swagger_ui_parameters,
            source=self.docs_assets,
        )

    async def _swagger_ui_redirect(self, request: Request) -> Any:
        pages = _docs_pages()
        return pages.asset(request) or pages.oauth2_redirect_page()

    async def _redoc(self, request: Request) -> Any:
        url = f"{_root_path(request)}{self.openapi_url}"
        pages = _docs_pages()
        return pages.asset(request) or pages.redoc_page(
            title=f"{self.title} - ReDoc", openapi_url=url, source=self.docs_assets
        )

    async def _scalar(self, request: Request) -> Any:
        url = f"{_root_path(request)}{self.openapi_url}"
        pages = _docs_pages()
        return pages.asset(request) or pages.scalar_page(
            title=f"{self.title} - Scalar", openapi_url=url, source=self.docs_assets
        )

    # -- declaring: all of it is the router's

    @shows_options
    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: list[str] | None = None,
        **options: Unpack[OperationOptions],
    ) -> None:
        """Declare `endpoint` under `path`; the options are those of `get`."""
        self.router.add_api_route(path, endpoint, methods=methods, **options)

    @shows_options
    def api_route(
        self, path: str, *, methods: Collection[str] | None = None, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function under `path` for several methods."""
        return self.router.api_route(path, methods=methods, **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[params.Depends] | None = None,
    ) -> None:
        """Declare a WebSocket endpoint under `path`."""
        self.router.add_api_websocket_route(path, endpoint, name=name, dependencies=dependencies)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[params.Depends] | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a WebSocket endpoint.

        @app.websocket("/ws")
        async def echo(websocket: WebSocket):
            await websocket.accept()
            await websocket.send_text(await websocket.receive_text())
        """
        return self.router.websocket(path, name, dependencies=dependencies)

    def websocket_route(
        self, path: str, name: str | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a plain Starlette WebSocket endpoint."""
        return self.router.websocket_route(path, name)

    def include_router(
        self,
        router: routing.APIRouter,
        *,
        prefix: str = "",
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[params.Depends] | None = None,
        responses: Responses | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        default_response_class: type[Response] = Default(JSONResponse),
        callbacks: list[BaseRoute] | None = None,
        generate_unique_id_function: UniqueIdFunction = Default(generate_unique_id),
        max_body_size: int | None = None,
        form_limits: _FormLimits | None = None,
    ) -> None:
        """Include a router under `prefix`; the other options are added to all its routes. See `APIRouter`."""
        self.router.include_router(
            router,
            prefix=prefix,
            tags=tags,
            dependencies=dependencies,
            responses=responses,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            default_response_class=default_response_class,
            callbacks=callbacks,
            generate_unique_id_function=generate_unique_id_function,
            max_body_size=max_body_size,
            form_limits=form_limits,
        )

    def frontend(
        self,
        path: str,
        *,
        directory: Any,
        fallback: FrontendFallback | None = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        """Serve a built single-page application; see `APIRouter.frontend`."""
        self.router.frontend(path, directory=directory, fallback=fallback, check_dir=check_dir)

    def middleware(self, middleware_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Run the decorated function around every request.

            @app.middleware("http")
            async def add_header(request: Request, call_next):
                response = await call_next(request)
                response.headers["X-Version"] = "1"
                return response

        The only type is `"http"`.
        """
        assert middleware_type == "http", f"There is no middleware type {middleware_type!r}: use 'http'"

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_middleware(BaseHTTPMiddleware, dispatch=func)
            return func

        return decorate

    def exception_handler(
        self, exc_class_or_status_code: int | type[Exception]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Answer an exception, or a status of `HTTPException`, with the decorated function."""

        def decorate(func: DecoratedCallable) -> DecoratedCallable:
            self.add_exception_handler(exc_class_or_status_code, func)
            return func

        return decorate

    @deprecated(
        """
        on_event is deprecated, use lifespan event handlers instead.

        Read more about it in the
        [FastAPI docs for Lifespan Events](https://fastapi.tiangolo.com/advanced/events/).
        """
    )
    def on_event(self, event_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Call the decorated function at `"startup"` or `"shutdown"`."""
        return self.router.on_event(event_type)

    # Starlette's own, deprecated there, are a part of this interface.

    def add_route(
        self,
        path: str,
        route: Callable[[Request], Awaitable[Response] | Response],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Declare a plain Starlette endpoint: it takes a request and gives a response."""
        self.router.add_route(path, route, methods=methods, name=name, include_in_schema=include_in_schema)

    def add_websocket_route(self, path: str, route: Callable[..., Any], name: str | None = None) -> None:
        """Declare a plain Starlette WebSocket endpoint."""
        self.router.add_websocket_route(path, route, name=name)

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at `"startup"` or `"shutdown"`. Prefer a lifespan."""
        self.router.add_event_handler(event_type, func)


class _ThroughStarlette:
    """The stack by way of `Starlette.__call__`, which instrumentation has replaced."""

    def __init__(self, owner: FastAPI, app: ASGIApp) -> None:
        self.owner = owner
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Starlette.__call__(self.owner, scope, receive, send)


def _starlette_layers() -> tuple[Any, ...]:
    """What instrumentation replaces in the layers that are flattened into the entry."""
    return (
        ExceptionMiddleware.__init__,
        ExceptionMiddleware.__call__,
        ServerErrorMiddleware.__init__,
        ServerErrorMiddleware.__call__,
        Middleware.__init__,
    )


_starlette_call = Starlette.__call__
_OWN_LAYERS = _starlette_layers()


def _docs_pages() -> ModuleType:
    # PERF (W12): imported when somebody reads a page.
    from vivace.openapi import docs_pages

    return docs_pages


def _root_path(request: Request) -> str:
    path: str = request.scope.get("root_path", "")
    return path.rstrip("/")


__all__ = ["AppType", "DefaultPlaceholder", "FastAPI"]
