"""`vivace new`: a project that runs and passes its tests, from the files in `template/`.

The files carry the suffix `.txt`, so that no tool takes them for a part of vivace; `dot.` stands for a leading dot,
and `package` for the project's own package. In their text `{{ name }}`, `{{ package }}` and `{{ prefix }}` (of
environment variables) are replaced.
"""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from .console import fail, print_plainly

__all__ = ["new"]

TEMPLATE = Path(__file__).with_name("template")


def new(
    name: Annotated[str, typer.Argument(help="The project's name; its folder gets it too.")],
    directory: Annotated[
        Path | None, typer.Option(help="Where the folder is made. Default: here.", show_default=False)
    ] = None,
) -> None:
    """Make a project: routers, settings, a database, sign-in, tests, a Dockerfile and a CI file."""
    package = _package_name(name)
    folder = (directory or Path()) / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(f"{folder} exists and is not empty.", "Choose another name, or remove it.")
    values = {"name": name, "package": package, "prefix": package.upper()}
    try:
        for source in sorted(TEMPLATE.rglob("*.txt")):
            target = folder / _target_name(source.relative_to(TEMPLATE), package)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_filled(source.read_text(encoding="utf-8"), values), encoding="utf-8")
    except OSError as error:
        fail(f"{folder} cannot be written: {error.strerror}.", "Choose another place: --directory")
    print_plainly(
        f"Made {folder}. Next:",
        "",
        f"    cd {folder}",
        '    python -m pip install --editable ".[dev]"',
        "    vivace dev       # or: pytest",
    )


def _package_name(name: str) -> str:
    """The name as Python imports it: `tea-shop` is `tea_shop`."""
    package = name.lower().replace("-", "_")
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    if not re.fullmatch(r"[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?", name) or keyword.iskeyword(package):
        fail(f"{name!r} cannot be the name of a project.", "Use letters, digits and hyphens: tea-shop")
    if package in sys.stdlib_module_names or package in ("vivace", "tests"):
        fail(f"{package!r} is the name of a module that the project needs itself.", "Choose another name.")
    return package


def _target_name(path: Path, package: str) -> Path:
    parts = [part.removeprefix("dot") if part.startswith("dot.") else part for part in path.parts]
    if parts[0] == "package":
        parts[0] = package
    return Path(*parts).with_name(parts[-1].removesuffix(".txt"))


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{{ " + name + " }}", value)
    return text
