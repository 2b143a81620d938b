"""`vivace dev` and `vivace run` as processes: over a UNIX socket, with TLS, with limits, with workers, on changes."""

from __future__ import annotations

import http.client
import os
import pty
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

APP = """\
from vivace import FastAPI, Request

app = FastAPI()


@app.get("/")
def read_root(request: Request) -> str:
    return "{answer} over " + request.url.scheme
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        number: int = sock.getsockname()[1]
        return number


@pytest.fixture
def vivace(directory: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`vivace("run", …)` starts a process; it is interrupted at the end, and must then end in peace."""
    (directory / "main.py").write_text(APP.format(answer="hello"))
    processes = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "vivace", *arguments]
        process = subprocess.Popen(
            command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.send_signal(signal.SIGINT)
        try:
            output, _ = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert "Traceback" not in output, output
        assert process.returncode in (0, 130), output
        assert "\x1b[" not in output  # colours are for terminals


def answer(
    make: Callable[[], http.client.HTTPConnection],
    headers: dict[str, str] | None = None,
    until: bytes | None = None,
) -> tuple[int, bytes]:
    """Status and body of `GET /`, as soon as there is an answer; with `until`, as soon as it is that one."""
    deadline = time.monotonic() + 60
    while True:
        connection = make()
        try:
            connection.request("GET", "/", headers=headers or {})
            response = connection.getresponse()
            body = response.read()
            if until is None or body == until:
                return response.status, body
        except (ConnectionError, FileNotFoundError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def plain(port: int) -> Callable[[], http.client.HTTPConnection]:
    return lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=10)


Vivace = Callable[..., subprocess.Popen[str]]


@pytest.mark.parametrize("server", ["vivace", "uvicorn"])
def test_either_protocol(vivace: Vivace, port: int, server: str) -> None:
    vivace("run", "--host", "127.0.0.1", "--port", str(port), "--server", server)
    assert answer(plain(port)) == (200, b'"hello over http"')


def test_a_unix_socket(vivace: Vivace, directory: Path) -> None:
    vivace("run", "--uds", "s.sock")

    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(directory / "s.sock"))

    assert answer(lambda: Connection("localhost")) == (200, b'"hello over http"')


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, to make a certificate")
def test_tls(vivace: Vivace, directory: Path, port: int) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", "key.pem", "-out", "cert.pem", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    tls = ("--ssl-certfile", "cert.pem", "--ssl-keyfile", "key.pem")
    vivace("run", "--host", "127.0.0.1", "--port", str(port), *tls)
    trust = ssl.create_default_context(cafile=directory / "cert.pem")
    secure = answer(lambda: http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trust))
    assert secure == (200, b'"hello over https"')


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
def test_a_limit_reaches_every_process(vivace: Vivace, port: int, workers: list[str]) -> None:
    vivace("run", "--host", "127.0.0.1", "--port", str(port), "--max-fields", "4", *workers)
    assert answer(plain(port))[0] == 200
    status, _ = answer(plain(port), headers={f"X-{number}": "1" for number in range(9)})
    assert status == 431


def test_a_root_path(vivace: Vivace, directory: Path, port: int) -> None:
    program = APP.format(answer="hello").replace("request.url.scheme", 'request.scope["root_path"]')
    (directory / "main.py").write_text(program)
    vivace("run", "--host", "127.0.0.1", "--port", str(port), "--root-path", "/v1")
    assert answer(plain(port)) == (200, b'"hello over /v1"')


def test_a_change_is_seen(vivace: Vivace, directory: Path, port: int) -> None:
    vivace("dev", "--port", str(port))
    assert answer(plain(port)) == (200, b'"hello over http"')
    (directory / "main.py").write_text(APP.format(answer="good evening"))
    assert answer(plain(port), until=b'"good evening over http"')[0] == 200


@pytest.mark.parametrize("no_color", [False, True])
def test_colours_on_a_terminal(directory: Path, no_color: bool) -> None:
    (directory / "main.py").write_text(APP.format(answer="hello"))
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    env |= {"TERM": "xterm-256color", **({"NO_COLOR": "1"} if no_color else {})}
    process = subprocess.Popen(
        [sys.executable, "-m", "vivace", "explain", "GET /"], cwd=directory, env=env, stdout=theirs
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError), open(ours, "rb", buffering=0) as terminal:  # EIO is the end, on Linux
        while piece := terminal.read(4096):
            shown += piece
    assert process.wait(30) == 0
    colours = re.findall(rb"\x1b\[[0-9;]*3[0-9][0-9;]*m", shown)
    assert bool(colours) is not no_color
    assert b"async" in shown and b"read_root" in shown


def test_the_guard_says_what_blocks(directory: Path, port: int) -> None:
    (directory / "main.py").write_text(
        "import time\n\nfrom vivace import FastAPI\n\napp = FastAPI()\n\n\n"
        '@app.get("/")\nasync def read_root() -> str:\n    time.sleep(0.5)\n    return "slow"\n'
    )
    command = [sys.executable, "-m", "vivace", "dev", "--no-reload", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert answer(plain(port)) == (200, b'"slow"')
    finally:
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert "by GET /" in output
    assert "main.py:10 in read_root: time.sleep(0.5)" in output


def test_a_port_in_use(vivace: Vivace, directory: Path, port: int) -> None:
    vivace("run", "--host", "127.0.0.1", "--port", str(port))
    answer(plain(port))
    command = [sys.executable, "-m", "vivace", "run", "--host", "127.0.0.1", "--port", str(port)]
    second = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stdout.startswith(f"error: Port {port} on 127.0.0.1 is in use by another process.")
    assert second.stdout.count("\n") == 1
