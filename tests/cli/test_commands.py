"""`vivace dev` and `vivace run`: up to the call of the server, and with real ones."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import uvicorn
from typer.testing import CliRunner

from vivace.cli import main
from vivace.cli.commands import cli
from vivace.server import Limits

APP = "from vivace import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef read_root() -> str:\n    return 'hello'\n"


@pytest.fixture
def project(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        os, "environ", os.environ.copy()
    )  # where the commands leave what processes are to read
    (directory / "main.py").write_text(APP)
    return directory


def served(*arguments: str) -> tuple[str, dict[str, Any]]:
    """What the server is called with."""
    with patch("uvicorn.run") as run:
        result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    (import_string,), options = run.call_args
    return import_string, options


def test_run(project: Path) -> None:
    import_string, options = served("run", "main.py")
    assert import_string == "main:app"
    assert (options["host"], options["port"], options["reload"]) == ("0.0.0.0", 8000, False)


def test_dev(project: Path) -> None:
    import_string, options = served("dev", "--no-guard")
    assert import_string == "main:app"
    assert (options["host"], options["port"], options["reload"]) == ("127.0.0.1", 8000, True)


@pytest.mark.parametrize(
    ("arguments", "option", "value"),
    [
        (["run", "--host", "::1"], "host", "::1"),
        (["run", "--port", "81"], "port", 81),
        (["run", "--workers", "3"], "workers", 3),
        (["run", "--root-path", "/v1"], "root_path", "/v1"),
        (["run", "--no-proxy-headers"], "proxy_headers", False),
        (["run", "--forwarded-allow-ips", "*"], "forwarded_allow_ips", "*"),
        (["dev", "--no-reload"], "reload", False),
        (["dev", "--reload-dir", "a", "--reload-dir", "b"], "reload_dirs", ["a", "b"]),
        (["run", "--uds", "/tmp/shop.sock"], "uds", "/tmp/shop.sock"),
        (["run", "--fd", "3"], "fd", 3),
        (["run", "--backlog", "7"], "backlog", 7),
        (["run", "--limit-concurrency", "8"], "limit_concurrency", 8),
        (["run", "--limit-max-requests", "9"], "limit_max_requests", 9),
        (["run", "--timeout-keep-alive", "10"], "timeout_keep_alive", 10),
        (["run", "--timeout-graceful-shutdown", "11"], "timeout_graceful_shutdown", 11),
        (["run", "--ws-max-size", "12"], "ws_max_size", 12),
        (["run", "--log-level", "warning"], "log_level", "warning"),
        (["run", "--no-access-log"], "access_log", False),
        (["run", "--ssl-certfile", "main.py"], "ssl_certfile", "main.py"),
        (["run", "--ssl-certfile", "main.py", "--ssl-ca-certs", "main.py"], "ssl_cert_reqs", 2),
        (["run"], "http", "vivace.server:HTTPProtocol"),
        (["run", "--server", "uvicorn"], "http", "auto"),
    ],
)
def test_options_reach_the_server(project: Path, arguments: list[str], option: str, value: object) -> None:
    assert served(*arguments)[1][option] == value


def test_port_from_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9001")
    assert served("run")[1]["port"] == 9001


@pytest.mark.parametrize(
    ("arguments", "environment", "threshold"),
    [
        (["dev"], None, "0.1"),
        (["dev"], "0.5", "0.5"),
        (["dev", "--no-guard"], "0.5", None),
        (["run"], None, None),
        (["run"], "0.5", "0.5"),
        (["run", "--guard"], None, "0.1"),
    ],
)
def test_the_guard(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: str | None,
    threshold: str | None,
) -> None:
    if environment:
        monkeypatch.setenv("VIVACE_GUARD", environment)
    import_string, _ = served(*arguments)
    if threshold is None:
        assert import_string == "main:app"
    else:
        assert (import_string, os.environ["VIVACE_TARGET"]) == ("vivace.cli.target:app", "main:app")
        assert os.environ["VIVACE_GUARD"] == threshold


def test_a_threshold_that_is_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVACE_GUARD", "yes")
    result = CliRunner().invoke(cli, ["dev"])
    assert result.exit_code == 1
    assert "error: VIVACE_GUARD must be a number of seconds, not 'yes'." in result.stdout


def test_an_import_string_in_the_place_of_a_path(project: Path) -> None:
    assert served("run", "main:app")[0] == "main:app"


@pytest.mark.parametrize("limit", [field.name for field in fields(Limits)])
def test_every_limit_of_the_server_is_an_option(project: Path, limit: str) -> None:
    variable = f"VIVACE_{limit.upper()}"
    served("run", f"--{limit.replace('_', '-')}", "7")
    assert os.environ[variable] == "7"  # where worker processes read it


def test_limits_of_the_environment_are_no_options(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the server's to read, and uvicorn's own has none."""
    monkeypatch.setenv("VIVACE_MAX_FIELDS", "7")
    assert served("run", "--server", "uvicorn")[1]["http"] == "auto"


