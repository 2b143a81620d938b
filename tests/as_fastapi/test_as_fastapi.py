"""`import fastapi` answers with vivace. Each program runs in an interpreter of its own: imports leave traces."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

# Not imported from the module: in this process `fastapi` has to stay what it is.
FASTAPI_VERSION = "0.165.0"

ROOT = Path(__file__).parents[2]

PROGRAMS = {
    "the package": """
        import vivace.as_fastapi, vivace, fastapi
        assert fastapi is vivace
    """,
    "a module": """
        import vivace.as_fastapi
        import fastapi.routing, vivace.routing
        assert fastapi.routing is vivace.routing
        from fastapi import APIRouter
        assert APIRouter is vivace.routing.APIRouter
    """,
    "a module in a package, under either name first": """
        import vivace.as_fastapi
        from fastapi.openapi import models as theirs
        from vivace.openapi import models as ours
        import vivace.security.oauth2 as ours2, fastapi.security.oauth2 as theirs2
        assert theirs is ours and theirs2 is ours2
    """,
    "sys.modules, without an import": """
        import sys
        import vivace.as_fastapi
        assert sys.modules["fastapi"] is sys.modules["vivace"]
        assert sys.modules["fastapi.applications"] is sys.modules["vivace.applications"]
    """,
    "modules keep their own specification": """
        import vivace.as_fastapi
        import fastapi.encoders
        assert fastapi.encoders.__spec__.name == fastapi.encoders.__name__ == "vivace.encoders"
        import importlib
        assert importlib.reload(fastapi.encoders) is fastapi.encoders
    """,
    "classes pickle under their own name": """
        import pickle
        import vivace.as_fastapi
        from fastapi.exceptions import RequestValidationError
        assert b"vivace.exceptions" in pickle.dumps(RequestValidationError)
        assert pickle.loads(pickle.dumps(RequestValidationError)) is RequestValidationError
    """,
    "a replaced attribute": """
        import vivace.as_fastapi
        from unittest.mock import patch
        import vivace.routing
        with patch("fastapi.routing.run_endpoint_function") as replaced:
            assert vivace.routing.run_endpoint_function is replaced
    """,
    "a missing module": """
        import vivace.as_fastapi
        try:
            import fastapi.nowhere
        except ModuleNotFoundError as error:
            assert error.name == "fastapi.nowhere", error.name
        else:
            raise AssertionError
    """,
    "versions": f"""
        import vivace.as_fastapi
        from importlib.metadata import version
        import fastapi
        assert version("fastapi") == version("FastAPI") == "{FASTAPI_VERSION}"
        assert fastapi.__version__ == version("vivace")
    """,
    "twice": """
        import sys
        import vivace.as_fastapi
        before = list(sys.meta_path)
        vivace.as_fastapi.install()
        assert sys.meta_path == before
    """,
    "other packages are left alone": """
        import importlib.metadata
        before = {d.metadata["Name"] for d in importlib.metadata.distributions()}
        import vivace.as_fastapi
        import fastapi_lookalike
        assert {d.metadata["Name"] for d in importlib.metadata.distributions()} == before
    """,
}


def run(program: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "program.py").write_text(dedent(program))
    (tmp_path / "fastapi_lookalike.py").write_text("")
    command = [sys.executable, *(arguments or ["program.py"])]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", PROGRAMS)
def test_alias(name: str, tmp_path: Path) -> None:
    result = run(PROGRAMS[name], tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_refuses_to_replace_fastapi(tmp_path: Path) -> None:
    result = run("import fastapi\nimport vivace.as_fastapi", tmp_path)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith(
        "ImportError: vivace.as_fastapi came too late: the module 'fastapi' is already loaded from "
    )
    assert "Import vivace.as_fastapi before anything that imports fastapi" in last


def test_without_fastapi_installed(tmp_path: Path) -> None:
    program = """
        import sys

        class NotInstalled:
            def find_spec(self, name, path=None, target=None):
                assert name.partition(".")[0] != "fastapi", "the real one was looked for"

        sys.meta_path.insert(0, NotInstalled())
        import vivace.as_fastapi
        from fastapi import FastAPI
        from fastapi.testclient import TestClient
        from importlib.metadata import distribution
        assert distribution("fastapi").version
    """
    result = run(program, tmp_path)
    assert result.returncode == 0, result.stderr


def test_running_as_a_module(tmp_path: Path) -> None:
    program = """
        import runpy, sys
        import vivace.as_fastapi
        sys.argv = ["fastapi", "--version"]
        runpy.run_module("fastapi", run_name="__main__")
    """
    result = run(program, tmp_path)
    assert (result.returncode, result.stdout) == (0, "vivace 1.0.0\n"), result.stderr


def test_as_pytest_plugin(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import fastapi\n\ndef test_it():\n    assert fastapi.__name__ == 'vivace'\n"
    )
    options = ["-q", "-p", "vivace.as_fastapi", "-W", "error", "-p", "no:cacheprovider"]
    result = run("", tmp_path, "-m", "pytest", *options)
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


def test_conformance_alias_package(tmp_path: Path) -> None:
    """The directory that conformance/ puts on PYTHONPATH, for processes that nobody tells to import the alias."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "conformance" / "alias")}
    for arguments in (
        ["-c", "import fastapi.routing; print(fastapi.__name__)"],
        ["-m", "fastapi", "--version"],
    ):
        result = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        assert result.stdout.startswith("vivace"), result.stderr
