"""What programs, apps and compiled endpoints know of telemetry. Imports nothing of OpenTelemetry.

Three readers, three parts:

- a program reads `get_telemetry_data()`, and writes a `TelemetryConfig`;
- an app asks its `Gate`, once per request, whether the request is observed;
- an observed request's compiled endpoint calls `operation`, `run_sync_endpoint`, `validation_failed` and the
  other hooks, with the request's record at hand (`scope[SCOPE_KEY]`).

The record travels twice: in the ASGI scope, for the framework's own code, which has the scope in its hands;
and in OpenTelemetry's context, for processors and for code that is called without a scope (background tasks).
Functions that need OpenTelemetry import it when called: by then somebody else has.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from functools import partial, wraps
from sys import modules
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException, WebSocketException
from starlette.websockets import WebSocketDisconnect
from typing_extensions import TypedDict

from vivace.exceptions import RequestValidationError, WebSocketRequestValidationError

if TYPE_CHECKING:
    from opentelemetry._logs import Logger, LoggerProvider
    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, Tracer, TracerProvider
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send
    from starlette.websockets import WebSocket

    from ._asgi import NativeTelemetry

SCOPE_KEY = "fastapi.telemetry"
"""Where the ASGI scope holds an observed request's record.

None: the request is excluded; instrumentation packages set this too, to keep native telemetry out of what they
observe themselves. Absent: nobody observes the request yet.
"""

_REQUEST_TELEMETRY_KEY = "vivace.telemetry.request"
"""The same record's place in OpenTelemetry's context."""

_HTTP_METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
)


# --- What a program sees ------------------------------------------------------------------------------------


class TelemetryConfig(TypedDict, total=False):
    """The `telemetry` argument of `FastAPI`. Every key may be left out.

        app = FastAPI(telemetry={"metrics": False, "exclude": lambda scope: scope["path"] == "/health"})

    The three `…_provider` keys name providers to use in place of OpenTelemetry's global ones.
    """

    tracer_provider: TracerProvider | None
    meter_provider: MeterProvider | None
    logger_provider: LoggerProvider | None
    tracing: bool
    """Spans of requests and WebSocket connections. True unless given."""
    metrics: bool
    """Durations and number of requests. WebSocket connections have none. True unless given."""
    logs: bool
    """Records of failed validation, and of unhandled exceptions with message and stack trace. True unless given."""
    operation_spans: bool
    """Spans within a request: dependencies, endpoint, serialization, background tasks. True unless given."""
    auto_configure: bool
    """Add OTLP exporters when the application starts, as the `OTEL_…` environment variables say.

    Unless given, true if the environment variable `FASTAPI_OTEL_AUTO_CONFIGURE` is `true`.
    """
    exclude: Callable[[MutableMapping[str, Any]], bool] | None
    """Given the ASGI scope, answers whether to leave this request or connection out of all telemetry."""


class CompleteConfig(TypedDict):
    """A `TelemetryConfig` that leaves nothing out: what `read_config` makes of one."""

    tracer_provider: TracerProvider | None
    meter_provider: MeterProvider | None
    logger_provider: LoggerProvider | None
    tracing: bool
    metrics: bool
    logs: bool
    operation_spans: bool
    auto_configure: bool
    exclude: Callable[[MutableMapping[str, Any]], bool] | None


@dataclass(kw_only=True)
class TelemetryData:
    """The objects of the request being served, for processors that enrich spans and logs with them.

    Nothing in here is exported by itself. The fields fill up as the request proceeds:

        class Users(SpanProcessor):
            def on_start(self, span, parent_context=None):
                data = get_telemetry_data(parent_context)
                if data is not None and data.values is not None and "user" in data.values:
                    span.set_attribute("user.id", data.values["user"].id)
    """

    request: Request | None = None
    """The request, from when its route's handler starts."""
    websocket: WebSocket | None = None
    """The WebSocket, from when its route's handler starts."""
    body: Any = None
    """The body as it was read: a JSON value, a form or bytes; the text itself if it is not valid JSON."""
    values: dict[str, Any] | None = None
    """The endpoint's arguments, once dependencies are solved; as far as they got if validation failed."""
    errors: Sequence[Any] | None = None
    """The errors of validation with the input that caused them. Empty when all is well."""


