"""Streams: a client that goes away ends the generator; a failure before the first chunk is no empty 200."""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from reliability.sockets import connected, eventually, exchange, request, reset
from vivace import FastAPI
from vivace.responses import StreamingResponse
from vivace.sse import EventSourceResponse, ServerSentEvent

from .conftest import Serve, Way

PATHS = ("/response", "/sync-response", "/lines", "/events", "/bytes", "/sync-lines", "/sync-bytes")


def make_app(closed: threading.Event) -> FastAPI:
    app = FastAPI()

    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await anyio.sleep(0.01)
        finally:
            closed.set()

    @app.get("/response")
    async def response() -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x"
                    await anyio.sleep(0.01)
            finally:
                closed.set()

        return StreamingResponse(chunks())

    @app.get("/sync-response")
    async def sync_response() -> Any:
        def chunks() -> Iterator[bytes]:
            try:
                while True:
                    yield b"x" * 1000
            finally:
                closed.set()

        return StreamingResponse(chunks())

    @app.get("/lines")
    async def lines() -> AsyncIterator[int]:
        async for number in numbers():
            yield number

    @app.get("/sync-lines")
    def sync_lines() -> Iterator[str]:
        try:
            while True:
                yield "x" * 1000
        finally:
            closed.set()

    @app.get("/sync-bytes", response_class=StreamingResponse)
    def sync_bytes() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
        finally:
            closed.set()

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            while True:
                yield ServerSentEvent(data=1)
                await anyio.sleep(0.01)
        finally:
            closed.set()

    @app.get("/bytes", response_class=StreamingResponse)
    async def raw() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await anyio.sleep(0.01)
        finally:
            closed.set()

    return app


@pytest.mark.parametrize("leave", [reset, lambda client: client.close()], ids=["reset", "close"])
@pytest.mark.parametrize("path", PATHS)
def test_the_generator_ends_with_the_client(serve: Serve, way: Way, path: str, leave: Any) -> None:
    closed = threading.Event()
    served = serve(make_app(closed))
    with connected(served.address) as client:
        client.sendall(request(path))
        assert client.recv(10)
        leave(client)
        if path == "/sync-response" and way.protocol == "uvicorn":
            # Starlette's own response stops asking this generator, and then it goes with the garbage, as in FastAPI.
            assert eventually(lambda: gc.collect() >= 0 and closed.is_set())
            return
        assert eventually(closed.is_set, 1.0), "the generator still runs a second later"


def failing_app() -> FastAPI:
    app = FastAPI()

    @app.get("/response")
    async def response() -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            raise RuntimeError("before the first chunk")
            yield b""

        return StreamingResponse(chunks())

    @app.get("/lines")
    async def lines() -> AsyncIterator[int]:
        raise RuntimeError("before the first item")
        yield 1

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        raise RuntimeError("before the first event")
        yield ServerSentEvent(data=1)

    @app.get("/later")
    async def later() -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("after the first item")

    return app


@pytest.mark.parametrize("path", ["/response", "/lines", "/events"])
def test_a_failure_before_the_first_chunk_is_no_empty_success(serve: Serve, path: str) -> None:
    (answer,) = exchange(serve(failing_app()).address, request(path))
    assert answer.status == 500 or not answer.is_whole


def test_a_failure_after_the_first_chunk_cuts_the_answer_off(serve: Serve) -> None:
    """Without the last chunk the client knows that something is missing (RFC 9112, section 8)."""
    (answer,) = exchange(serve(failing_app()).address, request("/later"))
    assert (answer.status, answer.is_whole) == (200, False)


def make_idle_app(closed: threading.Event) -> FastAPI:
    """Streams that send once and then wait for something that does not come."""
    app = FastAPI()

    async def forever(first: Any) -> AsyncIterator[Any]:
        try:
            yield first
            await anyio.sleep(60)
        finally:
            closed.set()

    @app.get("/response")
    async def response() -> Any:
        return StreamingResponse(forever(b"x"))

    @app.get("/lines")
    async def lines() -> AsyncIterator[int]:
        async for item in forever(1):
            yield item

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        async for item in forever(ServerSentEvent(data=1)):
            yield item

    @app.post("/after-body", response_class=StreamingResponse)
    async def after_body(value: dict[str, int]) -> AsyncIterator[bytes]:
        async for item in forever(b"x"):
            yield item

    return app


@pytest.mark.parametrize("path", ["/response", "/lines", "/events", "/after-body"])
def test_a_stream_that_waits_ends_with_the_client_too(serve: Serve, path: str) -> None:
    closed = threading.Event()
    served = serve(make_idle_app(closed))
    with connected(served.address) as client:
        if path == "/after-body":
            client.sendall(request(path, "POST", b'{"a": 1}', content_type="application/json"))
        else:
            client.sendall(request(path))
        assert client.recv(10)
        reset(client)
        assert closed.wait(5)
