"""What an observed request emits: a server span, two metrics, and records of what went wrong.

Names and meaning follow OpenTelemetry's semantic conventions for HTTP (`_SCHEMA_URL`). Rules kept here:

- What is bounded may label metrics (method, route, status); what a client chooses freely may not (host, query).
- Nothing of a body, a header or an exception's message becomes an attribute of a span. A query does, less its
  secrets.
- A request is over with its response's last message, not when the application returns: background tasks do not
  count.
- A request that ends without a complete response has failed, whatever status it had announced.

This module imports OpenTelemetry. Nothing imports it but the gate in `_api`, once the API is in the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from opentelemetry import _logs, metrics, propagate, trace
from opentelemetry._logs import Logger, LoggerProvider
from opentelemetry.context import Context, attach, detach, set_value
from opentelemetry.metrics import Histogram, MeterProvider, UpDownCounter
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, TracerProvider
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace import __version__

from ._api import (
    _HTTP_METHODS,
    _REQUEST_TELEMETRY_KEY,
    SCOPE_KEY,
    CompleteConfig,
    _exception_type,
    _normal_websocket_disconnect,
    _RequestTelemetry,
    _unconfigured,
    unhandled,
)

# The instrumentation scope: processors recognise these signals by its name. The version beside it is vivace's.
_SCOPE_NAME = "fastapi"
_SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"

# Seconds, as the conventions advise for http.server.request.duration.
_DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

# Credentials of presigned URLs, which the conventions name for redaction: as AWS, Azure and Google spell them.
_SENSITIVE_QUERY_PARAMETERS = frozenset(
    ("X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "sig", "X-Goog-Signature")
)

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class NativeTelemetry:
    """Observes what an ASGI application serves, as one configuration says.

        telemetry = NativeTelemetry(read_config({"tracer_provider": provider}))
        await telemetry(app, scope, receive, send)

    Tracer, instruments and logger are kept for as long as their provider stays the same.
    """

    def __init__(self, config: CompleteConfig) -> None:
        self.config = config
        self._known_methods = _read_known_methods()
        self._tracer_provider: TracerProvider | None = None
        self._tracer: Tracer | None = None
        self._meter_provider: MeterProvider | None = None
        self._metrics: tuple[Histogram, UpDownCounter] | None = None
        self._logger_provider: LoggerProvider | None = None
        self._logger: Logger | None = None

    def enabled(self) -> bool:
        """Whether any signal is switched on and has a provider at this moment."""
        return (
            self._get_tracer_provider() is not None
            or self._get_meter_provider() is not None
            or self._get_logger_provider() is not None
        )

    async def __call__(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, legacy_otel: bool = False
    ) -> None:
        """Run `app` for one request or connection and emit what the configuration asks for.

        `legacy_otel`: another instrumentation observes this request, so it is passed on untouched.
        """
        if legacy_otel:
            await app(scope, receive, send)
            return
        exclude = self.config["exclude"]
        if exclude is not None and exclude(scope):
            # An app that is mounted in this one, or called by it, shall not observe the request either.
            with _active(scope, None, None):
                await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._observe_websocket(app, scope, receive, send)
        else:
            await self._observe_http(app, scope, receive, send)

    async def _observe_http(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        tracer, instruments, logger = self._get_tracer(), self._instruments(), self._get_logger()
        if tracer is None and instruments is None and logger is None:
            await app(scope, receive, send)
            return
        method = scope.get("method", "")
        span_method = method if method in self._known_methods else "HTTP"
        labels = _request_labels(scope, span_method)
        context, span = None, None
        if tracer is not None:
            attributes = labels | _server_attributes(scope) | _url_attributes(scope)
            if span_method != method:
                attributes["http.request.method_original"] = method
            context, span = _start_span(tracer, scope, span_method, attributes)
        telemetry = self._make_record(scope, span, span_method, tracer, logger)
        exchange = _Exchange(telemetry, labels, instruments, receive, send)
        with _active(scope, telemetry, context):
            try:
                await app(scope, exchange.receive, exchange.send)
            except BaseException as exc:
                if isinstance(exc, Exception):
                    telemetry.record_exception(exc)
                exchange.finish(_exception_type(exc))
                raise
            else:
                exchange.finish("ConnectionError" if exchange.disconnected else "RuntimeError")

    async def _observe_websocket(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        tracer, logger = self._get_tracer(), self._get_logger()
        if tracer is None and logger is None:
            await app(scope, receive, send)
            return
        context, span = None, None
        if tracer is not None:
            attributes = {"url.scheme": scope.get("scheme", "ws"), "network.protocol.name": "websocket"}
            context, span = _start_span(tracer, scope, "WS", attributes | _server_attributes(scope))
        telemetry = self._make_record(scope, span, "WS", tracer, logger)
        with _active(scope, telemetry, context):
            try:
                await app(scope, receive, send)
            except BaseException as exc:
                if not _normal_websocket_disconnect(exc):
                    if isinstance(exc, Exception):
                        telemetry.record_exception(exc, websocket=True)
                    _mark_failed(span, _exception_type(exc))
                raise
            finally:
                if span is not None:
                    span.end()

    def _make_record(
        self, scope: Scope, span: Span | None, span_method: str, tracer: Tracer | None, logger: Logger | None
    ) -> _RequestTelemetry:
        root_path: str = scope.get("app_root_path", scope.get("root_path", ""))
        return _RequestTelemetry(
            span=span,
            span_method=span_method,
            tracer=tracer if self.config["operation_spans"] else None,
            logger=logger,
            _mount_prefix=root_path.rstrip("/"),
        )

    # Providers: the app's own, or the global one of this moment; None for a signal that is off or has none. A
    # placeholder that was passed as the app's own counts as none: whoever passes it has not set a provider yet.

    def _get_tracer_provider(self) -> TracerProvider | None:
        if not self.config["tracing"]:
            return None
        provider = self.config["tracer_provider"]
        if provider is None or _unconfigured(provider):
            provider = trace.get_tracer_provider()
        return None if _unconfigured(provider) else provider

    def _get_meter_provider(self) -> MeterProvider | None:
        if not self.config["metrics"]:
            return None
        provider = self.config["meter_provider"]
        if provider is None or _unconfigured(provider):
            provider = metrics.get_meter_provider()
        return None if _unconfigured(provider) else provider

    def _get_logger_provider(self) -> LoggerProvider | None:
        if not self.config["logs"]:
            return None
        provider = self.config["logger_provider"]
        if provider is None or _unconfigured(provider):
            provider = _logs.get_logger_provider()
        return None if _unconfigured(provider) else provider

    def _get_tracer(self) -> Tracer | None:
        provider = self._get_tracer_provider()
        if provider is not self._tracer_provider:
            # Not for each request: the SDK makes a tracer within warnings.catch_warnings(), which makes Python
            # forget which warnings it has already shown. The provider is kept last: another thread must not find it
            # without its tracer.
            self._tracer = None if provider is None else _make_tracer(provider)
            self._tracer_provider = provider
        return self._tracer

    def _instruments(self) -> tuple[Histogram, UpDownCounter] | None:
        provider = self._get_meter_provider()
        if provider is not self._meter_provider:
            self._metrics = None if provider is None else _make_instruments(provider)
            self._meter_provider = provider
        return self._metrics

    def _get_logger(self) -> Logger | None:
        provider = self._get_logger_provider()
        if provider is not self._logger_provider:
            self._logger = None if provider is None else _make_logger(provider)
            self._logger_provider = provider
        return self._logger


class _Exchange:
    """One HTTP request and its response, seen through the two callables that an application is given."""

    def __init__(
        self,
        telemetry: _RequestTelemetry,
        labels: dict[str, Any],
        instruments: tuple[Histogram, UpDownCounter] | None,
        receive: Receive,
        send: Send,
    ) -> None:
        self.disconnected = False
        self._telemetry = telemetry
        self._labels = labels
        # Requests in progress are labelled by what is known before the response, and in the same way twice.
        self._active_labels = {name: labels[name] for name in ("url.scheme", "http.request.method")}
        self._instruments = instruments
        self._receive, self._send = receive, send
        self._awaits_trailers = False
        self._complete = False
        self._started = perf_counter()
        if instruments is not None:
            instruments[1].add(1, self._active_labels)

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.disconnected = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._telemetry.status_code = message["status"]
            self._awaits_trailers = message.get("trailers", False)
        await self._send(message)
        if self._is_last(message):
            self.finish(None)

    def _is_last(self, message: Message) -> bool:
        match message["type"]:
            case "http.response.body":
                return not message.get("more_body", False) and not self._awaits_trailers
            case "http.response.trailers":
                return not message.get("more_trailers", False)
            case "http.response.pathsend":
                return True
            case _:
                return False

    def finish(self, error: str | None) -> None:
        """End the span and record the metrics, once. `error`: why there is no complete response, if so."""
        if self._complete:
            return
        self._complete = True
        telemetry, attributes = self._telemetry, self._labels
        if error is None and telemetry.status_code is not None and telemetry.status_code >= 500:
            cause = telemetry.last_exception
            error = str(telemetry.status_code) if cause is None else _exception_type(cause)
        attributes |= {
            name: value
            for name, value in (
                ("http.route", telemetry.route),
                ("http.response.status_code", telemetry.status_code),
                ("error.type", error),
            )
            if value is not None
        }
        if telemetry.span is not None:
            telemetry.span.set_attributes(attributes)
            if error is not None:
                telemetry.span.set_status(StatusCode.ERROR)
            telemetry.span.end()
        if self._instruments is not None:
            duration, active = self._instruments
            duration.record(perf_counter() - self._started, attributes)
            active.add(-1, self._active_labels)


class ExceptionTelemetryMiddleware:
    """Records exceptions on their way to the outermost error layer, before its handler runs.

    For middleware stacks that are built as a chain of objects; the app's own entry calls the hook directly.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as exc:
            unhandled(scope, exc)
            raise


