"""`vivace new`: what it makes installs, passes its tests and runs, in a directory that has nothing else."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vivace.cli.commands import cli

ROOT = Path(__file__).parents[2]


def new(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["new", *arguments])
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


def test_what_is_made(directory: Path) -> None:
    shown = new("tea-shop")
    assert shown.splitlines()[2:] == [
        "    cd tea-shop",
        '    python -m pip install --editable ".[dev]"',
        "    vivace dev       # or: pytest",
    ]
    made = {str(path.relative_to(directory / "tea-shop")) for path in Path("tea-shop").resolve().rglob("*.*")}
    assert {
        "pyproject.toml",
        ".gitignore",
        ".github/workflows/ci.yml",
        "tea_shop/main.py",
        "tea_shop/settings.py",
        "tea_shop/database.py",
        "tea_shop/auth.py",
        "tea_shop/routers/notes.py",
        "tests/test_notes.py",
    } <= made
    assert (directory / "tea-shop" / "Dockerfile").is_file()
    texts = [path.read_text() for path in Path("tea-shop").rglob("*") if path.is_file()]
    assert not any("{{ name" in text or "{{ package" in text or "{{ prefix" in text for text in texts)
    assert 'entrypoint = "tea_shop.main:app"' in (directory / "tea-shop" / "pyproject.toml").read_text()


def test_in_another_directory(directory: Path) -> None:
    new("shop", "--directory", "projects")
    assert (directory / "projects" / "shop" / "shop" / "main.py").is_file()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("2shop", "'2shop' cannot be the name of a project."),
        ("class", "'class' cannot be the name of a project."),
        ("../shop", "'../shop' cannot be the name of a project."),
        ("json", "'json' is the name of a module that the project needs itself."),
        ("full", "full exists and is not empty."),
    ],
)
def test_names_that_do_not_work(directory: Path, name: str, says: str) -> None:
    (directory / "full").mkdir()
    (directory / "full" / "file").touch()
    assert new(name, code=1).startswith(f"error: {says}")


def test_it_is_tidy_and_sound(directory: Path) -> None:
    new("tea-shop")
    for command in (
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["vivace", "check"],
    ):
        result = subprocess.run(
            [sys.executable, "-m", *command], cwd="tea-shop", capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.timeout(600)
def test_two_commands(directory: Path) -> None:
    """Installs from the package index: vivace from here, the rest as the project declares it."""
    new("tea-shop")
    project = directory / "tea-shop"
    subprocess.run([sys.executable, "-m", "venv", "venv"], cwd=directory, check=True)
    programs = directory / "venv" / "bin"
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}

    def run(*command: str) -> str:
        result = subprocess.run(
            [str(programs / command[0]), *command[1:]], cwd=project, env=env, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    run(
        "python", "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[standard]", "--editable", ".[dev]"
    )
    assert " passed" in run("pytest", "-q")

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [str(programs / "vivace"), "dev", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert _answer(port, "/health") == b'{"status":"ok"}'
        assert b"swagger-ui" in _answer(port, "/docs")
    finally:
        server.send_signal(signal.SIGINT)
        output, _ = server.communicate(timeout=30)
    assert "Traceback" not in output


def _answer(port: int, path: str) -> bytes:
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
        finally:
            connection.close()
        time.sleep(0.1)