def test_a_limit_in_the_environment_that_is_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVACE_MAX_FIELDS", "many")
    result = CliRunner().invoke(cli, ["run"])
    assert result.exit_code == 1
    assert result.stdout.startswith("error: VIVACE_MAX_FIELDS must be a whole number, not 'many'.")


# --- what the user is told ------------------------------------------------------------------------------------------


def test_what_matters_is_said(project: Path) -> None:
    with patch("uvicorn.run"):
        result = CliRunner().invoke(cli, ["run", "--port", "8123", "--host", "127.0.0.1"])
    assert [" ".join(line.split()) for line in result.stdout.splitlines()] == [
        "Application main:app (production)",
        "Serving http://127.0.0.1:8123",
        "Docs http://127.0.0.1:8123/docs",
        "Routes 1",
        f"Server uvicorn {uvicorn.__version__}, HTTP/1.1 by vivace, 1 process(es)",
    ]


@pytest.mark.parametrize(
    ("arguments", "settings", "warning"),
    [
        (["run"], "debug=True", "debug=True shows source and variables to everyone who causes an error."),
        (["dev", "--host", "0.0.0.0"], "", "0.0.0.0 can be reached from other machines."),
        (
            ["run"],
            "middleware=[Middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)]",
            "CORS allows credentials from every origin",
        ),
    ],
)
def test_warnings(directory: Path, arguments: list[str], settings: str, warning: str) -> None:
    (directory / "main.py").write_text(
        "from vivace import FastAPI\nfrom vivace.middleware import Middleware\n"
        f"from vivace.middleware.cors import CORSMiddleware\n\napp = FastAPI({settings})\n"
    )
    with patch("uvicorn.run"):
        result = CliRunner().invoke(cli, [*arguments, "--port", "8123"])
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {warning}")


def test_mistakes_in_declarations_are_said_at_the_start(directory: Path) -> None:
    (directory / "main.py").write_text(
        "from vivace import FastAPI, Path\n\napp = FastAPI()\n\n\n@app.get('/items/{id}')\n"
        "def read_item(item_id: int = Path()) -> int:\n    return item_id\n"
    )
    with patch("uvicorn.run"):
        result = CliRunner().invoke(cli, ["run"])
    assert result.stderr.startswith(
        "warning: GET /items/{id}: The path '/items/{id}' has no parameter 'item_id'"
    )


