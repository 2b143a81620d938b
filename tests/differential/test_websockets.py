"""WebSockets: parameters, dependencies, errors before and after accepting, closing, routers, subprotocols."""

# ruff: noqa: B006 - mutable defaults are what users write
# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from .oracle import Build, Question, WebSocketRequest, compare, compare_openapi, get, labels
from .recorder import record, seen


class Filter(BaseModel):
    limit: int = 3
    tags: list[str] = []


def sockets(fw):
    """One endpoint for each thing a WebSocket can do."""
    app = fw.FastAPI()
    router = fw.APIRouter(prefix="/router", dependencies=[fw.Depends(lambda: record("router dependency"))])
    Socket = fw.WebSocket

    @app.websocket("/echo")
    async def echo(websocket: Socket):
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(f"echo {await websocket.receive_text()}")
        except fw.WebSocketDisconnect as gone:
            record("disconnected", gone.code, gone.reason)

    @app.websocket("/bytes")
    async def in_bytes(websocket: Socket):
        await websocket.accept("own", headers=[(b"x-own", b"h")])
        await websocket.send_bytes(await websocket.receive_bytes())
        await websocket.send_json({"a": "ü"}, mode="binary")
        await websocket.close(4000, "done")

    @app.websocket("/json")
    async def in_json(websocket: Socket):
        await websocket.accept()
        async for message in websocket.iter_json():
            await websocket.send_json(message)

    @app.websocket("/parameters/{n}/{rest:path}")
    async def parameters(
        websocket: Socket,
        n: int,
        rest: str,
        q: Annotated[int | None, fw.Query(ge=1)] = None,
        token: Annotated[str, fw.Header()] = "t",
        key: Annotated[str | None, fw.Cookie()] = None,
        tags: Annotated[list[str], fw.Query()] = [],
    ):
        await websocket.accept()
        await websocket.send_json(seen(n=n, rest=rest, q=q, token=token, key=key, tags=tags))
        await websocket.close()

    @app.websocket("/model")
    async def model(websocket: Socket, value: Annotated[Filter, fw.Query()]):
        await websocket.accept()
        await websocket.send_json(seen(value=value))

    @app.websocket("/no-socket")
    async def no_socket(q: int = 1):
        record("ran", q)

    @app.websocket("/connection")
    async def connection(connection: fw.requests.HTTPConnection, other: Socket):
        await other.accept()
        await other.send_json([connection.url.path, connection is other])

    async def life(websocket: Socket, q: str = "d") -> AsyncIterator[str]:
        record("enter", q)
        try:
            yield q
        except Exception as error:
            record("caught", type(error).__name__)
            raise
        finally:
            record("exit")

    def sync_life(value: Annotated[str, fw.Depends(life)]) -> Iterator[str]:
        record("sync enter")
        yield value
        record("sync exit")

    @app.websocket("/dependency/{how}")
    async def dependency(
        websocket: Socket,
        how: str,
        value: Annotated[str, fw.Depends(sync_life)],
        again: Annotated[str, fw.Depends(life, use_cache=False)],
    ):
        if how == "before":
            raise fw.WebSocketException(4001, "before accepting")
        await websocket.accept()
        await websocket.send_text(value)
        if how == "after":
            raise fw.WebSocketException(4002, "after accepting")
        if how == "value":
            raise ValueError("v")
        if how == "http":
            raise fw.HTTPException(403, "h")
        if how == "closed":
            await websocket.close()
            await websocket.send_text("too late")
        if how == "receive":
            await websocket.receive_text()

    def refuse(q: int = 0):
        if q == 1:
            raise fw.WebSocketException(code=1008, reason="refused")
        if q == 2:
            raise fw.HTTPException(401, "refused", {"x-why": "w"})
        if q == 3:
            raise ValueError("refused")
        return q

    @app.websocket("/refused", dependencies=[fw.Depends(refuse)])
    async def refused(websocket: Socket):
        await websocket.accept()

    @app.websocket("/denied")
    async def denied(websocket: Socket):
        await websocket.send_denial_response(fw.responses.PlainTextResponse("denied", 418))

    @app.websocket("/close-first")
    async def close_first(websocket: Socket):
        await websocket.close(4003)

    @app.websocket("/silent")
    async def silent(websocket: Socket):
        record("silent")

    @app.websocket("/custom")
    async def custom(websocket: Socket):
        raise LookupError("custom")

    @app.websocket("/body")
    async def body(websocket: Socket, data: Filter):
        await websocket.accept()

    @app.websocket_route("/starlette")
    async def starlette(websocket: Socket):
        await websocket.accept()
        await websocket.send_text("starlette")

    @app.get("/echo")
    async def http_echo():
        return "http"

    @router.websocket("/inside/{n}", dependencies=[fw.Depends(lambda: record("route dependency"))])
    async def inside(websocket: Socket, n: int):
        await websocket.accept()
        await websocket.send_text(f"{n} {websocket.url_for('inside', n=5)} {websocket.scope['path']}")
        await websocket.close()

    app.include_router(
        router, prefix="/included", dependencies=[fw.Depends(lambda: record("inclusion dependency"))]
    )
    return app


