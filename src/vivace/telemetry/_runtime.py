"""Exporters from environment variables: added when an application starts, flushed when it stops.

For programs that want telemetry sent somewhere without setting up an SDK. It happens only where it is asked for
(`telemetry={"auto_configure": True}` or `FASTAPI_OTEL_AUTO_CONFIGURE=true`), and it joins what is there: a
provider that the program has set gets one more exporter and stays the program's own; only where there is none
is one made and set.

Rules: nothing happens before the application starts, so that a server may fork its workers first. What goes
wrong is logged and never keeps an application from starting or stopping. Two applications with one provider
share one exporter.

The variables are those of OpenTelemetry's specification of its SDK and of the OTLP exporter; the exporter itself
reads the rest of them (headers, timeouts, compression). Importing this module imports nothing of OpenTelemetry.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from threading import RLock
from typing import Any, Literal
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace.exceptions import FastAPIError
from vivace.logger import logger

from ._api import CompleteConfig, _unconfigured

_owned: list[Any] = []
"""What was made here, and is flushed and shut down here: providers, or parts added to somebody's provider."""

_configured: list[tuple[str, Any]] = []
"""Signal and provider of every exporter that was added, so that none is added twice."""

_lock = RLock()

_LAST_MESSAGES = frozenset(
    ("lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed")
)


