"""How the commands speak: results to stdout, troubles to stderr, colours only on a terminal."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TextIO

import typer
from rich.console import Console
from rich.markup import escape

__all__ = ["Trouble", "console", "escape", "fail", "print_plainly", "reporting", "warn"]


class Trouble(Exception):
    """What ends a command: one line that names the culprit and the remedy."""


def fail(message: object, remedy: str = "") -> NoReturn:
    """End the command with this line and exit code 1."""
    raise Trouble(_joined(str(message), remedy))


def reporting(command: Callable[..., None], *, on_stdout: bool = False) -> Callable[..., None]:
    """The command, with its trouble printed. `on_stdout` is how FastAPI's `dev` and `run` print theirs."""

    @functools.wraps(command)
    def reported(**options: Any) -> None:
        try:
            command(**options)
        except Trouble as trouble:
            stream = sys.stdout if on_stdout else sys.stderr
            console(stream).print(f"[bold red]error:[/] {escape(str(trouble))}")
            raise typer.Exit(1) from None

    return reported


def warn(message: str, remedy: str = "") -> None:
    console(sys.stderr).print(f"[yellow]warning:[/] {escape(_joined(message, remedy))}")


def console(stream: TextIO | None = None) -> Console:
    """A console for stdout, or for `stream`. Text that is piped or redirected keeps its lines whole."""
    file: Any = stream or sys.stdout
    if file.isatty():
        return Console(file=file, highlight=False)
    return Console(file=file, highlight=False, width=10_000, soft_wrap=True)


def print_plainly(*lines: object) -> None:
    """Lines as they are: what other programs read."""
    for line in lines:
        typer.echo(line)


def _joined(message: str, remedy: str) -> str:
    return f"{message} {remedy}" if remedy else message
