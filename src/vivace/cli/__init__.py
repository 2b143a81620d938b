"""The command line: `vivace dev`, `vivace run`; the same as `python -m vivace`.

This file is the door: `command` is the console script's entry point; `main` is what FastAPI has under that name, and
`cli_main` the typer application, or None where typer is not installed. The commands are put together in `commands`,
and how they find the application stands in `discover`. The room uses vivace's public names only; a server, typer and
rich come with the extra `standard`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

__all__ = ["cli_main", "command", "main"]

cli_main: Callable[[], None] | None
try:
    from .commands import cli as cli_main
except ModuleNotFoundError as error:  # pragma: no cover
    if (error.name or "").startswith("vivace"):
        raise
    cli_main = None


def main() -> None:
    """Run the command line with the arguments of the process.

    Raises:
        RuntimeError: the packages that the command line needs are not installed.
        SystemExit: with the command's exit code, at its end.
    """
    if cli_main is None:
        raise RuntimeError(
            'To use the fastapi command, please install "vivace[standard]":\n\n    pip install "vivace[standard]"\n'
        )
    cli_main()


def command() -> None:
    """`main`, with one line in the place of a traceback where packages are missing."""
    if cli_main is None:
        sys.exit('error: The command line is not installed. Install it: pip install "vivace[standard]"')
    main()
