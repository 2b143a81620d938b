"""What `vivace dev` and `vivace run` can be told: one dataclass, of which each field is an option of both.

The limits of `vivace.server` are not repeated here: every field of its `Limits` is an option by itself.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from .applications import AppOption, AsFastAPIOption, EntrypointOption, PathArgument, VerboseOption

__all__ = ["ServeOptions", "ServerName", "limit_variables", "with_options"]


class ServerName(StrEnum):
    """Whose HTTP/1.1 protocol reads the requests; the process around it is uvicorn's either way."""

    vivace = "vivace"
    uvicorn = "uvicorn"


class LogLevel(StrEnum):
    critical = "critical"
    error = "error"
    warning = "warning"
    info = "info"
    debug = "debug"
    trace = "trace"


def _option(help: str, *names: str, panel: str | None = None, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


_LISTENING, _PROCESS, _PROXY, _TLS, _LIMITS = (
    "Where to listen",
    "Processes",
    "Behind a proxy",
    "TLS and HTTP/2",
    "Limits",
)


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How to serve; the defaults are those of `vivace run`."""

    path: PathArgument = None
    app: AppOption = None
    entrypoint: EntrypointOption = None
    as_fastapi: AsFastAPIOption = False
    verbose: VerboseOption = False
    server: Annotated[
        ServerName, _option("Whose HTTP/1.1 protocol reads the requests.", envvar="VIVACE_SERVER")
    ] = ServerName.vivace
    log_level: Annotated[LogLevel, _option("How much the server tells.")] = LogLevel.info
    access_log: Annotated[bool, _option("Write a line for each request.")] = True

    host: Annotated[
        str,
        _option("The address to listen on; 0.0.0.0 is every address of this machine.", panel=_LISTENING),
    ] = "0.0.0.0"
    port: Annotated[
        int, _option("The port to listen on.", envvar="PORT", min=0, max=65535, panel=_LISTENING)
    ] = 8000
    uds: Annotated[
        Path | None,
        _option("Listen on this UNIX socket instead.", show_default=False, panel=_LISTENING),
    ] = None
    fd: Annotated[
        int | None,
        _option(
            "Listen on this open file descriptor instead, as systemd passes one.",
            show_default=False,
            panel=_LISTENING,
        ),
    ] = None
    backlog: Annotated[
        int, _option("How many connections may wait to be accepted.", min=1, panel=_LISTENING)
    ] = 2048

    reload: Annotated[bool, _option("Start again when a file changes.", panel=_PROCESS)] = False
    reload_dir: Annotated[
        list[Path] | None,
        _option(
            "Watch this directory instead of the current one. May be repeated.",
            show_default=False,
            panel=_PROCESS,
        ),
    ] = None
    workers: Annotated[
        int | None,
        _option(
            "The number of worker processes. Not together with --reload.",
            min=1,
            show_default=False,
            panel=_PROCESS,
        ),
    ] = None
    guard: Annotated[
        bool | None,
        _option(
            "Report what blocks the event loop, with its line; VIVACE_GUARD=0.5 sets the seconds.",
            show_default=False,
            panel=_PROCESS,
        ),
    ] = None
    limit_max_requests: Annotated[
        int | None,
        _option("A worker ends after so many requests.", min=1, show_default=False, panel=_PROCESS),
    ] = None
    timeout_graceful_shutdown: Annotated[
        int | None,
        _option(
            "At the end, wait at most so many seconds for running requests.",
            min=0,
            show_default=False,
            panel=_PROCESS,
        ),
    ] = None

    root_path: Annotated[str, _option("The path prefix that a proxy in front takes off.", panel=_PROXY)] = ""
    proxy_headers: Annotated[
        bool,
        _option("Believe X-Forwarded-Proto and X-Forwarded-For of trusted proxies.", panel=_PROXY),
    ] = True
    forwarded_allow_ips: Annotated[
        str | None,
        _option(
            "The proxies to trust, as addresses separated by commas; '*' trusts everyone.",
            show_default=False,
            panel=_PROXY,
        ),
    ] = None

    ssl_certfile: Annotated[
        Path | None, _option("The certificate, with its chain (PEM).", show_default=False, panel=_TLS)
    ] = None
    ssl_keyfile: Annotated[
        Path | None, _option("The certificate's private key (PEM).", show_default=False, panel=_TLS)
    ] = None
    ssl_keyfile_password: Annotated[
        str | None,
        _option("The private key's password.", show_default=False, envvar="SSL_KEYFILE_PASSWORD", panel=_TLS),
    ] = None
    ssl_ca_certs: Annotated[
        Path | None,
        _option("Demand client certificates that one of these signed.", show_default=False, panel=_TLS),
    ] = None
    http2: Annotated[bool, _option("Also speak HTTP/2, with uvicorn's protocol.", "--http2", panel=_TLS)] = (
        False
    )

    limit_concurrency: Annotated[
        int | None,
        _option(
            "Answer 503 when so many connections or requests are open.",
            min=1,
            show_default=False,
            panel=_LIMITS,
        ),
    ] = None
    timeout_keep_alive: Annotated[
        int, _option("Close an idle connection after so many seconds.", min=0, panel=_LIMITS)
    ] = 5
    ws_max_size: Annotated[int, _option("The largest WebSocket message, in bytes.", min=1, panel=_LIMITS)] = (
        16_777_216
    )
    limits: dict[str, str] = dataclasses.field(default_factory=dict)
    """Those of `vivace.server` that were given, by the environment variable that sets each."""


def with_options(command: Callable[[ServeOptions], None], **defaults: Any) -> Callable[..., None]:
    """A command for typer that takes every option of `ServeOptions`, some with other defaults.

    dev = with_options(serve_for_development, host="127.0.0.1", reload=True)
    """
    limits = limit_variables()

    def called(**given: Any) -> None:
        set_limits = {
            variable: value for name, variable in limits.items() if (value := given.pop(name)) is not None
        }
        command(ServeOptions(**given, limits=set_limits))

    hints = get_type_hints(ServeOptions, include_extras=True)
    parameters = [
        # Each limit is an option by itself, below.
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(field.name, field.default),
            annotation=hints[field.name],
        )
        for field in fields(ServeOptions)
        if field.name != "limits"
    ]
    called.__signature__ = inspect.Signature([*parameters, *_limit_parameters()])  # type: ignore[attr-defined]
    called.__doc__ = command.__doc__
    return called


def limit_variables() -> dict[str, str]:
    """The limits of `vivace.server`, each with the environment variable by which worker processes get it."""
    return {name: f"VIVACE_{name.upper()}" for name in _limit_fields()}


def _limit_fields() -> dict[str, dataclasses.Field[Any]]:
    try:
        from vivace.server import Limits
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("vivace"):
            raise
        return {}  # httptools or uvicorn is not installed, and so the server cannot be used
    return {field.name: field for field in fields(Limits)}


def _limit_parameters() -> list[inspect.Parameter]:
    variables = limit_variables()

    def parameter(field: dataclasses.Field[Any]) -> inspect.Parameter:
        default = "none" if field.default is None else f"{field.default}"
        option = _option(
            f"{field.metadata['help']} Default: {default}. Environment: {variables[field.name]}",
            metavar=field.metadata["unit"].upper(),
            show_default=False,
            panel=_LIMITS,
        )
        return inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
        )

    return [parameter(field) for field in _limit_fields().values()]