@contextmanager
def _active(scope: Scope, telemetry: _RequestTelemetry | None, context: Context | None) -> Iterator[None]:
    """Make a record the one of everything that runs inside; None hides that of an outer request."""
    scope[SCOPE_KEY] = telemetry
    token = attach(set_value(_REQUEST_TELEMETRY_KEY, telemetry, context))
    try:
        yield
    finally:
        detach(token)
        scope.pop(SCOPE_KEY, None)
        if telemetry is not None:
            telemetry.close()


def _start_span(
    tracer: Tracer, scope: Scope, name: str, attributes: Mapping[str, Any]
) -> tuple[Context, Span]:
    """A server span that continues the client's trace, and the context in which it is current."""
    context = propagate.extract(Headers(scope=scope), getter=_HEADERS_GETTER)
    span = tracer.start_span(name, context=context, kind=SpanKind.SERVER, attributes=attributes)
    return trace.set_span_in_context(span, context), span


def _mark_failed(span: Span | None, error: str) -> None:
    if span is not None:
        span.set_attribute("error.type", error)
        span.set_status(StatusCode.ERROR)


def _make_tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer(_SCOPE_NAME, __version__, schema_url=_SCHEMA_URL)


def _make_logger(provider: LoggerProvider) -> Logger:
    return provider.get_logger(_SCOPE_NAME, __version__, _SCHEMA_URL)


