"""`vivace dev` and `vivace run`: find the application, say what matters, and give it to uvicorn.

What can go wrong before the server runs (nothing found, a port in use, an option that uvicorn lacks) is one line and
exit code 1; what goes wrong in the server is uvicorn's to report, with its exit codes.
"""

from __future__ import annotations

import errno
import inspect
import os
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from vivace import FastAPI
from vivace.guard import ENVIRONMENT, THRESHOLD_SECONDS
from vivace.inspect import compile_routes, list_routes
from vivace.middleware.cors import CORSMiddleware

from .applications import find
from .console import console, escape, fail, warn
from .discover import AS_FASTAPI, TARGET, Target, load
from .options import ServeOptions, ServerName, with_options


def _serve_for_development(options: ServeOptions) -> None:
    """Run an application for development: starts again when a file changes, listens on this machine only."""
    _serve("development", options)


def _serve_for_production(options: ServeOptions) -> None:
    """Run an application for production: listens on every address."""
    _serve("production", options)


dev = with_options(_serve_for_development, host="127.0.0.1", reload=True, guard=True)
run = with_options(_serve_for_production)


def _serve(mode: str, options: ServeOptions) -> None:
    try:
        import uvicorn
    except ModuleNotFoundError:
        fail("uvicorn is not installed.", 'Install a server with vivace: pip install "vivace[standard]"')
    settings = _server_settings(options, uvicorn.Config)
    found = find(options.path, options.entrypoint, options.app, options.as_fastapi, options.verbose)
    if not (options.uds or options.fd is not None):
        _check_port(options.host, options.port)
    _say_what_matters(mode, found, options)
    os.environ.update(options.limits)  # worker processes read them there
    uvicorn.run(_import_string(found, options), **settings)


def _import_string(found: Target, options: ServeOptions) -> str:
    """What the server's processes import: the application, or the module that does something first."""
    if options.guard is not None:
        # Off is said too: it may be on in the environment.
        os.environ[ENVIRONMENT] = _threshold() if options.guard else "0"
    if not options.as_fastapi and os.environ.get(ENVIRONMENT, "0") == "0":
        return found.import_string
    os.environ[TARGET] = found.import_string
    if options.as_fastapi:
        os.environ[AS_FASTAPI] = "1"
    return "vivace.cli.target:app"


def _threshold() -> str:
    text = os.environ.get(ENVIRONMENT) or str(THRESHOLD_SECONDS)
    try:
        is_positive = float(text) > 0
    except ValueError:
        is_positive = False
    if not is_positive:
        fail(f"{ENVIRONMENT} must be a number of seconds, not {text!r}.", "Set it to 0.1, or unset it.")
    return text


# --- what the server is told ----------------------------------------------------------------------------------------


def _server_settings(options: ServeOptions, config: type) -> dict[str, Any]:
    """The keywords of `uvicorn.run`; exits with a clear line where uvicorn has no such thing."""
    if options.reload and (options.workers or 1) > 1:
        fail("--reload and --workers exclude each other.", "Give one of the two.")
    if options.ssl_keyfile and not options.ssl_certfile:
        fail("--ssl-keyfile needs a certificate.", "Give it with --ssl-certfile.")
    for file in (options.ssl_certfile, options.ssl_keyfile, options.ssl_ca_certs):
        if file is not None and not file.is_file():
            fail(f"There is no file {file}.", "Correct the path.")
    settings: dict[str, Any] = {
        "host": options.host,
        "port": options.port,
        "uds": str(options.uds) if options.uds else None,
        "fd": options.fd,
        "backlog": options.backlog,
        "reload": options.reload,
        "reload_dirs": [str(directory) for directory in options.reload_dir or ()] or None,
        "workers": options.workers,
        "limit_max_requests": options.limit_max_requests,
        "timeout_graceful_shutdown": options.timeout_graceful_shutdown,
        "root_path": options.root_path,
        "proxy_headers": options.proxy_headers,
        "forwarded_allow_ips": options.forwarded_allow_ips,
        "ssl_certfile": _text(options.ssl_certfile),
        "ssl_keyfile": _text(options.ssl_keyfile),
        "ssl_keyfile_password": options.ssl_keyfile_password,
        "ssl_ca_certs": _text(options.ssl_ca_certs),
        "limit_concurrency": options.limit_concurrency,
        "timeout_keep_alive": options.timeout_keep_alive,
        "ws_max_size": options.ws_max_size,
        "log_level": options.log_level.value,
        "access_log": options.access_log,
        **_protocol_settings(options, config),
    }
    if options.ssl_ca_certs:
        import ssl

        settings["ssl_cert_reqs"] = ssl.CERT_REQUIRED
    return settings


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None


