"""Where the commands find the application."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vivace.cli.discover import DiscoveryError, find_target, load

APP = "from vivace import FastAPI\n{name} = FastAPI()\n"

Project = Callable[..., Path]


@pytest.fixture
def project(directory: Path) -> Project:
    """Writes files into the current directory: `project(app__main="…")` writes `app/main.py`."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = directory / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return directory

    return write


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("main", "main:app"),
        ("app", "app:app"),
        ("api", "api:app"),
        ("app__main", "main:app"),
        ("app__api", "api:app"),
    ],
)
def test_usual_places(project: Project, file: str, found: str) -> None:
    project(**{file: APP.format(name="app")})
    assert find_target().import_string == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (APP.format(name="app"), "main:app"),
        (APP.format(name="api"), "main:api"),
        (APP.format(name="application"), "main:application"),
        (APP.format(name="other") + "api = FastAPI()\napp = FastAPI()\n", "main:app"),
        ("app = 1\n" + APP.format(name="other"), "main:other"),
    ],
)
def test_usual_names(project: Project, text: str, found: str) -> None:
    project(main=text)
    assert find_target(Path("main.py")).import_string == found


def test_a_module_in_a_package_is_imported_through_it(project: Project) -> None:
    root = project(
        shop__web__main="from ..names import name\n" + APP.format(name="app"), shop__names="name = 1\n"
    )
    for package in ("shop", "shop/web"):
        (root / package / "__init__.py").touch()
    target = find_target(Path("shop/web/main.py"))
    assert (target.import_string, target.directory) == ("shop.web.main:app", root)
    assert load(target.import_string) is sys.modules["shop.web.main"].app


def test_a_package(project: Project) -> None:
    root = project()
    (root / "shop").mkdir()
    (root / "shop" / "__init__.py").write_text(APP.format(name="app"))
    assert find_target(Path("shop")).import_string == "shop:app"
    assert find_target(Path("shop/__init__.py")).import_string == "shop:app"


def test_a_name(project: Project) -> None:
    project(main=APP.format(name="app") + "other = FastAPI()\n")
    assert find_target(Path("main.py"), name="other").import_string == "main:other"


def test_an_entrypoint(project: Project) -> None:
    project(main=APP.format(name="service"))
    assert find_target(entrypoint="main:service").import_string == "main:service"


@pytest.mark.parametrize("tool", ["vivace", "fastapi"])
def test_the_entrypoint_of_the_project(project: Project, tool: str) -> None:
    root = project(main=APP.format(name="app"), service=APP.format(name="it"))
    (root / "pyproject.toml").write_text(f'[tool.{tool}]\nentrypoint = "service:it"\n')
    assert find_target().import_string == "service:it"
    assert find_target(Path("main.py")).import_string == "main:app"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": Path("nowhere.py")}, "Path does not exist nowhere.py"),
        ({"path": Path("empty.py")}, "There is no FastAPI application in empty. Make one: app = FastAPI()"),
        ({"path": Path("main.py"), "name": "apq"}, "There is no 'apq' in main. Applications there: ['app']"),
        ({"path": Path("main.py"), "name": "one"}, "'one' in main is no FastAPI application, but 1"),
        ({"entrypoint": "main"}, "'main' is no import string. It looks like some.module:app"),
        ({"entrypoint": "nowhere.x:app"}, "Could not import nowhere.x: No module named 'nowhere'."),
    ],
)
def test_nothing_found(project: Project, arguments: dict[str, object], message: str) -> None:
    project(main=APP.format(name="app") + "one = 1\n", empty="")
    with pytest.raises(DiscoveryError) as caught:
        find_target(**arguments)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_project_file_that_is_none(project: Project) -> None:
    (project(main=APP.format(name="app")) / "pyproject.toml").write_text("[tool")
    with pytest.raises(DiscoveryError, match=r"pyproject\.toml is no TOML: "):
        find_target()


def test_nothing_in_the_usual_places(project: Project) -> None:
    project(other=APP.format(name="app"))
    with pytest.raises(DiscoveryError, match=r"no main\.py, .* here\. Name one: vivace run FILE"):
        find_target()


def test_a_failing_import_inside_the_application_is_shown(project: Project) -> None:
    project(main="import no_such_package\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        find_target(Path("main.py"))