@pytest.mark.parametrize("command", ["run", "dev"])
@pytest.mark.parametrize(
    ("program", "arguments", "says"),
    [
        (APP, ["nowhere.py"], "Path does not exist nowhere.py"),
        ("", [], "There is no FastAPI application in main. Make one: app = FastAPI()"),
        (
            "import no_such_package\n",
            [],
            "The application cannot be imported: ModuleNotFoundError: No module named 'no_such_package' (main.py:1)."
            " Install what is missing (pip install no_such_package), or correct the import.",
        ),
        (
            "from vivace import FastAPI\n\napp = FastAPI(\n",
            [],
            "The application cannot be imported: SyntaxError: '(' was never closed (main.py, line 3) (main.py:3)."
            " Mend that line; --verbose shows the whole traceback.",
        ),
        (
            "import json\n\nsettings = json.loads('{')\n",
            [],
            "The application cannot be imported: JSONDecodeError: Expecting property name enclosed in double quotes:"
            " line 1 column 2 (char 1) (main.py:3).",
        ),
        (APP, ["--reload", "--workers", "2"], "--reload and --workers exclude each other."),
        (APP, ["--ssl-keyfile", "main.py"], "--ssl-keyfile needs a certificate."),
        (APP, ["--ssl-certfile", "no.pem"], "There is no file no.pem."),
        (APP, ["--max-fields", "many"], "VIVACE_MAX_FIELDS must be a whole number, not 'many'."),
        (APP, ["--max-fields", "0"], "Limits.max_fields must be"),
        (APP, ["--server", "uvicorn", "--max-fields", "5"], "uvicorn's protocol has no --max-fields."),
        (APP, ["--host", "203.0.113.9"], "Cannot listen on 203.0.113.9:8000: "),
    ],
)
def test_one_line_says_what_is_wrong(
    directory: Path, command: str, program: str, arguments: list[str], says: str
) -> None:
    (directory / "main.py").write_text(program)
    result = CliRunner().invoke(cli, [command, *arguments])
    assert result.exit_code == 1
    assert result.stdout.startswith(f"error: {says}")
    assert result.stdout.count("\n") == 1


def test_a_port_in_use(project: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        result = CliRunner().invoke(cli, ["run", "--host", "127.0.0.1", "--port", str(port)])
    assert result.exit_code == 1
    assert result.stdout == (
        f"error: Port {port} on 127.0.0.1 is in use by another process."
        f" Stop that one, or take another port: --port {port + 1}\n"
    )


def test_http2_needs_zttp(project: Path) -> None:
    with patch("vivace.cli.serving.find_spec", lambda name: None):
        result = CliRunner().invoke(cli, ["run", "--http2"])
    assert result.exit_code == 1
    assert result.stdout.startswith("error: uvicorn's HTTP/2 needs zttp, which is not installed.")


def test_http2_needs_a_uvicorn_that_has_it(project: Path) -> None:
    class Config:
        def __init__(self, app: str) -> None: ...

    with patch("uvicorn.Config", Config):
        result = CliRunner().invoke(cli, ["run", "--http2"])
    assert result.exit_code == 1
    assert result.stdout.startswith(f"error: uvicorn {uvicorn.__version__} has no HTTP/2.")


def test_http2(project: Path) -> None:
    with patch("vivace.cli.serving.find_spec", lambda name: object()):
        options = served("run", "--http2")[1]
    assert (options["http"], options["http2"]) == ("zttp", True)


def test_without_typer() -> None:
    with (
        patch("vivace.cli.cli_main", None),
        pytest.raises(RuntimeError, match=r'pip install "vivace\[standard\]"'),
    ):
        main()


def test_without_typer_one_line_says_what_to_install() -> None:
    program = "import sys; sys.modules['typer'] = None; from vivace.cli import command; command()"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == (
        'error: The command line is not installed. Install it: pip install "vivace[standard]"\n'
    )


def test_without_a_server(project: Path) -> None:
    with patch.dict(sys.modules, {"uvicorn": None}):
        result = CliRunner().invoke(cli, ["run"])
    assert result.exit_code == 1
    assert 'pip install "vivace[standard]"' in result.output


def serve_once(project: Path, *arguments: str) -> tuple[int, bytes]:
    """Status and body of one request to a real server, which is interrupted then as by Ctrl-C."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "vivace", "run", *arguments, "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        answer = ask(port)
    finally:
        server.send_signal(signal.SIGINT)
        output, _ = server.communicate(timeout=30)
    assert "Traceback" not in output
    return answer


def ask(port: int) -> tuple[int, bytes]:
    deadline = time.monotonic() + 60
    while True:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                return response.status, response.read()
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
        time.sleep(0.1)


def test_a_real_server(project: Path) -> None:
    assert serve_once(project) == (200, b'"hello"')


@pytest.mark.parametrize("more", [[], ["--workers", "2"]])
def test_an_application_written_for_fastapi(project: Path, more: list[str]) -> None:
    (project / "main.py").write_text(
        APP.replace("vivace", "fastapi") + "\nimport vivace\nassert FastAPI is vivace.FastAPI\n"
    )
    assert serve_once(project, "--as-fastapi", *more) == (200, b'"hello"')