def _protocol_settings(options: ServeOptions, config: type) -> dict[str, Any]:
    if options.http2:
        return _http2_settings(config)
    if options.server is ServerName.uvicorn:
        if options.limits:
            _refuse_limits(options, "uvicorn's protocol")
        return {"http": "auto"}
    try:
        from vivace.server import Limits
    except ModuleNotFoundError as error:
        fail(
            f"vivace's server needs {error.name}, which is not installed.",
            'Install it (pip install "vivace[standard]"), or take uvicorn\'s own: --server uvicorn',
        )
    try:
        Limits.from_environment({**os.environ, **options.limits})
    except ValueError as error:
        fail(f"{error}.", "`vivace run --help` lists the limits.")
    return {"http": "vivace.server:HTTPProtocol"}


def _http2_settings(config: type) -> dict[str, Any]:
    if "http2" not in inspect.signature(config).parameters:
        import uvicorn

        fail(
            f"uvicorn {uvicorn.__version__} has no HTTP/2.",
            'Install one that has (pip install --upgrade "uvicorn>=0.54"), or leave out --http2.',
        )
    if find_spec("zttp") is None:
        fail(
            "uvicorn's HTTP/2 needs zttp, which is not installed.",
            "Install it (pip install zttp), or leave out --http2.",
        )
    return {"http": "zttp", "http2": True}


def _refuse_limits(options: ServeOptions, whose: str) -> NoReturn:
    names = ", ".join(
        f"--{name.removeprefix('VIVACE_').lower().replace('_', '-')}" for name in options.limits
    )
    fail(f"{whose} has no {names}.", "Leave it out, or serve with --server vivace.")


def _check_port(host: str, port: int) -> None:
    """Ask for the address before the server does, so that the answer is one line."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            _refuse_address(error, host, port)


def _refuse_address(error: OSError, host: str, port: int) -> NoReturn:
    if error.errno == errno.EADDRINUSE:
        fail(
            f"Port {port} on {host} is in use by another process.",
            f"Stop that one, or take another port: --port {port % 65535 + 1}",
        )
    if error.errno == errno.EACCES:
        fail(f"Port {port} needs rights that this user lacks.", "Take a port above 1023: --port 8000")
    fail(f"Cannot listen on {host}:{port}: {error.strerror or error}.", "Correct --host or --port.")


# --- what the user is told ------------------------------------------------------------------------------------------


def _say_what_matters(mode: str, found: Target, options: ServeOptions) -> None:
    app: FastAPI = load(found.import_string)
    routes = [route for route in list_routes(app) if route.operation is not None]
    address = _address(options)
    lines = [
        ("Application", f"{found.import_string} ({mode})"),
        ("Serving", address),
        ("Docs", _docs_address(address, app, options)),
        ("Routes", str(len(routes))),
        ("Server", _server_text(options)),
    ]
    if options.verbose:
        lines.append(("Imported from", str(found.directory)))
    out = console()
    for name, value in lines:
        out.print(f"[bold]{name:<12}[/] {escape(value)}")
    for message, remedy in _warnings(mode, app, options):
        warn(message, remedy)
    # Compiles the routes too: no request is the first one, where the server runs in this process.
    for mistake in compile_routes(app):
        warn(f"{mistake.route.title}: {mistake.message}".replace("\n", " "))


def _address(options: ServeOptions) -> str:
    if options.uds:
        return f"unix:{options.uds}"
    if options.fd is not None:
        return f"fd:{options.fd}"
    scheme = "https" if options.ssl_certfile else "http"
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"{scheme}://{host}:{options.port}"


def _docs_address(address: str, app: FastAPI, options: ServeOptions) -> str:
    if not app.openapi_url or not app.docs_url:
        return "none"
    # Browsers cannot open "every address of this machine".
    here = address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    return f"{here}{options.root_path}{app.docs_url}"


def _server_text(options: ServeOptions) -> str:
    import uvicorn

    protocol = "HTTP/2 and HTTP/1.1 by zttp" if options.http2 else f"HTTP/1.1 by {options.server.value}"
    processes = "restarts on changes" if options.reload else f"{options.workers or 1} process(es)"
    return f"uvicorn {uvicorn.__version__}, {protocol}, {processes}"


def _warnings(mode: str, app: FastAPI, options: ServeOptions) -> list[tuple[str, str]]:
    found = []
    if mode == "production" and app.debug:
        found.append(
            ("debug=True shows source and variables to everyone who causes an error.", "Set it to False.")
        )
    if mode == "development" and options.host not in ("127.0.0.1", "localhost", "::1") and not options.uds:
        found.append(
            (f"{options.host} can be reached from other machines.", "Use `vivace run` to serve others.")
        )
    if any(_is_open_cors(layer) for layer in app.user_middleware):
        found.append(
            (
                "CORS allows credentials from every origin, so any website can act as the user who visits it.",
                "List the origins in allow_origins.",
            )
        )
    if os.name == "posix" and find_spec("uvloop") is None:
        found.append(("uvloop is not installed; the event loop is slower without it.", "pip install uvloop"))
    return found


def _is_open_cors(layer: Any) -> bool:
    return (
        layer.cls is CORSMiddleware
        and "*" in layer.kwargs.get("allow_origins", ())
        and bool(layer.kwargs.get("allow_credentials"))
    )
