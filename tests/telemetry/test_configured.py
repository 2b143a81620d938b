"""When a request is observed: what counts as configured, and who else may have a say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import NoOpLoggerProvider
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider
from starlette.types import ASGIApp, Receive, Scope, Send

from vivace.telemetry import _api
from vivace.telemetry._api import SCOPE_KEY, Gate, TelemetryConfig, read_config

from .recorder import Recorder

NOOP = NoOpTracerProvider()


async def stack(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def http_scope(**entries: Any) -> Scope:
    return {"type": "http", "method": "GET", "path": "/", "headers": [], **entries}


def is_observed(telemetry: dict[str, Any] | None = None, app: ASGIApp = stack, **entries: Any) -> bool:
    return Gate(read_config(telemetry)).entry(http_scope(**entries), app) is not app


@pytest.mark.parametrize(
    ("telemetry", "observed"),
    [
        (None, False),
        ({}, False),
        ({"tracer_provider": trace.ProxyTracerProvider()}, False),
        ({"tracer_provider": metrics.get_meter_provider()}, False),
        ({"tracer_provider": NOOP}, True),
        ({"tracer_provider": NOOP, "tracing": False}, False),
        ({"meter_provider": NoOpMeterProvider()}, True),
        ({"meter_provider": NoOpMeterProvider(), "metrics": False}, False),
        ({"logger_provider": NoOpLoggerProvider()}, True),
        ({"logger_provider": NoOpLoggerProvider(), "logs": False}, False),
        ({"tracer_provider": NOOP, "tracing": False, "logger_provider": NoOpLoggerProvider()}, True),
        ({"auto_configure": True}, False),
    ],
)
def test_providers_of_the_configuration(telemetry: dict[str, Any] | None, observed: bool) -> None:
    assert is_observed(telemetry) is observed


@pytest.mark.parametrize(
    ("api", "getter", "provider", "option"),
    [
        (trace, "get_tracer_provider", NOOP, "tracing"),
        (metrics, "get_meter_provider", NoOpMeterProvider(), "metrics"),
        (_logs, "get_logger_provider", NoOpLoggerProvider(), "logs"),
    ],
)
def test_global_providers(
    monkeypatch: pytest.MonkeyPatch, api: Any, getter: str, provider: Any, option: str
) -> None:
    gate = Gate(read_config(None))
    assert gate.entry(http_scope(), stack) is stack
    monkeypatch.setattr(api, getter, lambda: provider)
    assert gate.entry(http_scope(), stack) is not stack, "providers may be set while the app is running"
    assert not is_observed({option: False})
    monkeypatch.undo()
    assert gate.entry(http_scope(), stack) is stack


@pytest.mark.parametrize("index", range(3))
def test_the_short_cut_reads_variables_that_exist(index: int) -> None:
    """`_no_global_provider_is_set` looks behind OpenTelemetry's getters. If these lines fail, it only became slow."""
    module, getter, variable = _api._GLOBAL_PROVIDERS[index]
    api = {"opentelemetry.trace": trace, "opentelemetry.metrics": metrics, "opentelemetry._logs": _logs}[
        module
    ]
    assert getattr(api, getter).__globals__[variable] is None
    assert _api._no_global_provider_is_set()


def test_provider_named_by_the_environment_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def get_tracer_provider() -> Any:
        asked.append("tracer")
        return NOOP

    monkeypatch.setattr(_api, "_no_global_provider_is_set", lambda: True)
    monkeypatch.setattr(trace, "get_tracer_provider", get_tracer_provider)
    assert not is_observed()
    assert not asked
    monkeypatch.setenv("OTEL_PYTHON_TRACER_PROVIDER", "sdk_tracer_provider")
    assert is_observed()
    assert asked


@pytest.mark.parametrize("record", [None, object()])
def test_a_mounted_app_joins_the_outer_request(record: Any) -> None:
    assert not is_observed({"tracer_provider": NOOP}, **{SCOPE_KEY: record})


@pytest.mark.parametrize(("kind", "observed"), [("http", True), ("websocket", True), ("lifespan", False)])
def test_kinds_of_scope(kind: str, observed: bool) -> None:
    assert is_observed({"tracer_provider": NOOP}, type=kind) is observed


class Wrapper:
    """A middleware, as far as anybody can see."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError


Contrib = type("OpenTelemetryMiddleware", (Wrapper,), {"__module__": "opentelemetry.instrumentation.asgi"})
Namesake = type("OpenTelemetryMiddleware", (Wrapper,), {"__module__": "somebody"})


@pytest.mark.parametrize(
    ("build", "observed"),
    [
        (lambda: Wrapper(stack), True),
        (lambda: Contrib(stack), False),
        (lambda: Wrapper(Wrapper(Contrib(stack))), False),
        (lambda: Namesake(stack), True),
    ],
)
def test_contrib_instrumentation_comes_first(build: Callable[[], ASGIApp], observed: bool) -> None:
    assert is_observed({"tracer_provider": NOOP}, build()) is observed


def test_a_stack_that_contains_itself() -> None:
    loop = Wrapper(None)
    loop.app = loop
    assert is_observed({"tracer_provider": NOOP}, loop)


def test_a_replaced_stack_is_looked_at_again() -> None:
    gate = Gate(read_config({"tracer_provider": NOOP}))
    contrib: ASGIApp = Contrib(stack)
    assert gate.entry(http_scope(), contrib) is contrib
    assert gate.entry(http_scope(), stack) is not stack
    assert gate.entry(http_scope(), contrib) is contrib


def test_excluded_requests_hide_outer_ones(recorder: Recorder) -> None:
    config = read_config({**recorder.config, "exclude": lambda scope: scope["path"] == "/excluded"})
    inner = Gate(config)
    seen: list[Any] = []

    async def innermost(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope[SCOPE_KEY], recorder.get_telemetry_data()))
        await stack(scope, receive, send)

    async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(recorder.get_telemetry_data() is not None)
        excluded = http_scope(path="/excluded")
        await inner.entry(excluded, innermost)(excluded, receive, send)
        seen.append(recorder.get_telemetry_data() is not None)
        assert SCOPE_KEY not in excluded
        await stack(scope, receive, send)

    run(Gate(config).entry(http_scope(), outermost), http_scope())
    assert seen == [True, (None, None), True]
    assert [line.split(" {")[0] for line in recorder.lines] == ["start GET", "end SERVER GET UNSET"]


def run(app: ASGIApp, scope: Scope) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("variable", "given", "auto_configure"),
    [
        (None, {}, False),
        ("true", {}, True),
        ("TRUE", {}, True),
        ("1", {}, False),
        ("true", {"auto_configure": False}, False),
        ("false", {"auto_configure": True}, True),
    ],
)
def test_auto_configure(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, given: TelemetryConfig, auto_configure: bool
) -> None:
    if variable is not None:
        monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", variable)
    assert read_config(given)["auto_configure"] is auto_configure


def test_the_configuration_is_a_copy() -> None:
    given = {"tracing": False}
    config = read_config(given)
    given["tracing"] = True
    assert config["tracing"] is False
    assert config["operation_spans"] is True


def test_not_a_configuration() -> None:
    with pytest.raises(TypeError, match=r"telemetry must be a dictionary such as .*, not 'bool'"):
        read_config(True)  # type: ignore[arg-type]
