"""Find the application that a command is about: from a path, from an import string, or from where it usually stands.

A path says which module to import and which directory must be importable for that; the module says which of its names
is the application. Nothing here starts a server or prints.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from vivace import FastAPI

USUAL_PATHS = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
USUAL_NAMES = ("app", "api")

TARGET, AS_FASTAPI = "VIVACE_TARGET", "VIVACE_AS_FASTAPI"
"""The environment variables by which a server's processes learn of the application: see `target`."""


class DiscoveryError(Exception):
    """There is no application where the user pointed; the message says where to point instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """An application that can be imported.

    `Target("shop.main", "app", Path("/srv"))` is `from shop.main import app` with `/srv` importable.
    """

    module: str
    name: str
    directory: Path

    @property
    def import_string(self) -> str:
        """As servers take it: `"shop.main:app"`."""
        return f"{self.module}:{self.name}"


def find_target(path: Path | None = None, entrypoint: str | None = None, name: str | None = None) -> Target:
    """Find the application; its directory is importable afterwards, for worker processes too.

    Args:
        path: a Python file or a package directory.
        entrypoint: an import string, `"shop.main:app"`. Instead of a path.
        name: the application's variable. By default `app`, then `api`, then the first application in the module.

    With neither path nor entrypoint, the entrypoint in `pyproject.toml` (table `tool.vivace`, or `tool.fastapi`) is
    taken, then the first of `USUAL_PATHS` that exists.

    Raises:
        DiscoveryError: nothing was found there.

    ```python
    target = find_target(Path("main.py"))
    target.import_string  # "main:app"
    ```
    """
    if path is None and entrypoint is None:
        entrypoint = _entrypoint_of_project(Path("pyproject.toml"))
    if path is None and entrypoint is not None:
        return _target_of_entrypoint(entrypoint, name)
    module, directory = _module_of_path(path or _usual_path())
    _make_importable(directory)
    return Target(module, _application_name(module, name), directory)


def load(import_string: str) -> Any:
    """Import what an import string names: `load("shop.main:app")`."""
    module, _, name = import_string.partition(":")
    return getattr(_import(module), name)


def _entrypoint_of_project(pyproject: Path) -> str | None:
    if not pyproject.is_file():
        return None
    try:
        tools: dict[str, Any] = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    except ValueError as error:
        raise DiscoveryError(f"{pyproject} is no TOML: {error}") from None
    for tool in ("vivace", "fastapi"):
        if entrypoint := tools.get(tool, {}).get("entrypoint"):
            return str(entrypoint)
    return None


def _target_of_entrypoint(entrypoint: str, name: str | None) -> Target:
    module, separator, own_name = entrypoint.partition(":")
    if not separator or not module or not own_name:
        raise DiscoveryError(f"{entrypoint!r} is no import string. It looks like some.module:app")
    directory = Path.cwd()
    _make_importable(directory)
    return Target(module, _application_name(module, name or own_name), directory)


def _usual_path() -> Path:
    for usual in USUAL_PATHS:
        if Path(usual).is_file():
            return Path(usual)
    raise DiscoveryError(
        f"Could not find a file to run: no {', '.join(USUAL_PATHS)} here. Name one: vivace run FILE"
    )


def _module_of_path(path: Path) -> tuple[str, Path]:
    """The dotted name under which a file or package is imported, and the directory that holds its outermost package."""
    if not path.exists():
        raise DiscoveryError(f"Path does not exist {path}")
    place = path.resolve()
    if place.is_file() and place.stem == "__init__":
        place = place.parent
    parts = [place.stem]
    while (place.parent / "__init__.py").is_file():
        place = place.parent
        parts.insert(0, place.name)
    return ".".join(parts), place.parent


def _make_importable(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _application_name(module_name: str, name: str | None) -> str:
    module = _import(module_name)
    applications = [key for key, value in vars(module).items() if isinstance(value, FastAPI)]
    if name is not None:
        if not hasattr(module, name):
            raise DiscoveryError(
                f"There is no {name!r} in {module_name}. Applications there: {applications or 'none'}"
            )
        if not isinstance(getattr(module, name), FastAPI):
            raise DiscoveryError(
                f"{name!r} in {module_name} is no FastAPI application, but {getattr(module, name)!r}"
            )
        return name
    for usual in (*USUAL_NAMES, *applications):
        if usual in applications:
            return usual
    raise DiscoveryError(f"There is no FastAPI application in {module_name}. Make one: app = FastAPI()")


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        # Only when it is the target itself that is missing: a failing import inside it is the user's to see in full.
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise DiscoveryError(
                f"Could not import {name}: {error}. Is it spelt right, and is it below here?"
            ) from error
        raise
