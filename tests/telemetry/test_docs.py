"""`docs/telemetry.md` is true: its programs run, and make the spans that stand below them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs" / "telemetry.md"
PROGRAMS = re.findall(
    r"```python\n(.*?)```.*?```spans\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL
)


def test_every_program_has_spans() -> None:
    assert len(PROGRAMS) == PAGE.read_text(encoding="utf-8").count("```python") == 3


@pytest.mark.parametrize(("program", "expected"), PROGRAMS)
def test_program(monkeypatch: pytest.MonkeyPatch, program: str, expected: str) -> None:
    global_providers: list[Any] = []
    monkeypatch.setattr(trace, "set_tracer_provider", global_providers.append)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: global_providers[0])
    names: dict[str, Any] = {}
    exec(compile(program, str(PAGE), "exec", dont_inherit=True), names)
    exporter = InMemorySpanExporter()
    (names.get("provider") or global_providers[0]).add_span_processor(SimpleSpanProcessor(exporter))
    client = TestClient(names["app"])
    made: list[str] = []
    for request in re.findall(r"^\S.*", expected, flags=re.MULTILINE):
        method, path = request.split()
        client.request(method, path)
        made += [request, *tree(exporter.get_finished_spans())]
        exporter.clear()
    assert made == expected.splitlines()


def tree(spans: tuple[ReadableSpan, ...]) -> list[str]:
    """Spans with what is inside them below, one step further in."""

    def below(parent: int | None, indent: str) -> list[str]:
        found = [span for span in spans if (span.parent.span_id if span.parent else None) == parent]
        lines: list[str] = []
        for span in found:
            own = [
                f" {key}={value}" for key, value in (span.attributes or {}).items() if key.startswith("app.")
            ]
            lines += [indent + span.name + "".join(own), *below(span.context.span_id, indent + "    ")]
        return lines

    return below(None, "    ")