def get_telemetry_data(context: Context | None = None) -> TelemetryData | None:
    """The data of the request being served, or None outside an observed request.

    Without `context` it is the caller's own request. Processors pass the context that they are given: a span
    processor its `parent_context`, a log processor the record's `context`. When the request is over, the answer
    is None for every context that was saved while it ran.

        data = get_telemetry_data()
        if data is not None and data.request is not None:
            print(data.request.url.path, data.values)
    """
    telemetry = _get_request_telemetry(context)
    return None if telemetry is None else telemetry.data


# --- One observed request -----------------------------------------------------------------------------------


@dataclass(kw_only=True, slots=True)
class _RequestTelemetry:
    """What is known of one observed request or connection. Made when it starts, emptied when it ends."""

    span: Span | None
    """The server span; None without tracing."""
    span_method: str
    """How the span's name begins: the method, `HTTP` for an unknown one, `WS` for a WebSocket."""
    tracer: Tracer | None = None
    """Makes the spans of operations; None when there shall be none."""
    logger: Logger | None = None
    route: str | None = None
    """The route's path with its parameters named, as `/items/{item_id}`, from the server's root."""
    status_code: int | None = None
    data: TelemetryData | None = field(default_factory=TelemetryData)
    _mount_prefix: str = ""
    _exceptions: list[BaseException] = field(default_factory=list, repr=False)

    @property
    def last_exception(self) -> BaseException | None:
        """The exception last recorded as unhandled."""
        return self._exceptions[-1] if self._exceptions else None

    def select_route(self, path: str, *, mount: bool) -> None:
        """Name the request after its route. What is selected inside a mount adds to the mount's path."""
        self.route = route = self._mount_prefix + path
        if mount:
            self._mount_prefix = route.removesuffix("/{path}")
        if self.span is not None:
            self.span.set_attribute("http.route", route)
            self.span.update_name(f"{self.span_method} {route}")

    def record_exception(self, exc: BaseException, *, websocket: bool = False) -> None:
        """Log an exception that nobody has handled; once, however many layers it passes."""
        if any(exc is recorded for recorded in self._exceptions):
            return
        self._exceptions.append(exc)
        if self.logger is None:
            return
        from opentelemetry._logs import SeverityNumber

        attributes = self._log_attributes()
        reported = _exception_type(exc)
        if reported != _qualified_name(type(exc)):
            # The SDK would name the class by itself. Spans, metrics and logs must agree on one name.
            attributes["exception.type"] = reported
        self.logger.emit(
            event_name="fastapi.websocket.exception" if websocket else "http.server.request.exception",
            timestamp=time_ns(),
            severity_number=SeverityNumber.ERROR,
            severity_text="ERROR",
            body="Unhandled exception in FastAPI " + ("WebSocket connection" if websocket else "request"),
            attributes=attributes,
            exception=exc,
        )

    def record_validation_failure(self, error_count: int) -> None:
        """Log that the request's data did not fit. Errors hold input, so only their number is exported."""
        if self.logger is None:
            return
        from opentelemetry._logs import SeverityNumber

        self.logger.emit(
            event_name="fastapi.validation.failed",
            timestamp=time_ns(),
            severity_number=SeverityNumber.WARN,
            severity_text="WARN",
            body="Request validation failed",
            attributes={"fastapi.validation.error_count": error_count, **self._log_attributes()},
        )

    def close(self) -> None:
        """Let go of the request's objects: contexts that were saved while it ran may outlive it."""
        self.data = None
        self._exceptions.clear()

    def _log_attributes(self) -> dict[str, Any]:
        return {} if self.route is None else {"http.route": self.route}


def _get_request_telemetry(context: Context | None = None) -> _RequestTelemetry | None:
    """The record in a context, by default the current one."""
    if "opentelemetry.context" not in modules:
        return None
    from opentelemetry.context import get_value

    telemetry = get_value(_REQUEST_TELEMETRY_KEY, context)
    return telemetry if isinstance(telemetry, _RequestTelemetry) else None


