"""The commands, as typer reads them: a function per command, an option per parameter.

`dev` and `run` differ in two defaults: development reloads and listens on this machine only. Every option is
declared once, above the commands; each command says only its own default. Output goes to stdout in plain
lines, errors too: they are the command's answer. The exit code is 1 where the application was not found, and
the server's own otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from vivace import __version__

from .discover import DiscoveryError, Target, find_target

__all__ = ["cli"]

cli = typer.Typer(
    name="vivace", help="Run vivace applications.", no_args_is_help=True, pretty_exceptions_enable=False
)

PathArgument = Annotated[
    Path | None,
    typer.Argument(
        help="A Python file or package with the application. Default: main.py, app.py, api.py, app/…"
    ),
]
HostOption = Annotated[
    str, typer.Option(help="The address to listen on; 0.0.0.0 is every address of this machine.")
]
PortOption = Annotated[int, typer.Option(help="The port to listen on.", envvar="PORT")]
ReloadOption = Annotated[bool, typer.Option(help="Start again when a file changes.")]
ReloadDirOption = Annotated[
    list[Path] | None, typer.Option(help="Watch this directory instead of the current one. May be repeated.")
]
WorkersOption = Annotated[
    int | None, typer.Option(help="The number of worker processes. Not together with --reload.")
]
RootPathOption = Annotated[str, typer.Option(help="The path prefix that a proxy in front takes off.")]
AppOption = Annotated[
    str | None, typer.Option(help="The application's variable. Default: app, api, or the first one.")
]
EntrypointOption = Annotated[
    str | None,
    typer.Option("--entrypoint", "-e", help="An import string, some.module:app, instead of a path."),
]
ProxyHeadersOption = Annotated[
    bool, typer.Option(help="Believe X-Forwarded-Proto and X-Forwarded-For of trusted proxies.")
]
ForwardedOption = Annotated[
    str | None,
    typer.Option(help="The proxies to trust, as addresses separated by commas; '*' trusts everyone."),
]
AsFastAPIOption = Annotated[bool, typer.Option(help="Answer `import fastapi` with vivace.")]


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


@cli.command()
def dev(
    path: PathArgument = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    reload: ReloadOption = True,
    reload_dir: ReloadDirOption = None,
    root_path: RootPathOption = "",
    app: AppOption = None,
    entrypoint: EntrypointOption = None,
    proxy_headers: ProxyHeadersOption = True,
    forwarded_allow_ips: ForwardedOption = None,
    as_fastapi: AsFastAPIOption = False,
) -> None:
    """Run an application for development: starts again when a file changes, listens on this machine only."""
    _serve(
        _find("development", path, entrypoint, app, as_fastapi),
        host=host,
        port=port,
        reload=reload,
        reload_dirs=[str(directory) for directory in reload_dir or ()] or None,
        root_path=root_path,
        proxy_headers=proxy_headers,
        forwarded_allow_ips=forwarded_allow_ips,
    )


@cli.command()
def run(
    path: PathArgument = None,
    host: HostOption = "0.0.0.0",
    port: PortOption = 8000,
    reload: ReloadOption = False,
    workers: WorkersOption = None,
    root_path: RootPathOption = "",
    app: AppOption = None,
    entrypoint: EntrypointOption = None,
    proxy_headers: ProxyHeadersOption = True,
    forwarded_allow_ips: ForwardedOption = None,
    as_fastapi: AsFastAPIOption = False,
) -> None:
    """Run an application for production: listens on every address."""
    _serve(
        _find("production", path, entrypoint, app, as_fastapi),
        host=host,
        port=port,
        reload=reload,
        workers=workers,
        root_path=root_path,
        proxy_headers=proxy_headers,
        forwarded_allow_ips=forwarded_allow_ips,
    )


def _find(mode: str, path: Path | None, entrypoint: str | None, name: str | None, as_fastapi: bool) -> str:
    """The import string that the server is to load; prints what was found, or why nothing was, and exits with 1."""
    typer.echo(f"Starting in {mode} mode")
    if as_fastapi:
        from vivace.as_fastapi import install

        install()
    try:
        found = find_target(path, entrypoint, name)
    except DiscoveryError as error:
        typer.echo(error)
        raise typer.Exit(1) from None
    typer.echo(f"Using {found.import_string}")
    return _behind_the_alias(found) if as_fastapi else found.import_string


def _behind_the_alias(found: Target) -> str:
    """The import string of the module that makes the alias first, in each of the server's processes."""
    os.environ["VIVACE_AS_FASTAPI_APP"] = found.import_string
    return "vivace.cli.target:app"


def _serve(import_string: str, *, host: str, port: int, **options: Any) -> None:
    try:
        import uvicorn
    except ModuleNotFoundError:
        typer.echo('To run an application, install a server with it: pip install "vivace[standard]"')
        raise typer.Exit(1) from None
    typer.echo(f"Serving on http://{host}:{port}, documentation at http://{host}:{port}/docs")
    uvicorn.run(import_string, host=host, port=port, **options)
