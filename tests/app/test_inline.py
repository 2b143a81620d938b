"""`inline=True`: a `def` function that does next to nothing is called on the event loop."""

from collections.abc import Iterator
from threading import current_thread
from typing import Annotated, Any

import pytest

from vivace import APIRouter, Depends, FastAPI, Security, WebSocket
from vivace.testclient import TestClient


def thread() -> str:
    return current_thread().name


def held() -> Iterator[str]:
    name = thread()
    yield name
    assert thread() == name


async def loop_thread() -> str:
    return thread()


LoopThread = Annotated[str, Depends(loop_thread)]


@pytest.mark.parametrize("inline", [True, False])
def test_endpoints(inline: bool) -> None:
    app = FastAPI()

    @app.get("/", inline=inline)
    def read(loop: LoopThread) -> bool:
        return loop == thread()

    assert TestClient(app).get("/").json() is inline


def test_endpoints_of_included_routers() -> None:
    router = APIRouter()

    @router.get("/read", inline=True)
    def read(loop: LoopThread) -> bool:
        return loop == thread()

    app = FastAPI()
    app.include_router(router, prefix="/plain")
    app.include_router(router, prefix="/{name}")
    client = TestClient(app)
    assert client.get("/plain/read").json() is client.get("/other/read").json() is True


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("limit", [None, 2])
@pytest.mark.parametrize("dependency", [thread, held])
def test_dependencies(dependency: Any, limit: int | None, inline: bool) -> None:
    app = FastAPI()

    @app.get("/")
    async def read(
        loop: LoopThread,
        name: Annotated[str, Depends(dependency, inline=inline, max_concurrency=limit)],
    ) -> bool:
        return loop == name

    assert TestClient(app).get("/").json() is inline


def test_overrides_are_inline_too() -> None:
    app = FastAPI()

    @app.get("/")
    async def read(loop: LoopThread, name: Annotated[str, Depends(lambda: "", inline=True)]) -> bool:
        return loop == name

    (dependency,) = [
        node.call for node in app.routes[-1].dependant.dependencies if node.call is not loop_thread
    ]  # type: ignore[attr-defined]
    assert TestClient(app).get("/").json() is False
    app.dependency_overrides[dependency] = thread
    assert TestClient(app).get("/").json() is True


def test_a_scheme_with_scopes() -> None:
    app = FastAPI()

    @app.get("/")
    async def read(
        loop: LoopThread, name: Annotated[str, Security(thread, scopes=["a"], inline=True)]
    ) -> bool:
        return loop == name

    assert TestClient(app).get("/").json() is True


def test_websockets() -> None:
    app = FastAPI()

    @app.websocket("/")
    async def talk(
        websocket: WebSocket, loop: LoopThread, name: Annotated[str, Depends(thread, inline=True)]
    ) -> None:
        await websocket.accept()
        await websocket.send_json(loop == name)
        await websocket.close()

    with TestClient(app).websocket_connect("/") as websocket:
        assert websocket.receive_json() is True


def test_a_coroutine_function_runs_there_anyway() -> None:
    app = FastAPI()

    @app.get("/", inline=True)
    async def read(name: Annotated[str, Depends(loop_thread, inline=True)]) -> bool:
        return name == thread()

    assert TestClient(app).get("/").json() is True