def _make_instruments(provider: MeterProvider) -> tuple[Histogram, UpDownCounter]:
    """The duration of requests, and how many are in progress."""
    meter = provider.get_meter(_SCOPE_NAME, __version__, schema_url=_SCHEMA_URL)
    duration = meter.create_histogram(
        "http.server.request.duration",
        unit="s",
        description="Duration of HTTP server requests.",
        explicit_bucket_boundaries_advisory=_DURATION_BUCKETS,
    )
    active = meter.create_up_down_counter(
        "http.server.active_requests", unit="{request}", description="Number of active HTTP server requests."
    )
    return duration, active


def _read_known_methods() -> frozenset[str]:
    """The methods that may name spans and label metrics: the standard ones, or those the environment lists."""
    listed = os.environ.get("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "").split(",")
    return frozenset(method for item in listed if (method := item.strip())) or _HTTP_METHODS


class _HeadersGetter(Getter[Headers]):
    """Reads a request's headers for the propagators that extract a trace's context from them."""

    def get(self, carrier: Headers, key: str) -> list[str] | None:
        values = carrier.getlist(key)
        if key.lower() == "baggage" and len(values) > 1:
            # A list means the same over several headers as in one (RFC 9110, 5.3), but the propagator reads one.
            return [",".join(values)]
        return values or None

    def keys(self, carrier: Headers) -> list[str]:
        return carrier.keys()


_HEADERS_GETTER = _HeadersGetter()


def _request_labels(scope: Scope, span_method: str) -> dict[str, Any]:
    """What is known before the response and takes few values: a request's first metric attributes."""
    labels = {
        "url.scheme": scope.get("scheme", "http"),
        "http.request.method": "_OTHER" if span_method == "HTTP" else span_method,
    }
    if scope.get("http_version"):
        labels["network.protocol.version"] = scope["http_version"]
    return labels


def _url_attributes(scope: Scope) -> dict[str, str]:
    """Path and query. Secrets of presigned URLs are left out of the query, everything else is kept."""
    attributes = {"url.path": scope["path"]}
    query: bytes = scope.get("query_string", b"")
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if pairs:
        attributes["url.query"] = urlencode(
            [(name, "REDACTED" if name in _SENSITIVE_QUERY_PARAMETERS else value) for name, value in pairs]
        )
    return attributes


def _server_attributes(scope: Scope) -> dict[str, Any]:
    """The host and port that the client asked for, or where the server listens if it did not say.

    Nothing if what it said is no host: the header is the client's to choose, and attributes are no place for it.
    """
    host = Headers(scope=scope).get("host")
    if host is None:
        return _listener_attributes(scope)
    try:
        authority = urlsplit(f"//{host}")
        address, port = authority.hostname, authority.port
    except ValueError:
        return {}
    if not address or authority.username is not None or authority[2:] != ("", "", ""):
        return {}  # a user, a path, a query or a fragment
    if port is None:
        port = _DEFAULT_PORTS.get(scope.get("scheme", "http"))
    return {"server.address": address} if port is None else {"server.address": address, "server.port": port}


def _listener_attributes(scope: Scope) -> dict[str, Any]:
    server = scope.get("server")
    if server is None:
        return {}
    address, port = server
    return {"server.address": address} if port is None else {"server.address": address, "server.port": port}