# --- Is a request observed? ---------------------------------------------------------------------------------


def read_config(telemetry: Mapping[str, Any] | None) -> CompleteConfig:
    """A complete configuration out of the `telemetry` argument: a copy, with defaults for what is missing.

        read_config({"metrics": False})["tracing"]  # True

    Raises:
        TypeError: It is not a mapping.
    """
    if telemetry is not None and not isinstance(telemetry, Mapping):
        raise TypeError(
            f"telemetry must be a dictionary such as {{'tracing': False}}, not {type(telemetry).__name__!r}"
        )
    config: CompleteConfig = {
        "tracer_provider": None,
        "meter_provider": None,
        "logger_provider": None,
        "tracing": True,
        "metrics": True,
        "logs": True,
        "operation_spans": True,
        "auto_configure": os.environ.get("FASTAPI_OTEL_AUTO_CONFIGURE", "").lower() == "true",
        "exclude": None,
    }
    if telemetry is not None:
        # mypy checks a TypedDict's update against another TypedDict; here the keys are the caller's.
        config.update(telemetry)  # type: ignore[typeddict-item]
    return config


class Gate:
    """Decides for one app which requests are observed, and by whom.

    The app asks only where OpenTelemetry's API has been imported:

        if "opentelemetry.context" in sys.modules:
            stack = self._gate.entry(scope, stack)
        await stack(scope, receive, send)
    """

    __slots__ = ("_config", "_follows_globals", "_foreign", "_native", "_stack")

    def __init__(self, config: CompleteConfig) -> None:
        self._config = config
        self._native: NativeTelemetry | None = None
        own = (config["tracer_provider"], config["meter_provider"], config["logger_provider"])
        self._follows_globals = all(provider is None for provider in own) and _PROVIDER_VARIABLES.isdisjoint(
            os.environ
        )
        self._stack: object = None
        self._foreign = False

    def entry(self, scope: Scope, stack: ASGIApp) -> ASGIApp:
        """What shall serve this request: `stack` as it is, or `stack` with telemetry around it.

        `stack` should be the same object from request to request: what is found out about it is kept.
        """
        if SCOPE_KEY in scope or scope["type"] not in _OBSERVED_SCOPES:
            return stack  # an outer app observes this request, or has excluded it
        if self._follows_globals and _no_global_provider_is_set():
            return stack
        native = self.native
        if not native.enabled() or self._is_observed_by_contrib(stack):
            return stack
        return partial(native, stack)

    @property
    def native(self) -> NativeTelemetry:
        """The app's emitter. The first access imports OpenTelemetry."""
        if self._native is None:
            from ._asgi import NativeTelemetry

            self._native = NativeTelemetry(self._config)
        return self._native

    def _is_observed_by_contrib(self, stack: ASGIApp) -> bool:
        if stack is not self._stack:
            self._stack, self._foreign = stack, _legacy_otel(stack)
        return self._foreign


_OBSERVED_SCOPES = frozenset(("http", "websocket"))

# Environment variables that make OpenTelemetry's getters load a provider on first use.
_PROVIDER_VARIABLES = frozenset(
    ("OTEL_PYTHON_TRACER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER", "OTEL_PYTHON_LOGGER_PROVIDER")
)

# For each signal: a module of the API, its public getter, and the variable behind that getter.
_GLOBAL_PROVIDERS = (
    ("opentelemetry.trace", "get_tracer_provider", "_TRACER_PROVIDER"),
    ("opentelemetry.metrics", "get_meter_provider", "_METER_PROVIDER"),
    ("opentelemetry._logs", "get_logger_provider", "_LOGGER_PROVIDER"),
)

# The same once it has been found: the module's names, the getter's name and the getter, its globals, the variable.
_watched: dict[str, tuple[dict[str, Any], str, Any, dict[str, Any], str]] = {}


