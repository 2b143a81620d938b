"""`vivace routes`, `vivace explain`, `vivace openapi`: what an application is, without serving it."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich import box
from rich.syntax import Syntax
from rich.table import Table

from vivace.inspect import Explanation, RouteInfo, RouteNotFoundError, list_routes
from vivace.inspect import explain as explain_route

from .applications import (
    AppOption,
    AsFastAPIOption,
    EntrypointOption,
    PathArgument,
    VerboseOption,
    load_application,
)
from .console import console, escape, fail, print_plainly

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


# --- routes ---------------------------------------------------------------------------------------------------------


def routes(
    path: PathArgument = None,
    method: Annotated[
        str | None, typer.Option(help="Only routes with this method; WS for WebSockets.", show_default=False)
    ] = None,
    under: Annotated[
        str | None,
        typer.Option(
            "--path", help="Only paths that match: /items* matches all below /items.", show_default=False
        ),
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only routes with this tag.", show_default=False)] = None,
    all_routes: Annotated[
        bool, typer.Option("--all", help="Also the document, its pages, and mounts.")
    ] = False,
    as_json: JsonOption = False,
    app: AppOption = None,
    entrypoint: EntrypointOption = None,
    as_fastapi: AsFastAPIOption = False,
    verbose: VerboseOption = False,
) -> None:
    """List the routes: method, path, endpoint, place, dependencies, response model, and where they run."""
    application = load_application(path, entrypoint, app, as_fastapi, verbose)
    chosen = [
        route
        for route in list_routes(application)
        if (all_routes or route.operation is not None)
        and (method is None or _has_method(route, method.upper()))
        and (under is None or fnmatchcase(route.path, under))
        and (tag is None or tag in route.tags)
    ]
    if as_json:
        print_plainly(json.dumps([_route_as_json(route) for route in chosen], indent=2))
        return
    columns = ("Method", "Path", "Endpoint", "Place", "Depends on", "Response model", "Runs")
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for route in chosen:
        table.add_row(*(escape(cell) for cell in _route_cells(route)))
    console().print(table)


def _has_method(route: RouteInfo, method: str) -> bool:
    return route.kind == "websocket" if method == "WS" else method in route.methods


def _route_cells(route: RouteInfo) -> tuple[str, ...]:
    place = route.endpoint
    return (
        route.title.partition(" ")[0],
        route.path,
        place.name if place else "",
        f"{_short(place.file)}:{place.line}" if place and place.file else "",
        ", ".join(route.dependencies),
        route.response_model or "",
        "" if place is None else "async" if route.is_async else "thread",
    )


def _route_as_json(route: RouteInfo) -> dict[str, Any]:
    shown = asdict_without(route, "operation", "pattern")
    shown["title"] = route.title
    return shown


def asdict_without(value: Any, *left_out: str) -> dict[str, Any]:
    """A dataclass as a dict; the fields left out are not copied."""
    names = [name for name in value.__dataclass_fields__ if name not in left_out]
    found = {name: getattr(value, name) for name in names}
    return {name: asdict(v) if hasattr(v, "__dataclass_fields__") else v for name, v in found.items()}


def _short(file: str) -> str:
    """From here, if it lies below."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


# --- explain --------------------------------------------------------------------------------------------------------


