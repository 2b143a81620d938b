"""The build hook: fetches what is missing, refuses what has another hash, and never fails an install."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from vivace.openapi.viewers.pins import REDOC, VIEWERS

ROOT = Path(__file__).parents[2]
FETCHED = ROOT / "src" / "vivace" / "openapi" / "viewers" / "fetched"


@pytest.fixture
def hook() -> Any:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_there_is_kept(hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FETCHED, tmp_path / "fetched")
    monkeypatch.setattr(hook, "CLIENTS", {})  # nobody is asked
    assert hook.fetch_missing(tmp_path / "fetched") == []


def test_without_a_network_it_says_what_is_missing(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(viewer: Any, folder: Path) -> dict[str, bytes]:
        raise subprocess.CalledProcessError(1, ["pip"], stderr="a hint\nERROR: no network\n")

    monkeypatch.setattr(hook, "CLIENTS", {"pip": fail, "npm": fail})
    problems = hook.fetch_missing(tmp_path)
    assert len(problems) == len(VIEWERS)
    assert problems[1] == (
        "redoc 2.5.4 could not be fetched (pip: ERROR: no network; npm: ERROR: no network)"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_hangs_is_asked_once(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def hang(viewer: Any, folder: Path) -> dict[str, bytes]:
        asked.append(viewer.name)
        raise subprocess.TimeoutExpired("pip", 60)

    monkeypatch.setattr(hook, "CLIENTS", {"pip": hang})
    assert len(hook.fetch_missing(tmp_path)) == len(VIEWERS)
    assert asked == [VIEWERS[0].name]


def test_another_hash_is_refused(hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tampered(viewer: Any, folder: Path) -> dict[str, bytes]:
        return dict.fromkeys(viewer.integrity, b"alert(1)")

    monkeypatch.setattr(hook, "CLIENTS", {"pip": tampered, "npm": tampered})
    problems = hook.fetch_missing(tmp_path)
    assert len(problems) == len(VIEWERS)
    assert "which pins.py does not have" in problems[0]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_changed_is_fetched_again(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FETCHED, tmp_path / "fetched")
    changed = tmp_path / "fetched" / REDOC.path("bundles/redoc.standalone.js")
    good = changed.read_bytes()
    changed.write_bytes(b"alert(1)")

    def download(viewer: Any, folder: Path) -> dict[str, bytes]:
        return {file: (FETCHED / viewer.path(file)).read_bytes() for file in viewer.integrity}

    monkeypatch.setattr(hook, "CLIENTS", {"pip": download})
    assert hook.fetch_missing(tmp_path / "fetched") == []
    assert changed.read_bytes() == good


@pytest.mark.timeout(300)
def test_a_wheel_holds_the_viewers(tmp_path: Path) -> None:
    """Built as pip builds it, in isolation, from a copy without the files."""
    copy = tmp_path / "vivace"
    copy.mkdir()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("fetched", "__pycache__"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        f"--wheel-dir={tmp_path}",
        str(copy),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {f"vivace/openapi/viewers/fetched/{v.path(file)}" for v in VIEWERS for file in v.integrity}
    assert expected <= names
    assert {"vivace/openapi/viewers/NOTICE.md", "vivace/openapi/viewers/swagger-ui.js"} <= names
    assert "vivace/cli/template/package/main.py.txt" in names
