"""What stays uvicorn's: WebSockets, TLS, logs, signals, the command line. Our class takes its place among them."""

from __future__ import annotations

import asyncio
import io
import logging
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from . import apps
from .apps import answer
from .serving import GET, Client, serve

# --- WebSockets ---------------------------------------------------------------------------------------------------


async def chat(scope: Any, receive: Any, send: Any) -> None:
    """Echoes over WebSocket, after the names of the headers; answers HTTP too."""
    if scope["type"] == "http":
        await answer(send, b"hello")
        return
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    names = ",".join(name.decode() for name, _ in scope["headers"])
    await send({"type": "websocket.send", "text": names})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


@pytest.mark.parametrize("ws", ["websockets-sansio", "wsproto"])
def test_websocket(ws: str) -> None:
    if ws == "wsproto":
        pytest.importorskip("wsproto")
    with serve(chat, ws=ws) as served:
        with connect(f"ws://127.0.0.1:{served.port}/", additional_headers={"X-Mixed-Case": "1"}) as client:
            names = str(client.recv()).split(",")
            client.send("hello")
            assert client.recv() == "hello"
        assert {"host", "x-mixed-case", "sec-websocket-key"} <= set(names)
        assert served.ask(GET).content == b"hello"


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
FRAME = b"\x81\x85\0\0\0\0hello"


def test_websocket_after_a_request_and_with_what_follows() -> None:
    """Handed over intact: the bytes after the handshake go with it."""
    with serve(chat, ws="websockets-sansio") as served, served.connect() as client:
        client.send(GET + HANDSHAKE + FRAME)
        client.read_until(b"\x81\x05hello")
        assert served.tracebacks == 0


def test_websocket_is_closed_at_shutdown() -> None:
    with serve(chat, ws="websockets-sansio") as served, connect(f"ws://127.0.0.1:{served.port}/") as client:
        client.recv()
        served.server.should_exit = True
        with pytest.raises(ConnectionClosed):
            client.recv()


def test_without_a_library_for_websockets() -> None:
    with serve(chat, ws="none") as served:
        assert served.ask(HANDSHAKE).content == b"hello"
        found = [record.getMessage() for record in served.records if record.levelno == logging.WARNING]
    assert found[0] == "Unsupported upgrade request."
    assert found[1].startswith("No supported WebSocket library detected.")


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    )
    try:
        subprocess.run(command.split(), cwd=directory, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    return directory


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_tls(certificate: Path, loop: str) -> None:
    files = {"ssl_keyfile": str(certificate / "key.pem"), "ssl_certfile": str(certificate / "cert.pem")}
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with serve(apps.show, loop=loop, **files) as served:
        for raw, status in ((GET, 200), (b"GET / HTTP/1.1\r\n\r\n", 400)):
            with context.wrap_socket(served.connect().socket) as client:
                client.sendall(raw)
                reply = client.recv(10_000)
                assert reply.startswith(b"HTTP/1.1 %d " % status)
                assert status != 200 or b'"scheme": "https"' in reply
        assert served.tracebacks == 0


def test_unix_socket(tmp_path: Path) -> None:
    """It has no port, no TCP options, and clients without a name."""
    path = tmp_path / "socket"
    with process(tmp_path, "--uds", str(path)) as (server, _):
        deadline = time.monotonic() + 20
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(path))
            client.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        server.send_signal(signal.SIGTERM)
        output, _ = server.communicate(timeout=20)
    assert "Traceback" not in output
    assert '"GET / HTTP/1.1" 200 OK' in output


# --- logs ---------------------------------------------------------------------------------------------------------


def access_lines(protocol: Any, raw: bytes) -> str:
    """What uvicorn's own formatter makes of it."""
    from uvicorn.logging import AccessFormatter

    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(
        AccessFormatter('%(client_addr)s "%(request_line)s" %(status_code)s', use_colors=False)
    )
    logger = logging.getLogger("uvicorn.access")
    logger.addHandler(handler)
    try:
        with serve(apps.show, http=protocol, access_log=True) as served:
            served.ask(raw)
            served.wait_until(lambda: text.getvalue().count("\n") == 2)
    finally:
        logger.removeHandler(handler)
    return text.getvalue()


