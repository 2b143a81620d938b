"""Everything that the README shows is executed, and its links lead somewhere."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def serving(
    command: list[str], port: int, cwd: Path, patience: float
) -> Iterator[http.client.HTTPConnection]:
    """A server in a process group of its own, interrupted at the end as by Ctrl-C."""
    server = subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and server.poll() is None:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail(f"{shlex.join(command)} does not serve port {port}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.communicate()
            raise


def test_first_program(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(blocks("python")[0])
    run, curl, answer = blocks("console")[0].splitlines()
    port = free_port()
    words = shlex.split(run.removeprefix("$ ").replace("8000", str(port)), comments=True)
    assert words[0] == "vivace"
    script = Path(sys.executable).with_name("vivace")
    program = [str(script)] if script.exists() else [sys.executable, "-m", "vivace"]
    command = [*program, *words[1:], "--host", "127.0.0.1"]
    _, _, method, url, _, header, _, body = shlex.split(curl.removeprefix("$ "))
    with serving(command, port, tmp_path, patience=30) as connection:
        name, value = header.split(": ")
        connection.request(method, url.partition(":8000")[2], body, {name: value})
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())) == (422, json.loads(answer))


def test_python_snippets_run(tmp_path: Path) -> None:
    for block in blocks("python"):
        result = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr


def test_moving_from_fastapi(tmp_path: Path) -> None:
    before = "import fastapi\nfrom fastapi import FastAPI\nfrom fastapi.routing import APIRoute\nimport fastapi_users\n"
    after = "import vivace\nfrom vivace import FastAPI\nfrom vivace.routing import APIRoute\nimport fastapi_users\n"
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "app.py").write_text(before)
    for command in ("git init --quiet", "git add --all", blocks("sh")[1]):
        subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "package" / "app.py").read_text() == after


def commands() -> list[str]:
    return [line.partition("#")[0].strip() for line in blocks("sh")[0].splitlines()]


def test_commands() -> None:
    assert commands() == ["make run", "make test"]


@pytest.mark.timeout(600)
def test_make_run() -> None:
    port = free_port()
    with serving(["make", "run", f"PORT={port}"], port, ROOT, patience=500) as connection:
        connection.request("GET", "/docs")
        response = connection.getresponse()
        assert response.status == 200
        assert b"swagger" in response.read().lower()


def test_make_test_knows_every_step() -> None:
    """`make test` runs this very test; here it only says what it would do."""
    result = subprocess.run(["make", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for step in (
        "ruff check",
        "mypy",
        "pyright",
        "tests/layering",
        "tests/surface",
        "tests/differential",
        "conformance/run.py",
    ):
        assert step in result.stdout


@pytest.mark.parametrize(
    "page", ["README.md", "CHANGELOG.md", "conformance/README.md", "changes/README.md", "docs/index.md"]
)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not link.startswith("http")]
    broken = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not broken, f"{page} links to {', '.join(broken)}"


def test_readme_fits_a_screen() -> None:
    assert len(README.splitlines()) <= 90


def test_tools_are_there() -> None:
    """The commands above use these; a machine without them cannot run the README."""
    assert [tool for tool in ("make", "git", "sh", "sed") if shutil.which(tool) is None] == []
