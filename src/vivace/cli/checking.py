"""`vivace check`: everything that can be told of an application without serving it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from vivace import FastAPI
from vivace.exceptions import FastAPIError
from vivace.inspect import is_users_file, list_routes

from .applications import (
    AppOption,
    AsFastAPIOption,
    EntrypointOption,
    PathArgument,
    find_or_raise,
    import_failure,
    relative,
)
from .checks import RULES, Finding
from .checks.routes import check_routes, finding_of_error
from .checks.sources import check_source
from .console import console, escape, fail, print_plainly
from .discover import DiscoveryError, load

__all__ = ["check"]


def check(
    path: PathArgument = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Leave out this rule, V201, or a group, V2. May be repeated.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")] = False,
    list_rules: Annotated[bool, typer.Option("--rules", help="List the rules, and stop.")] = False,
    app: AppOption = None,
    entrypoint: EntrypointOption = None,
    as_fastapi: AsFastAPIOption = False,
) -> None:
    """Compile every route and look for mistakes. A comment `# vivace: ignore[V101]` on the line says it is meant."""
    if list_rules:
        for rule in RULES.values():
            console().print(f"[bold]{rule.code}[/] {escape(rule.title)}: {escape(rule.why)}")
        return
    for unknown in [code for code in ignore or () if not any(rule.startswith(code) for rule in RULES)]:
        fail(f"There is no rule {unknown}.", "`vivace check --rules` lists them.")
    try:
        target = find_or_raise(path, entrypoint, app, as_fastapi)
    except DiscoveryError as error:
        fail(error)
    except Exception as error:
        findings, routes = list(_of_failed_import(error)), 0
    else:
        application: FastAPI = load(target.import_string)
        findings = [*check_routes(application), *_of_sources(_files(target.directory))]
        routes = sum(route.operation is not None for route in list_routes(application))
    _report(_chosen(findings, ignore or ()), routes, as_json)


def _of_failed_import(error: Exception) -> Iterator[Finding]:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users_file(frame.filename)]
    if not frames or not isinstance(error, FastAPIError | AssertionError):
        fail(*import_failure(error))
    yield finding_of_error(error, frames[-1].filename, frames[-1].lineno or 0)
    yield from _of_sources({Path(frame.filename).resolve() for frame in frames})


def _files(directory: Path) -> set[Path]:
    """The files of the user's own modules: below the directory of the application, and not installed packages."""
    found = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py") and is_users_file(file):
            path = Path(file).resolve()
            if path.is_relative_to(directory.resolve()):
                found.add(path)
    return found


def _of_sources(files: Iterable[Path]) -> Iterator[Finding]:
    for file in sorted(files):
        yield from check_source(file)


def _chosen(findings: Iterable[Finding], ignore: Iterable[str]) -> list[Finding]:
    left_out = tuple(ignore)
    kept = {f for f in findings if not f.code.startswith(left_out) and not f.is_ignored}
    return sorted(kept, key=lambda f: (f.file, f.line, f.code, f.message))


def _report(findings: list[Finding], routes: int, as_json: bool) -> None:
    if as_json:
        print_plainly(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        out = console()
        for finding in findings:
            place = f"{relative(finding.file)}:{finding.line}"
            out.print(f"[bold]{escape(place)}[/] [red]{finding.code}[/] {escape(finding.message)}")
            out.print(f"    {escape(finding.rule.why)}")
            out.print(f"    [green]{escape(finding.remedy or finding.rule.remedy)}[/]")
        counted = f"{len(findings)} finding{'s' * (len(findings) != 1)}"
        out.print(f"{routes} routes checked: {counted}" if routes else counted)
    if findings:
        raise typer.Exit(1)