def with_handlers(fw):
    """The same with handlers for what may be raised."""
    app = sockets(fw)

    @app.exception_handler(fw.exceptions.WebSocketRequestValidationError)
    async def invalid(websocket: fw.WebSocket, error: Any):
        record("invalid", error.errors(), str(error))
        await websocket.close(4422, "invalid")

    @app.exception_handler(LookupError)
    async def lookup(websocket: fw.WebSocket, error: Any):
        await websocket.close(4404)

    @app.exception_handler(fw.WebSocketException)
    async def own(websocket: fw.WebSocket, error: Any):
        record("own handler", error.code)
        await websocket.close(error.code + 1)

    return app


ASKED: list[Question] = [
    WebSocketRequest("/echo", messages=("a", "ü☃", "")), WebSocketRequest("/echo", messages=(b"bytes",)),
    WebSocketRequest("/echo", close_code=1001),
    WebSocketRequest("/bytes", messages=(b"\xff\x00",), subprotocols=("own", "b")),
    WebSocketRequest("/bytes", messages=("text",)),
    WebSocketRequest("/json", messages=('{"a": 1}', "[", "3")),
    WebSocketRequest("/json", messages=("1", "null")),
    *(WebSocketRequest(f"/parameters/{t}") for t in ("1/a/b", "x/", "1/?q=0", "1/?q=x&tags=a&tags=b", "1/")),
    WebSocketRequest("/parameters/1/a?q=4", (("token", "h"), ("cookie", "key=k"))),
    *(WebSocketRequest(f"/model{q}") for q in ("", "?limit=x", "?limit=4&tags=a")),
    WebSocketRequest("/no-socket"), WebSocketRequest("/no-socket?q=x"), WebSocketRequest("/connection"),
    *(
        WebSocketRequest(f"/dependency/{how}?q=v") for how in (
            "before", "after", "value", "http", "closed", "receive", "fine",
        )
    ),
    *(WebSocketRequest(f"/refused?q={q}") for q in "0123x"),
    *(
        WebSocketRequest(path) for path in (
            "/denied", "/close-first", "/silent", "/custom", "/body", "/starlette", "/nowhere", "/echo/",
            "/included/router/inside/3", "/included/router/inside/x", "/router/inside/1", "/openapi.json",
        )
    ),
    get("/echo"), get("/bytes"),
]  # fmt: skip


@pytest.mark.parametrize("question", ASKED, ids=labels(ASKED))
@pytest.mark.parametrize("build", [sockets, with_handlers])
def test_sockets(build: Build, question: Question) -> None:
    compare(build, question)


def test_openapi() -> None:
    compare_openapi(sockets)
