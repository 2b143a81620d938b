"""Exporters from the environment: which, where to, when, and that trouble with them stays theirs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from opentelemetry import _logs, metrics, trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracerProvider
from starlette.types import Message, Receive, Scope, Send

from vivace.exceptions import FastAPIError
from vivace.telemetry import _runtime as runtime
from vivace.telemetry._api import read_config

BASE = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
NOWHERE = "http://127.0.0.1:1"


class Exporter:
    """Stands in for the three OTLP exporters: sends nothing, and says where it would."""

    _preferred_temporality = None
    _preferred_aggregation = None
    made: ClassVar[list[str]] = []
    closed: ClassVar[list[str]] = []

    def __init__(self, *, endpoint: str) -> None:
        self.endpoint = endpoint
        self.made.append(endpoint)

    def export(self, batch: Any, **options: Any) -> None:
        pass

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **options: Any) -> None:
        self.closed.append(self.endpoint)


@pytest.fixture(autouse=True)
def nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has global providers of its own, which nobody has set, and exporters that send nothing."""
    monkeypatch.setattr(runtime, "_owned", [])
    monkeypatch.setattr(runtime, "_configured", [])
    for api, kind in ((trace, "tracer"), (metrics, "meter"), (_logs, "logger")):
        current = [getattr(api, f"get_{kind}_provider")()]
        monkeypatch.setattr(api, f"get_{kind}_provider", lambda current=current: current[0])
        monkeypatch.setattr(
            api, f"set_{kind}_provider", lambda provider, current=current: current.__setitem__(0, provider)
        )
    for signal in runtime._SIGNALS:
        module, name = signal.exporter
        monkeypatch.setattr(f"{module}.{name}", Exporter)
    Exporter.made.clear()
    Exporter.closed.clear()
    yield
    runtime._shutdown()


def configure(**telemetry: Any) -> list[str]:
    """Configure from the environment, and say what is owned afterwards."""
    runtime._configure_from_environment(read_config({"auto_configure": True, **telemetry}))
    return [type(owned).__name__ for owned in runtime._owned]


@pytest.mark.parametrize(
    ("env", "endpoint"),
    [
        ({}, None),
        ({BASE: ""}, None),
        ({BASE: "http://h:4318"}, "http://h:4318/v1/traces"),
        ({BASE: "https://h/collector/"}, "https://h/collector/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h/own/"}, "http://h/own/"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h/own", BASE: "wrong"}, "http://h/own"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "", BASE: "http://h"}, "http://h/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://h"}, None),
        ({BASE: "http://h", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({BASE: "wrong", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({BASE: "http://h", "OTEL_TRACES_EXPORTER": " OTLP "}, "http://h/v1/traces"),
        ({BASE: "http://h", "OTEL_TRACES_EXPORTER": ""}, "http://h/v1/traces"),
        ({"OTEL_TRACES_EXPORTER": "console"}, None),
        ({BASE: "http://h", PROTOCOL: "http/protobuf"}, "http://h/v1/traces"),
        (
            {BASE: "http://h", PROTOCOL: "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"},
            "http://h/v1/traces",
        ),
    ],
)
def test_endpoint(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], endpoint: str | None) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert runtime._export_endpoint("TRACES") == endpoint


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {BASE: "h:4318"},
            "'h:4318/v1/traces' cannot be the OTLP endpoint of traces: use an absolute",
        ),
        ({BASE: "ftp://h"}, "absolute HTTP or HTTPS URL"),
        ({BASE: "http://h", "OTEL_TRACES_EXPORTER": "otlp,console"}, "otlp or none, not 'otlp,console'"),
        ({BASE: "http://h", PROTOCOL: "grpc"}, "http/protobuf, not 'grpc'"),
        (
            {BASE: "http://h", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
            "http/protobuf, not 'http/json'",
        ),
    ],
)
def test_what_cannot_be_done(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], message: str) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(FastAPIError, match=message):
        configure()
    assert runtime._owned == runtime._configured == []


def test_providers_are_made_and_set_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE, NOWHERE)
    assert configure() == ["TracerProvider", "MeterProvider", "LoggerProvider"]
    assert [
        trace.get_tracer_provider(),
        metrics.get_meter_provider(),
        _logs.get_logger_provider(),
    ] == runtime._owned
    assert configure() == ["TracerProvider", "MeterProvider", "LoggerProvider"], "a second app adds nothing"
    assert Exporter.made == [f"{NOWHERE}/v1/{signal}" for signal in ("traces", "metrics", "logs")]
    runtime._shutdown()
    assert Exporter.closed == Exporter.made


