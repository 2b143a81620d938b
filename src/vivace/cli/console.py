"""How the commands speak: results to stdout, troubles to stderr, colours only on a terminal."""

from __future__ import annotations

import sys
from typing import NoReturn, TextIO

import typer
from rich.console import Console
from rich.markup import escape

__all__ = ["console", "escape", "fail", "print_plainly", "warn"]


def console(stream: TextIO | None = None) -> Console:
    """A console for stdout, or for `stream`. Text that is piped or redirected keeps its lines whole."""
    stream = sys.stdout if stream is None else stream
    width = None if stream.isatty() else 10_000
    return Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())


def print_plainly(*lines: object) -> None:
    """Lines as they are: what other programs read."""
    for line in lines:
        typer.echo(line)


def warn(message: str, remedy: str = "") -> None:
    console(sys.stderr).print(f"[yellow]warning:[/] {escape(_joined(message, remedy))}")


def fail(message: object, remedy: str = "", *, code: int = 1) -> NoReturn:
    """One line that names the culprit and the remedy, and the exit code."""
    console(sys.stderr).print(f"[bold red]error:[/] {escape(_joined(str(message), remedy))}")
    raise typer.Exit(code)


def _joined(message: str, remedy: str) -> str:
    return f"{message} {remedy}" if remedy else message
