"""Type checkers accept every option of every verb, keep the endpoint's type, and find mistakes.

The programs of `programs/`, and one that is written here from FastAPI's recorded signatures (`tests/surface`),
are checked by mypy and by pyright, each once for all of them.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.surface.record import RECORD

Found = dict[str, dict[int, str]]
"""What a checker complains about: file name → line → message."""

PROGRAMS = Path(__file__).parent / "programs"
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "api_route")

VALUES = {
    "response_model": "list[int]",
    "status_code": "201",
    "tags": '["a", Tag.b]',
    "dependencies": "[Depends(dependency)]",
    "summary": '"Short."',
    "description": '"Long."',
    "response_description": '"Good."',
    "responses": '{404: {"description": "None."}, "4XX": {"model": Item}}',
    "deprecated": "True",
    "methods": '["GET"]',
    "operation_id": '"an_id"',
    "response_model_include": '{"name"}',
    "response_model_exclude": '{"name": {"first"}}',
    "response_model_by_alias": "False",
    "response_model_exclude_unset": "True",
    "response_model_exclude_defaults": "True",
    "response_model_exclude_none": "True",
    "include_in_schema": "False",
    "response_class": "PlainTextResponse",
    "name": '"a_name"',
    "callbacks": "callbacks.routes",
    "openapi_extra": '{"x-extra": 1}',
    "generate_unique_id_function": "lambda route: route.name",
    "max_body_size": "1024",
    "form_limits": '{"max_files": 1}',
}
"""An expression for every option of a path operation."""

HEAD = """
from enum import Enum

from pydantic import BaseModel
from vivace import APIRouter, Depends, FastAPI
from vivace.responses import PlainTextResponse


class Item(BaseModel):
    name: str


class Tag(Enum):
    b = "b"


def dependency() -> int:
    return 1


app = FastAPI()
router = APIRouter()
callbacks = APIRouter()
"""


def options(cls: str, verb: str) -> list[str]:
    """The keyword options that FastAPI's verb has."""
    module = {"FastAPI": "fastapi.applications", "APIRouter": "fastapi.routing"}[cls]
    text = json.loads(RECORD.read_text(encoding="utf-8"))[module][cls]["members"][verb]["call"]
    parameters = inspect.signature(eval(f"lambda {text[1:-1]}: None")).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY]


def every_option() -> str:
    """A program with a route per application, verb and option, and one with all options together."""
    lines = [HEAD]
    for variable, cls in (("app", "FastAPI"), ("router", "APIRouter")):
        for verb in VERBS:
            names = options(cls, verb)
            for number, chosen in enumerate([[], *([name] for name in names), names]):
                arguments = "".join(f", {name}={VALUES[name]}" for name in chosen)
                endpoint = f"{variable}_{verb}_{number}"
                lines += [
                    f'@{variable}.{verb}("/"{arguments})',
                    f"def {endpoint}() -> list[int]: return [1]",
                    "",
                ]
            lines += [f"assert_type({variable}_{verb}_{len(names)}(), list[int])", ""]
    return "from typing import assert_type\n" + "\n".join(lines)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with all programs, and nothing of this project's configuration."""
    folder = tmp_path_factory.mktemp("typing")
    for program in PROGRAMS.glob("*.py"):
        (folder / program.name).write_text(program.read_text())
    (folder / "every_option.py").write_text(every_option())
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    return folder


@pytest.fixture(scope="module")
def found_by_mypy(programs: Path) -> Found:
    command = [sys.executable, "-m", "mypy", "--strict", "."]
    result = subprocess.run(command, capture_output=True, text=True, cwd=programs)
    assert result.returncode in (0, 1), result.stdout + result.stderr
    assert "checked 3 source files" in result.stdout
    found: Found = {}
    for file, line, message in re.findall(r"^(.+?):(\d+): error: (.*)$", result.stdout, re.MULTILINE):
        found.setdefault(Path(file).name, {})[int(line)] = message
    return found


@pytest.fixture(scope="module")
def found_by_pyright(programs: Path) -> Found:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    result = subprocess.run(command, capture_output=True, text=True, cwd=programs)
    assert result.stdout.startswith("{"), result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert report["summary"]["filesAnalyzed"] == 3, report
    found: Found = {}
    for entry in report["generalDiagnostics"]:
        if entry["severity"] == "error":
            line = entry["range"]["start"]["line"] + 1
            found.setdefault(Path(entry["file"]).name, {})[line] = entry["message"]
    return found


@pytest.fixture(params=["mypy", "pyright"])
def found(request: pytest.FixtureRequest) -> Found:
    result: Found = request.getfixturevalue(f"found_by_{request.param}")
    return result


@pytest.mark.timeout(300)
def test_every_option_of_every_verb(found: Found) -> None:
    assert found.get("every_option.py", {}) == {}


@pytest.mark.timeout(300)
def test_accepted(found: Found) -> None:
    assert found.get("accepted.py", {}) == {}


@pytest.mark.timeout(300)
def test_mistakes(found: Found) -> None:
    text = (PROGRAMS / "mistakes.py").read_text()
    marked = {number for number, line in enumerate(text.splitlines(), 1) if "  # error" in line}
    assert set(found.get("mistakes.py", {})) == marked, found.get("mistakes.py")


def test_program_of_options_uses_them_all() -> None:
    program = every_option()
    assert all(f"{name}={value}" in program for name, value in VALUES.items())
