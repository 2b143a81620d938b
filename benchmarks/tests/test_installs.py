"""Peers' environments: made once, made anew when a pin changes, and never half made."""

import shutil
from pathlib import Path

import pytest

from benchmarks import golang, installs
from benchmarks.contenders import CONTENDERS, choose
from benchmarks.installs import NodeModules, PythonEnvironment
from benchmarks.processes import ChildError
from benchmarks.run import prepare
from benchmarks.workloads import select


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """What would have been run, instead of the package index being asked."""
    recorded: list[list[str]] = []

    def record(command: list[str]) -> None:
        (tmp_path / "litestar").mkdir(exist_ok=True)
        recorded.append(command)

    monkeypatch.setattr(installs, "CACHE", tmp_path)
    monkeypatch.setattr(golang, "CACHE", tmp_path)
    monkeypatch.setattr(installs, "_install", record)
    return recorded


def test_an_environment_is_made_once(commands: list[list[str]], tmp_path: Path) -> None:
    PythonEnvironment("litestar").prepare()
    venv, pip = commands
    assert venv[1:] == ["-m", "venv", str(tmp_path / "litestar")]
    assert pip[-len(installs.pins()["litestar"]) :] == installs.pins()["litestar"]
    PythonEnvironment("litestar").prepare()
    assert len(commands) == 2


def test_a_changed_pin_makes_it_anew(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    PythonEnvironment("litestar").prepare()
    monkeypatch.setattr(installs, "pins", lambda: {"litestar": ["litestar==0"]})
    PythonEnvironment("litestar").prepare()
    assert commands[-1][-1] == "litestar==0"


def test_what_failed_is_tried_again(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str]) -> None:
        raise ChildError("no such version")

    record = installs._install
    monkeypatch.setattr(installs, "_install", fail)
    with pytest.raises(ChildError, match="no such version"):
        PythonEnvironment("litestar").prepare()
    monkeypatch.setattr(installs, "_install", record)
    PythonEnvironment("litestar").prepare()
    assert len(commands) == 2


def test_every_peer_of_a_package_index_is_pinned_to_a_version() -> None:
    for contender in CONTENDERS:
        if isinstance(contender.peer, PythonEnvironment):
            assert all("==" in pin for pin in installs.pins()[contender.peer.name])
        elif isinstance(contender.peer, NodeModules):
            assert all(pin.rpartition("@")[2][0].isdigit() for pin in installs.pins()[contender.peer.name])


def test_a_peer_that_cannot_be_installed_is_absent_and_the_rest_goes_on(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)  # neither Node.js nor Go
    absent = prepare(choose(["vivace", "litestar", "fastify", "go"]), select(["W1", "W10"]))
    assert list(absent) == ["fastify", "go", "W10"]
    assert absent["fastify"].startswith("there is no node: install Node.js")
    assert "absent: fastify: there is no node" in capsys.readouterr().err
    assert len(commands) == 2  # litestar's
