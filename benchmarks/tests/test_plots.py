"""The plots show what was measured: names, ratios and void figures are text in the SVG."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import plots
from benchmarks.contenders import choose
from benchmarks.machine import Wait
from benchmarks.rounds import Turn
from benchmarks.summary import rows
from benchmarks.turns import Reading
from benchmarks.workloads import RATE, Cold, select

pytest.importorskip("matplotlib")
CONTENDERS = choose(["fastapi", "vivace", "go"])
IDLE = Wait(0.5, 0.01)


def load(contender: str, rate: float, void: str | None = None) -> Turn:
    latencies = {"p50_us": 1e6 / rate, "p99_us": 2e6 / rate}
    return Turn("W1", contender, 1, 1, Reading({RATE: rate}, void, 0.0, IDLE, latencies))


def texts(file: Path) -> list[str]:
    return [
        "".join(element.itertext())
        for element in ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_bars_and_latencies(tmp_path: Path) -> None:
    taken = [load("fastapi", 1000), load("vivace", 7500), load("go", 1, void="a socket error")]
    workloads = select(["W1"])
    drawn = plots.draw(workloads, rows(workloads, CONTENDERS, taken), taken, tmp_path)
    assert drawn == ["workloads.svg", "latencies.svg"]
    shown = texts(tmp_path / "workloads.svg")
    assert [text for text in shown if text in ("fastapi", "vivace", "go")] == ["fastapi", "vivace", "go"]
    assert "7,500  7.50×" in shown
    assert "void" in shown
    assert {"fastapi", "vivace"} <= set(texts(tmp_path / "latencies.svg"))


def test_cost_against_the_number_of_routes(tmp_path: Path) -> None:
    workloads = select(["W13-10", "W13-100"])
    taken = [
        Turn(workload.id, name, 1, 1, Reading({m.name: 10.0 for m in workload.measures}, None, 0.0, IDLE))
        for workload in workloads
        for name in ("fastapi", "vivace")
        if isinstance(workload, Cold)
    ]
    assert plots.draw(workloads, rows(workloads, CONTENDERS, taken), taken, tmp_path) == ["routes.svg"]
    assert "first OpenAPI document, ms" in texts(tmp_path / "routes.svg")


def test_memory(tmp_path: Path) -> None:
    workloads = select(["memory"])
    values = {measure.name: 50.0 for measure in workloads[0].measures}
    curve = [(0, 40.0), (1000, 50.0), (2000, 50.0)]
    taken = [Turn("memory", "vivace", 1, 1, Reading(values, None, 0.0, IDLE, {}, curve))]
    assert plots.draw(workloads, rows(workloads, CONTENDERS, taken), taken, tmp_path) == ["memory.svg"]
    assert "vivace" in texts(tmp_path / "memory.svg")


def test_nothing_to_draw(tmp_path: Path) -> None:
    assert plots.draw([], [], [], tmp_path) == []
    assert list(tmp_path.iterdir()) == []
