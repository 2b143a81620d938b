"""http middleware is called directly: what is documented for it holds, in the usual stacks and in the unusual ones.

What Starlette's own tests ask is in `conformance/starlette`, what FastAPI answers in `tests/differential`.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import anyio
import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket
from vivace.middleware.cors import CORSMiddleware
from vivace.middleware.gzip import GZipMiddleware
from vivace.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from vivace.testclient import TestClient

CallNext = Callable[[Request], Awaitable[Response]]
REQUEST_USER = contextvars.ContextVar("REQUEST_USER", default="nobody")


class Foreign:
    """A middleware of somebody else's, which knows nothing of lanes and answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def passed(message: Message) -> None:
            await send(message)

        await self.app(scope, receive, passed)


def around(app: FastAPI, *stack: str) -> None:
    """Add what stands around the innermost http middleware, from the inside out."""
    for name in stack:
        if name == "foreign":
            app.add_middleware(Foreign)
        elif name == "cors":
            app.add_middleware(CORSMiddleware, allow_origins=["*"])
        elif name == "gzip":
            app.add_middleware(GZipMiddleware, minimum_size=10)
        elif name == "http":
            app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)


async def pass_on(request: Request, call_next: CallNext) -> Response:
    return await call_next(request)


STACKS = [
    (),
    ("http",),
    ("foreign",),
    ("http", "foreign", "http"),
    ("cors", "http"),
    ("gzip", "cors", "http", "foreign"),
]


