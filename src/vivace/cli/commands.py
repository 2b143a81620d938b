"""The commands, put together: `vivace dev`, `run`, `routes`, `explain`, `openapi`, `check`, `new`.

Each command is a function in a module of its own kind, with its options in its signature. What they print is the
command's answer, on stdout; troubles go to stderr, those of `dev` and `run` to stdout. The exit code is 0, 1 for
whatever the user has to mend, 2 for wrong options, and the server's own where one has run.
"""

from __future__ import annotations

from typing import Annotated

import typer

from vivace import __version__

from .checking import check
from .console import reporting
from .creating import new
from .listing import explain, openapi, routes
from .serving import dev, run

__all__ = ["cli"]

cli = typer.Typer(
    name="vivace",
    help="Run and inspect vivace applications.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vivace {__version__}")
        raise typer.Exit


@cli.callback()
def options_of_all(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


for command, name in (
    (dev, "dev"),
    (run, "run"),
    (routes, "routes"),
    (explain, "explain"),
    (openapi, "openapi"),
    (check, "check"),
    (new, "new"),
):
    cli.command(name)(reporting(command, on_stdout=name in ("dev", "run")))
