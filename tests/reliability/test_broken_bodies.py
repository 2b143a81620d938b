"""A client that hangs up or sends a broken body costs one log line at most, and no traceback.

An endpoint that reads such a body gets the typed exception.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from reliability.sockets import connected, eventually, request, reset
from vivace import Body, FastAPI, File, Form, Request, UploadFile

from .conftest import Serve

CUT_SHORT = {
    "length": b"Content-Length: 100\r\n\r\nhalf",
    "chunk": b"Transfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    "between chunks": b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
}
BROKEN = {
    "chunk size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n",
    "chunk end": b"Transfer-Encoding: chunked\r\n\r\n2\r\nhalf\r\n0\r\n\r\n",
}


def make_app(seen: list[str]) -> FastAPI:
    app = FastAPI()

    @app.post("/body")
    async def body(request: Request) -> Any:
        try:
            return len(await request.body())
        except ClientDisconnect:
            seen.append("ClientDisconnect")
            raise

    @app.post("/stream")
    async def stream(request: Request) -> Any:
        try:
            return [len(chunk) async for chunk in request.stream()]
        except ClientDisconnect:
            seen.append("ClientDisconnect")
            raise

    @app.post("/json")
    async def json(item: dict[str, Any] = Body()) -> Any:
        seen.append("called")

    @app.post("/form")
    async def form(name: str = Form()) -> Any:
        seen.append("called")

    @app.post("/file")
    async def file(file: UploadFile = File()) -> Any:
        seen.append("called")

    return app


TYPES = {
    "/body": "text/plain",
    "/stream": "text/plain",
    "/json": "application/json",
    "/form": "application/x-www-form-urlencoded",
    "/file": "multipart/form-data; boundary=B",
}


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Log records that somebody would have to read."""
    return [
        f"{record.name}: {record.getMessage()}" for record in caplog.records if record.levelno > logging.INFO
    ]


@pytest.mark.parametrize("leave", [reset, lambda client: client.close()], ids=["reset", "close"])
@pytest.mark.parametrize("body", CUT_SHORT)
@pytest.mark.parametrize("path", TYPES)
def test_a_client_that_hangs_up(
    serve: Serve, path: str, body: str, leave: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    served = serve(make_app(seen))
    data = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {TYPES[path]}\r\n".encode() + CUT_SHORT[body]
    with connected(served.address) as client:
        client.sendall(data)
        if path in ("/body", "/stream"):
            # The endpoint waits for the rest: otherwise it would not have been called.
            assert eventually(lambda: bool(served.server.server_state.tasks) or bool(seen), 5)
        leave(client)
    if path in ("/body", "/stream"):
        assert eventually(lambda: seen == ["ClientDisconnect"], 5)
    served.stop()
    assert "called" not in seen
    assert len(lines(caplog)) <= 1, lines(caplog)
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("path", TYPES)
def test_a_broken_body(serve_here: Serve, path: str, body: str, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    served = serve_here(make_app(seen))
    data = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {TYPES[path]}\r\n".encode() + BROKEN[body]
    with connected(served.address) as client:
        client.sendall(data)
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    served.stop()
    assert "called" not in seen
    assert len(lines(caplog)) <= 1, lines(caplog)
    assert not any(record.exc_info for record in caplog.records)


NONSENSE = (b"", b"GET", b"GET / HTTP/1.1\r\n", b"\r\n", b"\x16\x03\x01", b"GET / HTTP/9.9\r\n\r\n")


@pytest.mark.parametrize("leave", [reset, lambda client: client.close()], ids=["reset", "close"])
@pytest.mark.parametrize("data", NONSENSE)
def test_a_client_that_says_nothing_sensible(
    serve: Serve, data: bytes, leave: Any, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve(make_app([]))
    with connected(served.address) as client:
        client.sendall(data)
        leave(client)
    served.stop()
    assert len(lines(caplog)) <= 1, lines(caplog)
    assert not any(record.exc_info for record in caplog.records)


def test_an_error_of_the_program_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The tests above would pass if nothing were ever logged."""
    app = make_app([])

    @app.get("/raises")
    async def raises() -> Any:
        raise RuntimeError("on purpose")

    served = serve(app)
    with connected(served.address) as client:
        client.sendall(request("/raises"))
        assert client.recv(65536).startswith(b"HTTP/1.1 500 ")
    assert eventually(lambda: any(record.exc_info for record in caplog.records))
