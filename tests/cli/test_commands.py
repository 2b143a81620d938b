"""`vivace dev` and `vivace run`: up to the call of the server, and with real ones."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from vivace.cli import main
from vivace.cli.commands import cli

APP = "from vivace import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef read_root() -> str:\n    return 'hello'\n"


@pytest.fixture
def project(directory: Path) -> Path:
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
    import_string, options = served("dev")
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
    ],
)
def test_options_reach_the_server(project: Path, arguments: list[str], option: str, value: object) -> None:
    assert served(*arguments)[1][option] == value


def test_port_from_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9001")
    assert served("run")[1]["port"] == 9001


@pytest.mark.parametrize("command", ["run", "dev"])
def test_nothing_there(project: Path, command: str) -> None:
    result = CliRunner().invoke(cli, [command, "nowhere.py"])
    assert result.exit_code == 1
    assert "Path does not exist nowhere.py" in result.output


def test_without_typer() -> None:
    with (
        patch("vivace.cli.cli_main", None),
        pytest.raises(RuntimeError, match=r'pip install "vivace\[standard\]"'),
    ):
        main()


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
