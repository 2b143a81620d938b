"""Providers that write down what they are given, as lines that can be read and compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider


class Recorder:
    """Three providers and, in `lines`, what happened in the order in which it happened.

        recorder = Recorder()
        app = FastAPI(telemetry=recorder.config)
        ...
        recorder.lines  # ["start GET {...}", ..., "end GET /items/{item_id} UNSET {...}"]

    `get_telemetry_data` is the framework's own function: lines show the request's data as a processor sees it.
    """

    def __init__(self, get_telemetry_data: Any) -> None:
        self.lines: list[str] = []
        self.get_telemetry_data = get_telemetry_data
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(_Spans(self))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider(metric_readers=[self.reader], shutdown_on_exit=False)
        self.logger_provider = LoggerProvider(shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(_Logs(self))

    @property
    def config(self) -> dict[str, Any]:
        return {
            "tracer_provider": self.tracer_provider,
            "meter_provider": self.meter_provider,
            "logger_provider": self.logger_provider,
        }

    def note(self, text: str) -> None:
        """Something that happens beside telemetry: its place between the other lines counts."""
        self.lines.append(text)

    def data(self, context: Context | None = None) -> str:
        """The request's data, reduced to what is the same in every run."""
        data = self.get_telemetry_data(context)
        if data is None:
            return "no data"
        connection = data.request or data.websocket
        values = None if data.values is None else sorted(data.values)
        errors = None if data.errors is None else [error["type"] for error in data.errors]
        return f"{type(connection).__name__} body={data.body!r} values={values} errors={errors}"

    def metrics(self) -> list[str]:
        """Every measured point with its attributes; of durations only how many there were."""
        data = self.reader.get_metrics_data()
        if data is None:
            return []
        return sorted(
            f"{metric.name} {getattr(point, 'count', None)} {getattr(point, 'value', None)} {shown(point.attributes)}"
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        )


def shown(attributes: Mapping[str, Any] | None) -> str:
    pairs = sorted((attributes or {}).items())
    return "{" + ", ".join(f"{name}={value!r}" for name, value in pairs) + "}"


class _Spans(SpanProcessor):
    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.recorder.note(f"start {span.name} {shown(span.attributes)} {self.recorder.data(parent_context)}")

    def on_end(self, span: ReadableSpan) -> None:
        status = f"{span.status.status_code.name} {span.status.description or ''}".rstrip()
        events = f" events={span.events}" if span.events else ""
        self.recorder.note(f"end {span.kind.name} {span.name} {status} {shown(span.attributes)}{events}")


class _Logs(LogRecordProcessor):
    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        record = log_record.log_record
        attributes = dict(record.attributes or {})
        # Where the code stands is different for each framework.
        attributes.pop("exception.stacktrace", None)
        traced = "traced" if record.trace_id else "untraced"
        self.recorder.note(
            f"log {record.severity_text} {record.event_name} {record.body!r} {shown(attributes)} {traced}"
            f" {self.recorder.data(record.context)}"
        )

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True