def _no_global_provider_is_set() -> bool:
    """Whether it is certain, without asking OpenTelemetry, that it has no provider to offer.

    PERF: many programs import the API, through some library, and few configure it. The three getters look into
    `os.environ` each time (3 µs together); reading the variables behind them takes a tenth of that. It is certain
    only while the getters are the API's own.
    """
    if len(_watched) < len(_GLOBAL_PROVIDERS) and not _watch_imported():
        return False
    for names, name, getter, variables, variable in _watched.values():
        if variables[variable] is not None or names[name] is not getter:
            return False
    return True


def _watch_imported() -> bool:
    """Find the variables of what has been imported meanwhile; false where they are not where they should be."""
    for module, name, variable in _GLOBAL_PROVIDERS:
        if module in _watched or module not in modules:
            continue
        names = vars(modules[module])
        variables = getattr(names.get(name), "__globals__", {})
        if variable not in variables:
            return False
        _watched[module] = (names, name, names[name], variables, variable)
    return True


# Placeholders for a provider that has not been set yet.
_DEFERRED_PROVIDERS = frozenset(
    (
        ("opentelemetry.trace", "ProxyTracerProvider"),
        ("opentelemetry.metrics._internal", "_ProxyMeterProvider"),
        ("opentelemetry._logs._internal", "ProxyLoggerProvider"),
    )
)


def _unconfigured(provider: Any) -> bool:
    """Whether a provider is the API's placeholder. Known by name: two of the three classes are private."""
    cls = type(provider)
    return (cls.__module__, cls.__name__) in _DEFERRED_PROVIDERS


_CONTRIB_MIDDLEWARE = ("opentelemetry.instrumentation.asgi", "OpenTelemetryMiddleware")


def _legacy_otel(stack: Any) -> bool:
    """Whether opentelemetry-instrumentation-fastapi already observes what passes this middleware stack."""
    seen: set[int] = set()
    while stack is not None and id(stack) not in seen:
        cls = type(stack)
        if (cls.__module__, cls.__name__) == _CONTRIB_MIDDLEWARE:
            return True
        seen.add(id(stack))
        stack = getattr(stack, "app", None)
    return False


# --- Hooks of the framework ---------------------------------------------------------------------------------


def route_selected(scope: MutableMapping[str, Any], path: str | None, mount: bool = False) -> None:
    """A route has been selected: the request's span and metrics are named after it.

    `path` is the route's path with its parameters named, as in `/items/{item_id}`; for a mount with `/{path}` at
    its end, as Starlette has it. It does not matter whether the route will answer, redirect or refuse.
    """
    telemetry = scope.get(SCOPE_KEY)
    if telemetry is not None and path is not None:
        telemetry.select_route(path, mount=mount)


def unhandled(scope: MutableMapping[str, Any], exc: BaseException) -> None:
    """An exception has reached the outermost error layer, which is about to answer 500."""
    telemetry = scope.get(SCOPE_KEY)
    if telemetry is not None:
        telemetry.record_exception(exc, websocket=scope["type"] == "websocket")


def operation(
    telemetry: _RequestTelemetry, name: str, function: Callable[..., Any] | None = None
) -> AbstractContextManager[None]:
    """Surround one step of a request with a span.

        with operation(telemetry, "dependencies", endpoint):
            ...

    `function` is the user's callable that the step is about: the span carries its name. Errors that are answers,
    such as an `HTTPException`, do not mark the span as failed, unless it is too late for an answer.
    """
    return _NO_OPERATION if telemetry.tracer is None else _Operation(telemetry.tracer, name, function)


def run_sync_endpoint(
    telemetry: _RequestTelemetry, function: Callable[..., Any], arguments: dict[str, Any]
) -> Any:
    """Call a `def` endpoint in its span. To be called in the worker thread: waiting for one does not count."""
    with operation(telemetry, "endpoint", function):
        return function(**arguments)


