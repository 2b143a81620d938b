"""From what the user points at to an application, or to one line that says why there is none."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from vivace import FastAPI
from vivace.inspect import is_users_file

from .console import fail
from .discover import DiscoveryError, Target, find_target, load

__all__ = [
    "AppOption",
    "AsFastAPIOption",
    "EntrypointOption",
    "PathArgument",
    "VerboseOption",
    "find",
    "find_or_raise",
    "import_failure",
    "load_application",
    "relative",
]

PathArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[PATH | MODULE:APP]",
        help="A Python file or package with the application, or an import string."
        " Default: the entrypoint in pyproject.toml, else main.py, app.py, api.py, app/…",
        show_default=False,
    ),
]
AppOption = Annotated[
    str | None,
    typer.Option(help="The application's variable. Default: app, api, or the first one.", show_default=False),
]
EntrypointOption = Annotated[
    str | None,
    typer.Option(
        "--entrypoint",
        "-e",
        help="An import string, some.module:app, instead of a path.",
        show_default=False,
    ),
]
AsFastAPIOption = Annotated[bool, typer.Option("--as-fastapi", help="Answer `import fastapi` with vivace.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show whole tracebacks, and how the application was found.")
]


def find(
    path: str | None, entrypoint: str | None, name: str | None, as_fastapi: bool, verbose: bool = False
) -> Target:
    """Find the application and import it; what goes wrong ends the command with one line."""
    try:
        return find_or_raise(path, entrypoint, name, as_fastapi)
    except DiscoveryError as error:
        fail(error)
    except Exception as error:
        if verbose:
            traceback.print_exc()
        fail(*import_failure(error))


def find_or_raise(path: str | None, entrypoint: str | None, name: str | None, as_fastapi: bool) -> Target:
    """Find the application and import it.

    Raises:
        DiscoveryError: nothing was found.
        Exception: whatever the user's module raises while it is imported.
    """
    if as_fastapi:
        from vivace.as_fastapi import install

        install()
    if path is not None and entrypoint is None and not Path(path).exists() and ":" in path:
        path, entrypoint = None, path
    return find_target(Path(path) if path is not None else None, entrypoint, name)


def load_application(
    path: str | None, entrypoint: str | None, name: str | None, as_fastapi: bool, verbose: bool = False
) -> FastAPI:
    """The application object itself."""
    app: Any = load(find(path, entrypoint, name, as_fastapi, verbose).import_string)
    return app  # type: ignore[no-any-return]  # `find_target` has looked


def import_failure(error: Exception) -> tuple[str, str]:
    """What went wrong while the user's module was imported, where, and what to do."""
    what = f"{type(error).__name__}: {error}".replace("\n", " ")
    where = _users_line(error)
    message = f"The application cannot be imported: {what}" + (f" ({where})." if where else ".")
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return message, f"Install what is missing (pip install {package}), or correct the import."
    return message, "Mend that line; --verbose shows the whole traceback."


def _users_line(error: Exception) -> str:
    """The innermost line of the user's own program that the error came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{relative(error.filename)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_users_file(frame.filename)]
    return f"{relative(own[-1].filename)}:{own[-1].lineno}" if own else ""


def relative(filename: str) -> str:
    """As short as it can be from here."""
    try:
        return str(Path(filename).relative_to(Path.cwd()))
    except ValueError:
        return filename
