"""WebSockets: sending to a client that has left raises the typed exception, and clean-up runs."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect

from reliability.sockets import eventually
from vivace import Depends, FastAPI, WebSocket, WebSocketDisconnect

from .conftest import Serve


def make_app(journal: list[str]) -> FastAPI:
    app = FastAPI()

    async def session() -> AsyncIterator[None]:
        journal.append("enter")
        try:
            yield
        finally:
            journal.append("exit")

    @app.websocket("/send")
    async def send(websocket: WebSocket, session: Any = Depends(session)) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text("x" * 1000)
                await anyio.sleep(0.005)
        except WebSocketDisconnect:
            journal.append("disconnect")
            raise

    @app.websocket("/receive")
    async def receive(websocket: WebSocket, session: Any = Depends(session)) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect as disconnect:
            journal.append(f"disconnect {disconnect.code}")

    @app.websocket("/closed")
    async def closed(websocket: WebSocket, session: Any = Depends(session)) -> None:
        await websocket.accept()
        await websocket.close()
        try:
            await websocket.send_text("too late")
        except RuntimeError:
            journal.append("RuntimeError")
            raise

    @app.websocket("/raises")
    async def raises(websocket: WebSocket, session: Any = Depends(session)) -> None:
        await websocket.accept()
        raise RuntimeError("on purpose")

    return app


@pytest.mark.parametrize(("path", "disconnect"), [("/send", "disconnect"), ("/receive", "disconnect 1001")])
def test_a_client_that_leaves(serve: Serve, path: str, disconnect: str) -> None:
    journal: list[str] = []
    served = serve(make_app(journal))
    with connect(f"ws://127.0.0.1:{served.port}{path}") as client:
        if path == "/send":
            client.recv(timeout=5)
        client.close(1001)
    assert eventually(lambda: "exit" in journal, 5)
    assert journal == ["enter", disconnect, "exit"]


def test_a_client_whose_connection_breaks(serve: Serve) -> None:
    journal: list[str] = []
    served = serve(make_app(journal))
    with connect(f"ws://127.0.0.1:{served.port}/send") as client:
        client.recv(timeout=5)
        client.socket.shutdown(socket.SHUT_RDWR)
        assert eventually(lambda: "exit" in journal, 5)
    assert journal == ["enter", "disconnect", "exit"]


def test_sending_after_close_is_an_error_of_the_program(serve: Serve) -> None:
    journal: list[str] = []
    served = serve(make_app(journal))
    with connect(f"ws://127.0.0.1:{served.port}/closed") as client, pytest.raises(ConnectionClosedOK):
        client.recv(timeout=5)
    assert eventually(lambda: "exit" in journal, 5)
    assert journal == ["enter", "RuntimeError", "exit"]


def test_an_endpoint_that_fails(serve: Serve) -> None:
    journal: list[str] = []
    served = serve(make_app(journal))
    with connect(f"ws://127.0.0.1:{served.port}/raises") as client, pytest.raises(ConnectionClosedError):
        client.recv(timeout=5)
    assert eventually(lambda: "exit" in journal, 5)
    assert journal == ["enter", "exit"]