async def run_endpoint(
    telemetry: _RequestTelemetry,
    run: Callable[..., Awaitable[Any]],
    *,
    dependant: Any,
    values: dict[str, Any],
    is_coroutine: bool,
) -> Any:
    """Call an endpoint in its span through `run`, which takes a dependant, values and `is_coroutine`.

    `run` may be somebody's replacement of `routing.run_endpoint_function`. How it gets to a worker thread is its own
    affair, so for a `def` endpoint the span comes with the function that it is given to call there.
    """
    if is_coroutine:
        with operation(telemetry, "endpoint", dependant.call):
            return await run(dependant=dependant, values=values, is_coroutine=True)
    endpoint = dependant.call

    @wraps(endpoint, updated=())
    def endpoint_in_span(**arguments: Any) -> Any:
        return run_sync_endpoint(telemetry, endpoint, arguments)

    observed = copy(dependant)
    observed.call = endpoint_in_span
    return await run(dependant=observed, values=values, is_coroutine=False)


async def lifespan(
    *, config: CompleteConfig, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run an application's lifespan with the exporters that the environment asks for; see `_runtime`."""
    from ._runtime import lifespan

    await lifespan(config=config, app=app, scope=scope, receive=receive, send=send)


def validation_failed(
    telemetry: _RequestTelemetry, exc: RequestValidationError | WebSocketRequestValidationError
) -> None:
    """The request's data did not fit its declaration; `exc` is about to be raised."""
    telemetry.record_validation_failure(len(exc.errors()))


def invalid_body(telemetry: _RequestTelemetry, exc: RequestValidationError) -> None:
    """The body is not valid JSON; `exc` is about to be raised. Nothing else has been looked at yet."""
    if telemetry.data is not None:
        telemetry.data.body = exc.body
        telemetry.data.errors = exc.errors()
    validation_failed(telemetry, exc)


def _operation(*, name: str, function: Callable[..., Any] | None = None) -> AbstractContextManager[None]:
    """`operation` for code that has no scope: finds the request in the current context."""
    telemetry = _get_request_telemetry()
    return _NO_OPERATION if telemetry is None else operation(telemetry, name, function)


_NO_OPERATION = nullcontext()

_ANSWERS = (HTTPException, WebSocketException, RequestValidationError, WebSocketRequestValidationError)


def _is_answer(exc: Exception) -> bool:
    """Whether an exception was raised to end a step with an answer, not because something went wrong."""
    return isinstance(exc, _ANSWERS) or _normal_websocket_disconnect(exc)


class _Operation(AbstractContextManager[None]):
    """A span around one step. OpenTelemetry's recording of exceptions is off: it would export their messages."""

    __slots__ = ("_context", "_may_answer", "_span")

    def __init__(self, tracer: Tracer, name: str, function: Callable[..., Any] | None) -> None:
        self._may_answer = name != "background_task"  # the response has been sent
        self._context = tracer.start_as_current_span(
            f"fastapi.{name}",
            attributes={} if function is None else {"code.function.name": _function_name(function)},
            record_exception=False,
            set_status_on_exception=False,
        )

    def __enter__(self) -> None:
        self._span = self._context.__enter__()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(exc, Exception) and not (self._may_answer and _is_answer(exc)):
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", _exception_type(exc))
            self._span.set_status(StatusCode.ERROR)
        self._context.__exit__(exc_type, exc, traceback)


def _normal_websocket_disconnect(exc: BaseException) -> bool:
    """Whether the client said goodbye: it was done, or went away (RFC 6455, 7.4.1)."""
    return isinstance(exc, WebSocketDisconnect) and exc.code in (1000, 1001)


def _function_name(function: Callable[..., Any]) -> str:
    """A callable's name as OpenTelemetry wants it (`code.function.name`); an object is named by its class."""
    named: Any = function if hasattr(function, "__qualname__") else type(function)
    module = getattr(named, "__module__", None) or type(named).__module__
    return f"{module}.{named.__qualname__}"


def _exception_type(exc: BaseException) -> str:
    """An exception's class as `error.type`. Ours are called as in FastAPI, like everything in these signals."""
    name = _qualified_name(type(exc))
    return f"fastapi.{name.removeprefix('vivace.')}" if name.startswith("vivace.exceptions.") else name


def _qualified_name(cls: type) -> str:
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
