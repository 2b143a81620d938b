"""Context variables are seen where FastAPI shows them, and none of one request by another; background tasks finish."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Any

import pytest

from reliability.sockets import connected, eventually, exchange, receive_answers, request, reset
from vivace import BackgroundTasks, Depends, FastAPI, Request

from .conftest import Serve

user: ContextVar[str] = ContextVar("user", default="nobody")


async def set_by_async(name: str = "a") -> None:
    user.set(name)


async def set_by_yield(name: str = "b") -> Any:
    token = user.set(name)
    yield
    user.reset(token)  # raises ValueError in another context


@pytest.mark.parametrize("dependency", [set_by_async, set_by_yield])
@pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])
def test_what_a_dependency_sets_the_endpoint_sees(serve: Serve, dependency: Any, sync: bool) -> None:
    app = FastAPI()

    async def endpoint() -> Any:
        return user.get()

    def sync_endpoint() -> Any:
        return user.get()

    app.get("/", dependencies=[Depends(dependency)])(sync_endpoint if sync else endpoint)
    (answer,) = exchange(serve(app).address, request("/?name=x"))
    assert (answer.status, answer.body) == (200, b'"x"')


def test_what_middleware_sets_the_endpoint_sees(serve: Serve) -> None:
    app = FastAPI()

    @app.middleware("http")
    async def set_user(request: Request, call_next: Any) -> Any:
        user.set("middleware")
        return await call_next(request)

    @app.get("/")
    async def root() -> Any:
        return user.get()

    (answer,) = exchange(serve(app).address, request("/"))
    assert answer.body == b'"middleware"'


def leaking_app() -> FastAPI:
    app = FastAPI()

    @app.get("/{name}")
    async def root(name: str) -> Any:
        before = user.get()
        user.set(name)
        return before

    return app


def test_a_request_begins_with_a_fresh_context(serve_here: Serve) -> None:
    """On one connection, and pipelined: what a request sets, the next one does not see."""
    served = serve_here(leaking_app())
    with connected(served.address) as client:
        for name in ("a", "b"):
            client.sendall(request(f"/{name}"))
            assert receive_answers(client)[0].body == b'"nobody"'
        client.sendall(b"".join(request(f"/{number}") for number in range(10)))
        assert [answer.body for answer in receive_answers(client, ["GET"] * 10)] == [b'"nobody"'] * 10


def background_app(done: threading.Event, middleware: bool) -> FastAPI:
    import anyio

    app = FastAPI()
    if middleware:

        @app.middleware("http")
        async def passing(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    async def work() -> None:
        await anyio.sleep(0.3)
        done.set()

    @app.get("/")
    async def root(tasks: BackgroundTasks) -> Any:
        tasks.add_task(work)
        return "started"

    return app


@pytest.mark.parametrize("middleware", [False, True], ids=["plain", "http-middleware"])
@pytest.mark.parametrize("leaves", [False, True], ids=["client-stays", "client-leaves"])
def test_a_background_task_finishes(serve: Serve, middleware: bool, leaves: bool) -> None:
    done = threading.Event()
    served = serve(background_app(done, middleware))
    with connected(served.address) as client:
        client.sendall(request("/"))
        assert receive_answers(client)[0].body == b'"started"'
        assert not done.is_set()
        if leaves:
            reset(client)
        assert eventually(done.is_set, 5)