def test_access_log_is_uvicorns() -> None:
    raw = (
        b"GET /a%20b?c=d HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    lines = []
    for protocol in ("vivace.server:HTTPProtocol", "httptools"):
        client, _, rest = access_lines(protocol, raw).partition(" ")
        assert client.startswith("127.0.0.1:")
        lines.append(rest.replace(client, "CLIENT"))
    assert lines[0] == lines[1] == '"GET /a%20b?c=d HTTP/1.1" 200 OK\nCLIENT "POST /b HTTP/1.1" 200 OK\n'


def test_answer_that_was_taken_back_is_not_logged() -> None:
    """The application failed between the start and the content: what left is a 500."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    with serve(app, access_log=True) as served:
        assert served.ask(GET).statuses == [500]
        served.wait_until(lambda: "500" in served.lines[-1])
        assert not any(line.endswith(" 200") for line in served.lines)


# --- processes ----------------------------------------------------------------------------------------------------

PROGRAM = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("lifespan ends", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await asyncio.sleep(1.5 if scope["path"] == "/slow" else 0)
        send.respond(200, (), b"hello")
"""


@contextmanager
def process(directory: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    (directory / "main.py").write_text(PROGRAM)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "-m",
        "uvicorn",
        "main:app",
        "--http",
        "vivace.server:HTTPProtocol",
        "--port",
        str(port),
        *options,
    ]
    with subprocess.Popen(
        [sys.executable, *words], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            deadline = time.monotonic() + 20
            while "--uds" not in options and time.monotonic() < deadline:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield server, port
        finally:
            if server.poll() is None:
                server.kill()


@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--loop", "asyncio")], ids=str)
def test_command_line_and_sigterm(tmp_path: Path, options: tuple[str, ...]) -> None:
    """What was accepted is answered, and the lifespan ends."""
    with process(tmp_path, *options) as (server, port):
        with Client(port) as idle, Client(port, patience=10) as busy:
            idle.send(GET)
            idle.read_until(b"hello")
            busy.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.2)
            server.send_signal(signal.SIGTERM)
            reply = busy.read()
            assert (reply.statuses, reply.content, reply.is_closed) == ([200], b"hello", True)
            assert ("connection", "close") in reply.headers
            assert idle.read().is_closed
        output, _ = server.communicate(timeout=20)
    assert "lifespan ends" in output
    assert "Traceback" not in output
    assert server.returncode in (0, -signal.SIGTERM)


# --- event loops --------------------------------------------------------------------------------------------------


def test_task_factory_is_respected() -> None:
    """Who asks to make the loop's tasks makes those of requests, too."""
    made: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, type(asyncio.current_task()).__name__.encode())

    class Marked(asyncio.Task[Any]):
        pass

    with serve(app) as served:
        assert served.ask(GET).content == b"Task"

        def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
            made.append("task")
            return Marked(coroutine, loop=loop, **options)

        served.loop.call_soon_threadsafe(served.loop.set_task_factory, factory)
        time.sleep(0.05)
        assert served.ask(GET).content == b"Marked"
    assert made


@pytest.mark.parametrize("header", ["", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"])
@pytest.mark.parametrize("http", ["httptools", None])
def test_trusted_proxies(header: str, http: Any) -> None:
    """What a proxy says of its client is believed as under uvicorn's own protocols."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, f"{scope['client'][0]} {scope['scheme']}".encode())

    raw = GET.replace(b"\r\n\r\n", f"\r\n{header}\r\n\r\n".encode() if header else b"\r\n\r\n")
    with serve(app, http=http, forwarded_allow_ips="127.0.0.1") as served:
        content = served.ask(raw).content
    expected = {"X-Forwarded-For": b"192.0.2.7 http", "X-Forwarded-Proto": b"127.0.0.1 https"}
    assert content == expected.get(header.partition(":")[0], b"127.0.0.1 http")