@pytest.fixture(params=STACKS, ids=lambda stack: " ".join(stack) or "alone")
def stack(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return request.param  # type: ignore[no-any-return]


def test_order_headers_and_state(stack: tuple[str, ...]) -> None:
    app = FastAPI()
    steps: list[str] = []

    @app.get("/")
    async def read(request: Request) -> str:
        steps.append("endpoint")
        return request.state.user  # type: ignore[no-any-return]

    for name in ("inner", "outer"):

        @app.middleware("http")
        async def step(request: Request, call_next: CallNext, name: str = name) -> Response:
            steps.append(f"{name} before")
            request.state.user = name
            response = await call_next(request)
            steps.append(f"{name} after {response.status_code}")
            response.headers.append("x-step", name)
            return response

    around(app, *stack)
    answer = TestClient(app).get("/")
    assert answer.json() == "inner"
    assert answer.headers.get_list("x-step") == ["inner", "outer"]
    assert steps == ["outer before", "inner before", "endpoint", "inner after 200", "outer after 200"]


def test_context_variables_are_seen_in_both_directions(stack: tuple[str, ...]) -> None:
    app = FastAPI()
    seen: list[str] = []

    @app.get("/")
    async def read() -> str:
        before = REQUEST_USER.get()
        REQUEST_USER.set("from endpoint")
        return before

    around(app, *stack)

    @app.middleware("http")
    async def outermost(request: Request, call_next: CallNext) -> Response:
        REQUEST_USER.set("from middleware")
        response = await call_next(request)
        seen.append(REQUEST_USER.get())
        return response

    client = TestClient(app)
    assert [client.get("/").json() for _ in range(2)] == ["from middleware"] * 2
    assert seen == ["from endpoint"] * 2
    assert REQUEST_USER.get() == "nobody"


def test_bodies_are_read_in_the_middleware_and_in_the_endpoint(stack: tuple[str, ...]) -> None:
    app = FastAPI()
    seen: list[Any] = []

    @app.post("/json")
    async def read_json(value: dict[str, int]) -> dict[str, int]:
        return value

    @app.post("/raw")
    async def read_raw(request: Request) -> int:
        return len(await request.body())

    @app.middleware("http")
    async def look(request: Request, call_next: CallNext) -> Response:
        if "look" in request.query_params:
            seen.append(await request.body())
        return await call_next(request)

    around(app, *stack)
    client = TestClient(app)
    for path in ("/json", "/json?look=1"):
        assert client.post(path, json={"a": 1}).json() == {"a": 1}
    assert client.post("/raw?look=1", content=b"x" * 100_000).json() == 100_000
    assert seen == [b'{"a":1}', b"x" * 100_000]


def test_short_circuits_and_errors(stack: tuple[str, ...]) -> None:
    app = FastAPI()

    @app.get("/{what}")
    async def fail(what: str) -> str:
        raise {"http": HTTPException(418, "tea"), "value": ValueError("v"), "key": KeyError("k")}[what]

    @app.exception_handler(KeyError)
    async def handled(request: Request, exc: KeyError) -> Response:
        return JSONResponse({"handled": str(exc)}, 409)

    @app.middleware("http")
    async def catch(request: Request, call_next: CallNext) -> Response:
        if request.url.path == "/stop":
            return PlainTextResponse("stopped", 202)
        try:
            return await call_next(request)
        except ValueError as exc:
            return PlainTextResponse(f"caught {exc}", 503)

    around(app, *stack)
    client = TestClient(app, raise_server_exceptions=False)
    answers = {path: client.get(path) for path in ("/stop", "/http", "/value", "/key", "/a/b")}
    assert {path: (answer.status_code, answer.text) for path, answer in answers.items()} == {
        "/stop": (202, "stopped"),
        "/http": (418, '{"detail":"tea"}'),
        "/value": (503, "caught v"),
        "/key": (409, '{"handled":"\'k\'"}'),
        "/a/b": (404, '{"detail":"Not Found"}'),
    }


def test_causes_and_contexts_of_errors_come_through(stack: tuple[str, ...]) -> None:
    app = FastAPI()

    @app.get("/cause")
    async def cause() -> None:
        try:
            raise LookupError("inner")
        except LookupError as exc:
            raise ValueError("outer") from exc

    @app.get("/context")
    async def context() -> None:
        try:
            raise LookupError("inner")
        except LookupError:
            raise ValueError("outer")  # noqa: B904

    @app.get("/neither")
    async def neither() -> None:
        raise ValueError("outer")

    around(app, *(stack or ("http",)))
    client = TestClient(app)
    found = {}
    for path in ("/cause", "/context", "/neither"):
        with pytest.raises(ValueError, match="outer") as caught:
            client.get(path)
        found[path] = (repr(caught.value.__cause__), repr(caught.value.__context__))
    inner = "LookupError('inner')"
    assert found == {"/cause": (inner, inner), "/context": ("None", inner), "/neither": ("None", "None")}


def test_answers_of_every_kind(stack: tuple[str, ...], tmp_path: Path) -> None:
    """Files, streams, mounts, plain Starlette routes: what they send is what comes, with the middleware's header."""
    (tmp_path / "a.txt").write_text("a file" * 100)
    app = FastAPI()

    async def chunks() -> AsyncIterator[str]:
        for number in range(3):
            yield f"chunk {number} " * 10

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(tmp_path / "a.txt")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks(), media_type="text/plain")

    @app.get("/lines")
    async def lines() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("mounted")(scope, receive, send)

    app.mount("/mounted", mounted)
    app.add_route("/plain", lambda request: PlainTextResponse("plain"))

    @app.middleware("http")
    async def mark(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-mark"] = "1"
        return response

    around(app, *stack)
    client = TestClient(app)
    paths = ("/file", "/stream", "/lines", "/mounted/x", "/plain", "/openapi.json", "/docs")
    answers = {path: client.get(path) for path in paths}
    assert all(answer.status_code == 200 and answer.headers["x-mark"] == "1" for answer in answers.values())
    assert answers["/file"].text == "a file" * 100
    assert answers["/stream"].text == "".join(f"chunk {number} " * 10 for number in range(3))
    assert answers["/lines"].text == "0\n1\n2\n"
    assert (answers["/mounted/x"].text, answers["/plain"].text) == ("mounted", "plain")


def test_bodies_of_answers_are_read_and_replaced(stack: tuple[str, ...]) -> None:
    app = FastAPI()

    @app.get("/json")
    async def read() -> dict[str, int]:
        return {"a": 1}

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    around(app, *(name for name in stack if name != "gzip"))

    @app.middleware("http")
    async def shout(request: Request, call_next: CallNext) -> Response:
        response: Any = await call_next(request)
        body = b"".join([chunk async for chunk in response.body_iterator])
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return Response(body.upper() + b"!", response.status_code, headers)

    client = TestClient(app)
    assert client.get("/json").text == '{"A":1}!'
    assert client.get("/json").headers["content-type"] == "application/json"
    assert client.get("/stream").text == "AB!"


# --- what ends with the request ---------------------------------------------------------------------------------------


def app_with_exits(events: list[str]) -> FastAPI:
    app = FastAPI()

    async def session() -> AsyncIterator[str]:
        events.append("enter")
        try:
            yield "session"
        except BaseException as exc:
            events.append(f"exit with {type(exc).__name__}")
            raise
        else:
            events.append("exit")

    def sync_session() -> Iterator[str]:
        yield "sync"
        events.append("sync exit")

    async def grouped() -> AsyncIterator[str]:
        async with anyio.create_task_group():
            yield "grouped"
        events.append("grouped exit")

    @app.get("/ok", dependencies=[Depends(sync_session), Depends(grouped)])
    async def fine(tasks: BackgroundTasks, session: Annotated[str, Depends(session)]) -> str:
        tasks.add_task(events.append, "task")
        return session

    @app.get("/stream")
    async def stream(session: Annotated[str, Depends(session)]) -> StreamingResponse:
        async def chunks() -> AsyncIterator[str]:
            events.append("chunk")
            yield session

        return StreamingResponse(chunks())

    @app.get("/error")
    async def error(session: Annotated[str, Depends(session)]) -> None:
        raise HTTPException(400)

    return app


async def with_timeout(request: Request, call_next: CallNext) -> Response:
    with anyio.fail_after(5):
        return await call_next(request)


async def in_a_task(request: Request, call_next: CallNext) -> Response:
    return await asyncio.create_task(call_next(request))  # type: ignore[arg-type]  # a coroutine


@pytest.mark.parametrize("dispatch", [pass_on, with_timeout, in_a_task])
def test_exits_and_tasks_wait_until_the_answer_was_sent(stack: tuple[str, ...], dispatch: Any) -> None:
    events: list[str] = []
    app = app_with_exits(events)

    @app.middleware("http")
    async def note(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        events.append("middleware")
        return response

    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    around(app, *stack)
    client = TestClient(app)
    assert client.get("/ok").json() == "session"
    assert events == ["enter", "middleware", "task", "exit", "grouped exit", "sync exit"]
    events.clear()
    assert client.get("/stream").text == "session"
    assert [event for event in events if event != "middleware"] == ["enter", "chunk", "exit"]
    events.clear()
    assert client.get("/error").status_code == 400
    assert events == ["enter", "exit with HTTPException", "middleware"]


def test_tasks_run_although_the_middleware_answers_otherwise(stack: tuple[str, ...]) -> None:
    events: list[str] = []
    app = app_with_exits(events)

    @app.middleware("http")
    async def replace(request: Request, call_next: CallNext) -> Response:
        await call_next(request)
        return PlainTextResponse("replaced")

    around(app, *stack)
    assert TestClient(app).get("/ok").text == "replaced"
    assert events == ["enter", "task", "exit", "grouped exit", "sync exit"]


# --- what is not called directly --------------------------------------------------------------------------------------


def test_a_middleware_with_a_call_of_its_own_is_asked() -> None:
    class Own(BaseHTTPMiddleware):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            scope["own"] = True
            await super().__call__(scope, receive, send)

        async def dispatch(self, request: Request, call_next: Any) -> Any:
            return await call_next(request)

    app = FastAPI()
    app.add_middleware(Own)

    @app.get("/")
    async def read(request: Request) -> bool:
        return bool(request.scope["own"])

    assert TestClient(app).get("/").json() is True


def test_websockets_pass() -> None:
    app = FastAPI()
    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)

    @app.websocket("/")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    with TestClient(app).websocket_connect("/") as websocket:
        assert websocket.receive_text() == "hello"


def test_on_trio() -> None:
    app = FastAPI()
    app.add_middleware(BaseHTTPMiddleware, dispatch=with_timeout)
    router = APIRouter()

    @router.get("/")
    async def read(session: Annotated[str, Depends(lambda: "session")]) -> str:
        return session

    app.include_router(router)
    assert TestClient(app, backend="trio").get("/").json() == "session"
