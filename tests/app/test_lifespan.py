"""What happens before the first request and after the last one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from vivace import APIRouter, FastAPI, Request
from vivace.testclient import TestClient


def noting(name: str, noted: list[str]) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        noted.append(f"{name} starts")
        yield
        noted.append(f"{name} ends")

    return lifespan


def test_a_lifespan_surrounds_all_requests() -> None:
    noted: list[str] = []
    app = FastAPI(lifespan=noting("app", noted))

    @app.get("/")
    async def read() -> None:
        noted.append("request")

    with TestClient(app) as client:
        client.get("/")
        client.get("/")
    assert noted == ["app starts", "request", "request", "app ends"]


def test_what_a_lifespan_yields_is_the_state_of_requests() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"model": "loaded"}

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def read(request: Request) -> Any:
        return request.state.model

    with TestClient(app) as client:
        assert client.get("/").json() == "loaded"


def test_routers_bring_their_own() -> None:
    noted: list[str] = []
    app = FastAPI(lifespan=noting("app", noted))
    app.include_router(APIRouter(lifespan=noting("router", noted)))
    with TestClient(app):
        assert noted == ["app starts", "router starts"]
    assert noted[2:] == ["router ends", "app ends"]


def test_start_up_and_shutdown_functions() -> None:
    noted: list[str] = []

    async def start() -> None:
        noted.append("start")

    app = FastAPI(on_startup=[start], on_shutdown=[lambda: noted.append("stop")])
    with TestClient(app):
        assert noted == ["start"]
    assert noted == ["start", "stop"]


def test_an_app_that_cannot_start_does_not() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    with pytest.raises(RuntimeError, match="no database"), TestClient(FastAPI(lifespan=lifespan)):
        pass