def explain(
    route: Annotated[
        str, typer.Argument(help='A method and a path: "GET /items/{item_id}" or "GET /items/3".')
    ],
    path: PathArgument = None,
    as_json: JsonOption = False,
    app: AppOption = None,
    entrypoint: EntrypointOption = None,
    as_fastapi: AsFastAPIOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what becomes of one endpoint: parameters, dependencies, answer, errors, and the compiled function."""
    application = load_application(path, entrypoint, app, as_fastapi, verbose)
    try:
        found = explain_route(application, route)
    except RouteNotFoundError as error:
        fail(error)
    if as_json:
        shown = asdict_without(found, "route")
        shown |= {
            name: [asdict(item) for item in getattr(found, name)]
            for name in ("parameters", "steps", "errors")
        }
        print_plainly(json.dumps({"route": _route_as_json(found.route), **shown}, indent=2))
        return
    _print_explanation(found)


def _print_explanation(found: Explanation) -> None:
    out = console()
    out.print(f"[bold]{escape(found.route.title)}[/]   {escape(str(found.route.endpoint))}\n")

    table = Table(
        "From", "Name", "Type", "Constraints", "Default", "Taken by", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for parameter in found.parameters:
        default = "required" if parameter.required else parameter.default
        cells = (
            parameter.location,
            parameter.wire_name or parameter.name,
            parameter.type,
            ", ".join(parameter.constraints),
            "" if parameter.location == "request" else default or "",
            parameter.taken_by,
        )
        table.add_row(*(escape(cell) for cell in cells))
    out.print("[bold]Parameters[/]" if found.parameters else "[bold]Parameters[/]: none")
    if found.parameters:
        out.print(table)

    out.print("[bold]Calls, in this order[/]")
    for number, step in enumerate(found.steps, 1):
        out.print(f"  {number}. {escape(step.place.name)}  {escape(_step_text(step))}")
    threads = sum(step.thread for step in found.steps)
    where = f"{threads} of them in worker threads; those that follow one another share one hop"
    out.print(f"  {where if threads else 'All on the event loop'}\n")

    if found.response is not None:
        out.print(f"[bold]Answer[/]: {escape(found.response)}\n")
    if found.errors:
        out.print("[bold]Errors[/]")
        for error in found.errors:
            out.print(f"  {error.status}  {escape(error.reason)}")
        out.print()

    out.print(f"[bold]Compiled[/] as {escape(found.file_name)}")
    if out.is_terminal:
        out.print(Syntax(found.source, "python", background_color="default", word_wrap=True))
    else:
        print_plainly(found.source.rstrip())


def _step_text(step: Any) -> str:
    notes = ["in a thread" if step.thread else "async"]
    if step.taken_by is not None:
        notes.append(
            f"→ {step.keyword} of {step.taken_by}" if step.keyword else f"for its effect, by {step.taken_by}"
        )
        if not step.cached:
            notes.append("called anew for each use")
        elif step.uses > 1:
            notes.append(f"once, for {step.uses} uses")
    if step.exits:
        notes.append(f"exits {step.exits}")
    if step.scopes:
        notes.append(f"scopes {' '.join(step.scopes)}")
    if step.max_concurrency:
        notes.append(f"at most {step.max_concurrency} at once")
    return ", ".join(notes)


# --- openapi --------------------------------------------------------------------------------------------------------

OpenAPIFormat = Literal["json", "yaml"]
MOST_LINES = 80  # of a difference


def openapi(
    path: PathArgument = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write into this file. Default: print.", show_default=False),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            help="Compare with this file and exit with 1 if it differs, for CI.", show_default=False
        ),
    ] = None,
    format: Annotated[
        OpenAPIFormat | None,
        typer.Option(help="Default: what the file's name says, else JSON.", show_default=False),
    ] = None,
    app: AppOption = None,
    entrypoint: EntrypointOption = None,
    as_fastapi: AsFastAPIOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write the OpenAPI document, or compare a file with it."""
    if output is not None and check is not None:
        fail("--output writes a file and --check compares one.", "Give one of the two.")
    file = output or check
    if format is None:
        format = "yaml" if file is not None and file.suffix in (".yaml", ".yml") else "json"
    document = load_application(path, entrypoint, app, as_fastapi, verbose).openapi()
    if check is not None:
        _compare(check, document, format)
    elif output is not None:
        output.write_text(_written(document, format), encoding="utf-8")
        print_plainly(f"Wrote {output}")
    else:
        typer.echo(_written(document, format), nl=False)


def _written(document: dict[str, Any], format: OpenAPIFormat) -> str:
    if format == "yaml":
        return str(_yaml().safe_dump(document, sort_keys=False, allow_unicode=True, width=100))
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _yaml() -> Any:
    try:
        import yaml  # type: ignore[import-untyped]  # its stubs are another package
    except ModuleNotFoundError:
        fail("YAML needs PyYAML.", "Install it (pip install pyyaml), or write JSON: --format json")
    return yaml


def _compare(file: Path, document: dict[str, Any], format: OpenAPIFormat) -> None:
    """What counts is the document, not how the file lays it out."""
    remedy = f"Write it anew: vivace openapi --output {file}"
    if not file.is_file():
        fail(f"{file} does not exist.", remedy)
    text = file.read_text(encoding="utf-8")
    try:
        kept = _yaml().safe_load(text) if format == "yaml" else json.loads(text)
    except ValueError as error:
        fail(f"{file} is no JSON: {error}.", remedy)
    except _yaml().YAMLError as error:
        fail(f"{file} is no YAML: {error}.", remedy)
    if kept == json.loads(json.dumps(document)):
        print_plainly(f"{file} is up to date")
        return
    old, new = (_written(d, format).splitlines() for d in (kept, document))
    lines = difflib.unified_diff(old, new, str(file), "the application", lineterm="", n=2)
    print_plainly(*islice(lines, MOST_LINES))
    fail(f"{file} differs from the application's document.", remedy)