@pytest.mark.parametrize("where", ["global", "configuration"])
def test_existing_providers_get_an_exporter_and_stay_their_owners(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv(BASE, NOWHERE)
    providers = {
        "tracer_provider": TracerProvider(shutdown_on_exit=False),
        "meter_provider": MeterProvider(shutdown_on_exit=False),
        "logger_provider": LoggerProvider(shutdown_on_exit=False),
    }
    if where == "global":
        for api, (name, provider) in zip((trace, metrics, _logs), providers.items(), strict=True):
            getattr(api, f"set_{name}")(provider)
    parts = configure(**({} if where == "global" else providers))
    assert parts == ["BatchSpanProcessor", "PeriodicExportingMetricReader", "BatchLogRecordProcessor"]
    assert [provider for _, provider in runtime._configured] == [*providers.values()]


@pytest.mark.parametrize(
    ("telemetry", "env"),
    [
        ({"auto_configure": False}, {}),
        ({}, {"OTEL_SDK_DISABLED": "True"}),
        ({"tracing": False, "metrics": False, "logs": False}, {}),
        ({"tracing": False}, {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}),
    ],
)
def test_nothing_is_configured(
    monkeypatch: pytest.MonkeyPatch, telemetry: dict[str, Any], env: dict[str, str]
) -> None:
    for name, value in {BASE: NOWHERE, **env}.items():
        monkeypatch.setenv(name, value)
    assert configure(**telemetry) == []


@pytest.mark.parametrize("provider", [NoOpTracerProvider(), NoOpMeterProvider()], ids=["tracer", "meter"])
def test_provider_that_takes_no_exporter(monkeypatch: pytest.MonkeyPatch, provider: Any) -> None:
    kind = "tracer" if isinstance(provider, NoOpTracerProvider) else "meter"
    monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{'TRACES' if kind == 'tracer' else 'METRICS'}_ENDPOINT", NOWHERE)
    with pytest.raises(FastAPIError, match=f"The {kind} provider in use .*NoOp.* does not support adding"):
        configure(**{f"{kind}_provider": provider})
    assert runtime._owned == []


def test_failed_registration_closes_the_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(processor: Any) -> None:
        raise ValueError("refused")

    provider = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(provider, "add_span_processor", refuse)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", NOWHERE)
    with pytest.raises(ValueError, match="refused"):
        configure(tracer_provider=provider)
    assert Exporter.closed == [NOWHERE]
    assert runtime._owned == runtime._configured == []


# --- The application's lifespan -------------------------------------------------------------------------------------


class Owned:
    """Something that is flushed and shut down, and says when and in which thread."""

    def __init__(self, events: list[str], *, fails: bool = False) -> None:
        self.events, self.fails, self.home = events, fails, threading.get_ident()

    def force_flush(self) -> None:
        self._record("flush" if threading.get_ident() != self.home else "flush in the event loop")

    def shutdown(self) -> None:
        self._record("shutdown")

    def _record(self, event: str) -> None:
        if self.fails:
            raise RuntimeError(event)
        self.events.append(event)


def run_lifespan(events: list[str], *steps: str, telemetry: dict[str, Any] | None = None) -> None:
    """An application that receives once for each step and sends it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in steps:
            await receive()
            await send({"type": step})

    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Message:
        message = next(messages)
        events.append(f"receive {message}")
        return {"type": message}

    async def send(message: Message) -> None:
        events.append(f"send {message['type']}")

    config = read_config(telemetry)
    asyncio.run(runtime.lifespan(config=config, app=app, scope={}, receive=receive, send=send))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            ["lifespan.startup.complete", "lifespan.shutdown.complete"],
            [
                "receive lifespan.startup",
                "send lifespan.startup.complete",
                "receive lifespan.shutdown",
                "flush",
                "send lifespan.shutdown.complete",
            ],
        ),
        (["lifespan.startup.failed"], ["receive lifespan.startup", "flush", "send lifespan.startup.failed"]),
    ],
)
def test_flush_before_the_end_is_told(steps: list[str], expected: list[str]) -> None:
    events: list[str] = []
    runtime._owned.append(Owned(events))
    run_lifespan(events, *steps)
    assert events == expected


def test_exporters_are_in_place_before_the_application_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", NOWHERE)
    run_lifespan([], "lifespan.startup.complete", telemetry={"auto_configure": True})
    assert [type(owned) for owned in runtime._owned] == [TracerProvider]


def test_trouble_is_logged_and_the_application_starts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(BASE, "nonsense")
    events: list[str] = []
    run_lifespan(events, "lifespan.startup.complete", telemetry={"auto_configure": True})
    assert events[-1] == "send lifespan.startup.complete"
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("fastapi", "WARNING")
    assert "'nonsense/v1/traces'" in record.getMessage()


def test_one_failing_component_does_not_keep_the_others(caplog: pytest.LogCaptureFixture) -> None:
    events: list[str] = []
    runtime._owned.extend([Owned(events, fails=True), Owned(events)])
    run_lifespan(events, "lifespan.startup.complete", "lifespan.shutdown.complete")
    runtime._shutdown()
    runtime._shutdown()
    assert [event for event in events if "lifespan" not in event] == ["flush", "shutdown"]
    assert [record.getMessage() for record in caplog.records] == ["FastAPI telemetry cleanup failed"] * 2