async def lifespan(
    *, config: CompleteConfig, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run an application's lifespan, with exporters in place before it starts and flushed before its end is told.

    What the application does, and how it fails, is passed on unchanged.
    """

    async def receive_and_configure() -> Message:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                _configure_from_environment(config)
            except Exception as exc:
                logger.warning("FastAPI automatic telemetry configuration failed: %s", exc)
        return message

    async def flush_and_send(message: Message) -> None:
        if _owned and message["type"] in _LAST_MESSAGES:
            # Flushing talks to the network.
            await run_sync(_flush)
        await send(message)

    await app(scope, receive_and_configure, flush_and_send)


@dataclass(frozen=True, kw_only=True)
class _Signal:
    """Where OpenTelemetry keeps what it takes to export one signal. Modules by name, to be imported when needed."""

    name: str
    """As in environment variables."""
    option: Literal["tracing", "metrics", "logs"]
    provider_option: Literal["tracer_provider", "meter_provider", "logger_provider"]
    api: str
    sdk: str
    provider_class: str
    exporter: tuple[str, str]
    component: tuple[str, str]
    """What takes telemetry from a provider to an exporter."""
    register: str
    """The provider's method that adds such a component."""

    @property
    def kind(self) -> str:
        return self.provider_option.removesuffix("_provider")

    def get_global_provider(self) -> Any:
        return getattr(import_module(self.api), f"get_{self.provider_option}")()

    def set_global_provider(self, provider: Any) -> None:
        getattr(import_module(self.api), f"set_{self.provider_option}")(provider)

    def make_provider(self, component: Any) -> Any:
        """A provider with one component, to be shut down by `_shutdown` and not by a handler of its own."""
        make = getattr(import_module(self.sdk), self.provider_class)
        if self.option == "metrics":
            # It flushes and shuts down the readers that it was made with, and not those that were added.
            return make(metric_readers=[component], shutdown_on_exit=False)
        provider = make(shutdown_on_exit=False)
        getattr(provider, self.register)(component)
        return provider

    def load_exporter(self) -> Callable[[str], Any]:
        """What makes a component that exports to an endpoint. Imports now: a missing package shows at once."""
        exporter = getattr(import_module(self.exporter[0]), self.exporter[1])
        component = getattr(import_module(self.component[0]), self.component[1])
        return lambda endpoint: component(exporter(endpoint=endpoint))


_EXPORTERS = "opentelemetry.exporter.otlp.proto.http"

_SIGNALS = (
    _Signal(
        name="TRACES",
        option="tracing",
        provider_option="tracer_provider",
        api="opentelemetry.trace",
        sdk="opentelemetry.sdk.trace",
        provider_class="TracerProvider",
        exporter=(f"{_EXPORTERS}.trace_exporter", "OTLPSpanExporter"),
        component=("opentelemetry.sdk.trace.export", "BatchSpanProcessor"),
        register="add_span_processor",
    ),
    _Signal(
        name="METRICS",
        option="metrics",
        provider_option="meter_provider",
        api="opentelemetry.metrics",
        sdk="opentelemetry.sdk.metrics",
        provider_class="MeterProvider",
        exporter=(f"{_EXPORTERS}.metric_exporter", "OTLPMetricExporter"),
        component=("opentelemetry.sdk.metrics.export", "PeriodicExportingMetricReader"),
        register="add_metric_reader",
    ),
    _Signal(
        name="LOGS",
        option="logs",
        provider_option="logger_provider",
        api="opentelemetry._logs",
        sdk="opentelemetry.sdk._logs",
        provider_class="LoggerProvider",
        exporter=(f"{_EXPORTERS}._log_exporter", "OTLPLogExporter"),
        component=("opentelemetry.sdk._logs.export", "BatchLogRecordProcessor"),
        register="add_log_record_processor",
    ),
)


def _configure_from_environment(config: CompleteConfig) -> None:
    """Add the exporters that the environment asks for, to the providers that this configuration uses.

    Raises:
        FastAPIError: A variable asks for what cannot be done here, a package is missing, or a provider takes no
            exporters.
    """
    if not config["auto_configure"] or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    # All variables are read before anything is changed: a mistake in one leaves nothing half configured.
    wanted = [
        (signal, endpoint)
        for signal in _SIGNALS
        if config[signal.option] and (endpoint := _export_endpoint(signal.name)) is not None
    ]
    with _lock:
        for signal, endpoint in wanted:
            _add_exporter(signal, endpoint, config[signal.provider_option])


def _export_endpoint(signal: str) -> str | None:
    """The URL to send a signal to, or None where the environment does not ask for it to be sent.

        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4318"
        _export_endpoint("TRACES")  # "http://collector:4318/v1/traces"

    A signal's own variable is taken as it is; the general one gets the signal's path. Empty means unset.
    """
    endpoint = os.environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    if not endpoint:
        base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        if not base:
            return None
        endpoint = f"{base.removesuffix('/')}/v1/{signal.lower()}"
    exporter = os.environ.get(f"OTEL_{signal}_EXPORTER", "").strip().lower() or "otlp"
    if exporter == "none":
        return None
    if exporter != "otlp":
        raise FastAPIError(
            f"Telemetry is configured automatically only for OTEL_{signal}_EXPORTER=otlp or none, not {exporter!r}."
            " Set up other exporters in the program, with telemetry={'auto_configure': False}."
        )
    protocol = (
        os.environ.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL")
        or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        or "http/protobuf"
    )
    if protocol != "http/protobuf":
        raise FastAPIError(
            f"Telemetry is configured automatically only for the OTLP protocol http/protobuf, not {protocol!r}."
            " Set up other transports in the program, with telemetry={'auto_configure': False}."
        )
    url = urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.netloc:
        raise FastAPIError(
            f"{endpoint!r} cannot be the OTLP endpoint of {signal.lower()}: use an absolute HTTP or HTTPS URL."
        )
    return endpoint


def _add_exporter(signal: _Signal, endpoint: str, provider: Any) -> None:
    """Export a signal from the configuration's provider, or else from the global one, which is made if need be."""
    try:
        make_component = signal.load_exporter()
        if provider is None or _unconfigured(provider):
            provider = signal.get_global_provider()
        if _unconfigured(provider):
            made = signal.make_provider(make_component(endpoint))
            signal.set_global_provider(made)
            provider = signal.get_global_provider()
            if provider is made:
                _configured.append((signal.name, made))
                _owned.append(made)
                return
            # Somebody else was faster. OpenTelemetry keeps the first.
            made.shutdown()
    except ImportError as exc:
        raise FastAPIError(
            "Exporting telemetry needs OpenTelemetry's SDK and its OTLP exporter: install vivace[opentelemetry], the"
            " counterpart of fastapi[opentelemetry]. Or set up providers in the program, with"
            " telemetry={'auto_configure': False}."
        ) from exc
    _add_to_provider(signal, _registration_provider(provider), lambda: make_component(endpoint))


def _add_to_provider(signal: _Signal, provider: Any, make_component: Callable[[], Any]) -> None:
    if any(name == signal.name and known is provider for name, known in _configured):
        return
    register = getattr(provider, signal.register, None)
    if register is None:
        raise FastAPIError(
            f"The {signal.kind} provider in use ({type(provider).__name__}) does not support adding an OTLP exporter."
            " Add one where it is set up, with telemetry={'auto_configure': False}."
        )
    component = make_component()
    try:
        register(component)
    except BaseException:
        component.shutdown()
        raise
    _configured.append((signal.name, provider))
    _owned.append(component)


def _registration_provider(provider: Any) -> Any:
    """The provider that takes exporters: the one given, or the one behind Logfire's proxy, which takes none."""
    cls = type(provider)
    is_proxy = (cls.__module__, cls.__name__) == ("logfire._internal.metrics", "ProxyMeterProvider")
    return provider.provider if is_proxy and not hasattr(provider, "add_metric_reader") else provider


def _flush() -> None:
    """Send what is waiting to be sent."""
    _for_each_owned("force_flush")


def _shutdown() -> None:
    """Shut down what was made here. What the program made goes on."""
    _for_each_owned("shutdown")
    with _lock:
        _owned.clear()


def _for_each_owned(method: str) -> None:
    with _lock:
        components = list(_owned)
    for component in components:
        try:
            getattr(component, method)()
        except Exception:
            # Whoever reads the log can see the rest of the telemetry; an application must stop all the same.
            logger.exception("FastAPI telemetry cleanup failed")


atexit.register(_shutdown)
