"""FastAPI is the oracle: the same application must emit the same spans, metrics and logs, in the same order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

import fastapi
import fastapi.telemetry._asgi as fastapi_asgi
import pytest
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

import vivace
import vivace.telemetry._asgi as vivace_asgi
from vivace.telemetry._api import read_config

from .recorder import Recorder

Builder = Callable[[Any, Any, Recorder], None]
SCENARIOS: dict[str, tuple[Builder, list[Any]]] = {}


def scenario(*requests: Any) -> Callable[[Builder], Builder]:
    """An application, declared by the decorated function, and what it is asked.

    A request is a path for GET; or a method, a path and what else the client takes.
    """

    def register(build: Builder) -> Builder:
        SCENARIOS[build.__name__] = (build, list(requests))
        return build

    return register


class Order(BaseModel):
    name: str
    count: int = 1


JSON = {"content-type": "application/json"}


@scenario(
    "/items/1?page=2&sig=secret",
    "/sync/1",
    "/items/x",
    "/missing",
    "/items/1/",
    ("POST", "/items/1", {}),
    ("HEAD", "/items/1", {}),
    ("BREW", "/items/1", {}),
    ("BREW", "/missing", {}),
    "/openapi.json",
    (
        "GET",
        "/items/1",
        {"headers": {"host": "shop.example:8443", "user-agent": "test", "authorization": "secret"}},
    ),
    ("GET", "/items/1", {"headers": {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01", "baggage": "a=b"}}),
)
def routes(fw: Any, app: Any, recorder: Recorder) -> None:
    @app.get("/items/{item_id}")
    async def read_item(item_id: int, page: int = 1) -> int:
        recorder.note(f"endpoint: {recorder.data()}")
        return item_id

    @app.get("/sync/{item_id:path}")
    def read_sync(item_id: str) -> str:
        recorder.note(f"endpoint: {recorder.data()}")
        return item_id


@scenario(
    ("POST", "/orders", {"json": {"name": "tea"}}),
    ("POST", "/orders", {"json": {"count": "many"}}),
    ("POST", "/orders", {"json": [1]}),
    ("POST", "/orders", {"content": b"{", "headers": JSON}),
    ("POST", "/orders", {"content": b"", "headers": JSON}),
    ("POST", "/orders", {"content": b'{"name": "tea"}', "headers": {"content-type": "text/plain"}}),
    ("POST", "/orders?limit=x", {"json": {"name": "tea"}}),
    ("POST", "/two", {"json": {"first": 1, "second": "x"}}),
    ("POST", "/form", {"data": {"name": "tea"}}),
    ("POST", "/form", {"data": {"nome": "tea"}}),
    ("POST", "/raw", {"content": b"raw"}),
)
def bodies(fw: Any, app: Any, recorder: Recorder) -> None:
    def limit(limit: int = 3) -> int:
        recorder.note(f"dependency: {recorder.data()}")
        return limit

    @app.post("/orders")
    async def order(order: Order, limit: Annotated[int, fw.Depends(limit)]) -> Order:
        recorder.note(f"endpoint: {recorder.data()}")
        return order

    @app.post("/two")
    async def two(first: Annotated[int, fw.Body()], second: Annotated[int, fw.Body()]) -> int:
        return first + second

    @app.post("/form")
    async def form(name: Annotated[str, fw.Form()]) -> str:
        return name

    @app.post("/raw")
    async def raw(request: fw.Request) -> int:
        return len(await request.body())


@scenario("/response", "/nothing", "/model", "/bad-model", "/html", "/stream", "/lines", "/broken-lines")
def responses(fw: Any, app: Any, recorder: Recorder) -> None:
    app.get("/response")(_named("response", lambda: PlainTextResponse("ready")))
    app.get("/nothing", status_code=204)(_named("nothing", lambda: None))
    app.get("/model", response_model=Order)(_named("model", lambda: {"name": "tea"}))
    app.get("/html", response_class=fw.responses.HTMLResponse)(_named("html", lambda: "<p>"))

    @app.get("/stream", response_class=fw.responses.StreamingResponse)
    async def stream() -> AsyncIterator[bytes]:
        yield b"a"
        recorder.note(f"streaming: {recorder.data()}")
        yield b"b"

    @app.get("/lines")
    def lines() -> Iterator[Order]:
        yield Order(name="tea")
        recorder.note(f"streaming: {recorder.data()}")

    @app.get("/broken-lines")
    async def broken_lines() -> AsyncIterator[Order]:
        yield Order(name="tea")
        raise ValueError("broken")


def _named(name: str, endpoint: Any) -> Any:
    endpoint.__name__ = endpoint.__qualname__ = name
    return endpoint


@scenario("/fine", "/fine?error=http", "/fine?error=value", "/fails")
def dependencies(fw: Any, app: Any, recorder: Recorder) -> None:
    async def connection() -> AsyncIterator[int]:
        recorder.note(f"enter: {recorder.data()}")
        try:
            yield 1
        finally:
            recorder.note(f"exit: {recorder.data()}")

    def transaction() -> Iterator[int]:
        recorder.note("enter transaction")
        yield 2
        recorder.note("exit transaction")

    def check(error: str = "") -> None:
        if error == "http":
            raise fw.HTTPException(418)
        if error == "value":
            raise ValueError("check")

    @app.get("/fine")
    def fine(
        a: Annotated[int, fw.Depends(connection)],
        b: Annotated[int, fw.Depends(transaction, scope="function")],
        c: Annotated[None, fw.Depends(check)],
    ) -> int:
        recorder.note(f"endpoint: {recorder.data()}")
        return a + b

    @app.get("/fails")
    async def fails(a: Annotated[int, fw.Depends(connection)]) -> int:
        raise ValueError("endpoint")


@scenario("/value", "/handled", "/http/404", "/http/503", "/own-validation-error", "/group")
def exceptions(fw: Any, app: Any, recorder: Recorder) -> None:
    class Unavailable(Exception):
        pass

    @app.exception_handler(Unavailable)
    async def answer(request: Any, exc: Exception) -> JSONResponse:
        recorder.note(f"handler: {recorder.data()}")
        return JSONResponse({}, status_code=503)

    @app.get("/value")
    def value() -> None:
        raise ValueError("value")

    @app.get("/handled")
    def handled() -> None:
        raise Unavailable

    @app.get("/http/{status}")
    async def http(status: int) -> None:
        raise fw.HTTPException(status, "detail")

    @app.get("/own-validation-error")
    async def own_validation_error() -> None:
        raise fw.exceptions.RequestValidationError([])

    @app.get("/group")
    async def group() -> None:
        raise ExceptionGroup("group", [ValueError("value")])


@scenario("/value")
def failing_error_handler(fw: Any, app: Any, recorder: Recorder) -> None:
    @app.exception_handler(Exception)
    async def answer(request: Any, exc: Exception) -> None:
        recorder.note(f"handler: {recorder.data()}")
        raise LookupError("handler")

    @app.get("/value")
    def value() -> None:
        raise ValueError("value")


@scenario("/items/1", "/middleware", "/value")
def http_middleware(fw: Any, app: Any, recorder: Recorder) -> None:
    @app.middleware("http")
    async def middleware(request: Any, call_next: Any) -> Any:
        recorder.note(f"middleware: {recorder.data()}")
        if request.url.path == "/middleware":
            raise LookupError("middleware")
        try:
            return await call_next(request)
        except ValueError:
            return PlainTextResponse("caught", status_code=400)
        finally:
            recorder.note(f"middleware: {recorder.data()}")

    @app.get("/items/{item_id}")
    def read_item(item_id: int) -> int:
        return item_id

    @app.get("/value")
    def value() -> None:
        raise ValueError("value")


@scenario("/default", "/own-response", "/response-with-task", "/failing")
def background(fw: Any, app: Any, recorder: Recorder) -> None:
    def sync_task() -> None:
        recorder.note(f"task: {recorder.data()}")

    async def async_task() -> None:
        recorder.note(f"task: {recorder.data()}")

    def failing_task() -> None:
        raise ValueError("task")

    @app.get("/default")
    async def default(tasks: fw.BackgroundTasks) -> int:
        tasks.add_task(sync_task)
        tasks.add_task(async_task)
        return 1

    @app.get("/own-response")
    async def own_response(tasks: fw.BackgroundTasks) -> PlainTextResponse:
        tasks.add_task(sync_task)
        return PlainTextResponse("")

    @app.get("/response-with-task")
    async def response_with_task() -> PlainTextResponse:
        tasks = fw.BackgroundTasks()
        tasks.add_task(async_task)
        return PlainTextResponse("", background=tasks)

    @app.get("/failing")
    async def failing(tasks: fw.BackgroundTasks) -> int:
        tasks.add_task(failing_task)
        tasks.add_task(sync_task)
        return 1


@scenario(
    "/api/v1/items/1",
    "/api/v1/items/1/",
    "/api/plain/1",
    "/shop/tea/items/1",
    "/shop/tea/items/x",
    "/shop/tea/missing",
    "/shop/tea/items/1/",
    "/old/inner/1",
    "/old/missing",
    "/asgi/anything",
    "/asgi",
)
def mounts(fw: Any, app: Any, recorder: Recorder) -> None:
    shop = fw.FastAPI()
    router = fw.APIRouter(prefix="/v1")

    @shop.get("/items/{item_id}")
    @router.get("/items/{item_id}")
    def read_item(item_id: int) -> int:
        return item_id

    def plain(request: Any) -> PlainTextResponse:
        return PlainTextResponse("plain")

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("asgi")(scope, receive, send)

    outer = fw.APIRouter(prefix="/api")
    outer.include_router(router)
    app.include_router(outer)
    app.add_route("/api/plain/{name}", plain)
    app.mount("/shop/{kind}", shop)
    app.mount("/old", Router(routes=[Route("/inner/{name}", plain)]))
    app.mount("/asgi", asgi)


@scenario(
    ("POST", "/wrapped/1", {"json": {"name": "tea"}}), ("POST", "/replaced/1", {"json": {"name": "tea"}})
)
def route_classes(fw: Any, app: Any, recorder: Recorder) -> None:
    class Wrapped(fw.routing.APIRoute):  # type: ignore[misc]
        def get_route_handler(self) -> Any:
            handle = super().get_route_handler()

            async def handler(request: Any) -> Any:
                recorder.note(f"before: {recorder.data()}")
                response = await handle(request)
                recorder.note(f"after: {recorder.data()}")
                return response

            return handler

    class Replaced(fw.routing.APIRoute):  # type: ignore[misc]
        def get_route_handler(self) -> Any:
            async def handler(request: Any) -> Any:
                return PlainTextResponse("own")

            return handler

    for name, route_class in (("wrapped", Wrapped), ("replaced", Replaced)):
        router = fw.APIRouter(prefix=f"/{name}", route_class=route_class)

        @router.post("/{order_id}")
        async def order(order_id: int, order: Order) -> int:
            return order_id

        app.include_router(router)


SETTINGS: list[dict[str, Any]] = [
    {"tracing": False},
    {"metrics": False},
    {"logs": False},
    {"operation_spans": False},
    {"tracing": False, "metrics": False},
    {"tracing": False, "metrics": False, "logs": False},
    {"exclude": lambda scope: scope["path"].endswith("/1")},
]


class Framework(SimpleNamespace):
    """A package with the submodules that scenarios use, and its own recorder."""

    def __init__(self, package: ModuleType) -> None:
        names = ("exceptions", "responses", "routing", "telemetry", "testclient")
        super().__init__(**vars(package))
        for name in names:
            setattr(self, name, __import__(f"{package.__name__}.{name}", fromlist=["*"]))

    def record(self, build: Builder, requests: list[Any], settings: dict[str, Any]) -> list[str]:
        recorder = Recorder(self.telemetry.get_telemetry_data)
        app = self.FastAPI(telemetry={**recorder.config, **settings})
        build(self, app, recorder)
        client = self.testclient.TestClient(app, raise_server_exceptions=False, follow_redirects=False)
        for request in requests:
            method, path, options = ("GET", request, {}) if isinstance(request, str) else request
            recorder.note(f"--- {method} {path}")
            recorder.note(f"{client.request(method, path, **options).status_code}")
        return recorder.lines + recorder.metrics()


BOTH = (Framework(fastapi), Framework(vivace))


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_telemetry(name: str) -> None:
    expected, actual = (framework.record(*SCENARIOS[name], {}) for framework in BOTH)
    assert actual == expected


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: "-".join(settings))
@pytest.mark.parametrize("name", ["routes", "exceptions", "background", "bodies"])
def test_same_telemetry_with_settings(name: str, settings: dict[str, Any]) -> None:
    expected, actual = (framework.record(*SCENARIOS[name], settings) for framework in BOTH)
    assert actual == expected


# --- WebSocket ------------------------------------------------------------------------------------------------------


def declare_websockets(fw: Any, app: Any, recorder: Recorder) -> None:
    async def connection() -> AsyncIterator[int]:
        recorder.note(f"enter: {recorder.data()}")
        yield 1
        recorder.note(f"exit: {recorder.data()}")

    @app.websocket("/rooms/{room}")
    async def rooms(websocket: fw.WebSocket, room: int, c: Annotated[int, fw.Depends(connection)]) -> None:
        await websocket.accept()
        recorder.note(f"endpoint: {recorder.data()}")
        await websocket.receive_text()

    @app.websocket("/fails")
    async def fails(websocket: fw.WebSocket) -> None:
        raise ValueError("endpoint")

    @app.websocket("/refuses")
    async def refuses(websocket: fw.WebSocket) -> None:
        raise fw.WebSocketException(1008)


@pytest.mark.parametrize("code", [1000, 1001, 1006])
@pytest.mark.parametrize("path", ["/rooms/1", "/rooms/x", "/fails", "/refuses", "/missing"])
def test_same_telemetry_of_websockets(path: str, code: int) -> None:
    expected, actual = (record_websocket(framework, path, code) for framework in BOTH)
    assert actual == expected


def record_websocket(framework: Framework, path: str, code: int) -> list[str]:
    recorder = Recorder(framework.telemetry.get_telemetry_data)
    app = framework.FastAPI(telemetry=recorder.config)
    declare_websockets(framework, app, recorder)
    messages = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": code}])

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        recorder.note(message["type"])

    scope = {
        "type": "websocket",
        "path": path,
        "headers": [(b"host", b"here")],
        "query_string": b"",
        "scheme": "ws",
    }
    with suppress(ValueError, WebSocketDisconnect):
        asyncio.run(app(scope, receive, send))
    return recorder.lines + recorder.metrics()


# --- ASGI messages --------------------------------------------------------------------------------------------------

START = {"type": "http.response.start", "status": 200, "headers": []}
FAILED = {**START, "status": 503}
TRAILED = {**START, "trailers": True}
BODY = {"type": "http.response.body", "body": b"x"}
MORE = {**BODY, "more_body": True}
PATHSEND = {"type": "http.response.pathsend", "path": "/x"}
TRAILERS = {"type": "http.response.trailers", "headers": []}
MORE_TRAILERS = {**TRAILERS, "more_trailers": True}
PUSH = {"type": "http.response.push", "path": "/x", "headers": []}
DISCONNECTED = "receive the disconnect"

# What an application does: a message is sent, an exception raised.
SCRIPTS: dict[str, list[Any]] = {
    "answers": [START, BODY],
    "streams": [START, MORE, MORE, BODY],
    "fails": [FAILED, BODY],
    "sends nothing": [],
    "sends no body": [START],
    "sends no body of a failure": [FAILED],
    "sends half a body": [START, MORE],
    "starts twice": [START, FAILED, BODY],
    "answers twice": [START, BODY, FAILED, BODY],
    "pushes": [PUSH, START, BODY],
    "sends a file": [START, PATHSEND],
    "sends trailers": [TRAILED, BODY, MORE_TRAILERS, TRAILERS],
    "forgets trailers": [TRAILED, BODY],
    "raises": [ValueError("x")],
    "raises late": [START, ValueError("x")],
    "raises after the end": [START, BODY, ValueError("x")],
    "raises after a failure": [FAILED, ValueError("x")],
    "is cancelled": [START, asyncio.CancelledError()],
    "is cancelled after the end": [START, BODY, asyncio.CancelledError()],
    "is interrupted": [KeyboardInterrupt()],
    "loses the client": [DISCONNECTED],
    "loses the client late": [START, DISCONNECTED],
    "loses the client and raises": [DISCONNECTED, ValueError("x")],
    "loses the client and answers": [START, DISCONNECTED, BODY],
}

SCOPES: list[dict[str, Any]] = [
    {},
    {"http_version": "2"},
    {"http_version": ""},
    {"scheme": "https", "server": ("10.0.0.1", 8000)},
    {"server": ("/run/app.sock", None)},
    {"server": None},
    {"method": "get"},
    {"root_path": "/proxy/", "path": "/proxy/x"},
    *(
        {"headers": [(b"host", host)]}
        for host in (b"a", b"A.b:1", b"a:x", b"a:", b"[::1]:8", b"[::1", b"u@a", b"a/b", b"")
    ),
    *({"headers": [(b"host", b"a")], "scheme": scheme} for scheme in ("https", "wss", "gopher")),
    {"headers": [(b"host", b"a"), (b"host", b"b")]},
    *(
        {"query_string": query}
        for query in (b"a=1&a=2&b", b"sig", b"SIG=1&X-Amz-Credential=2", b"%73ig=x", b"\xff=%zz")
    ),
]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_same_telemetry_of_messages(script: list[Any]) -> None:
    expected, actual = record_both(script, {})
    assert actual == expected


@pytest.mark.parametrize("entries", SCOPES, ids=repr)
def test_same_telemetry_of_scopes(entries: dict[str, Any]) -> None:
    expected, actual = record_both([START, BODY], entries)
    assert actual == expected


def record_both(script: list[Any], entries: dict[str, Any]) -> list[list[str]]:
    oracle = Recorder(BOTH[0].telemetry.get_telemetry_data)
    own = Recorder(BOTH[1].telemetry.get_telemetry_data)
    fastapi_config = fastapi.FastAPI(telemetry=oracle.config)._telemetry  # type: ignore[arg-type]
    return [
        play(fastapi_asgi.NativeTelemetry(fastapi_config), oracle, script, entries),
        play(vivace_asgi.NativeTelemetry(read_config(own.config)), own, script, entries),
    ]


def play(telemetry: Any, recorder: Recorder, script: list[Any], entries: dict[str, Any]) -> list[str]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in script:
            if isinstance(step, BaseException):
                raise step
            if step is DISCONNECTED:
                await receive()
            else:
                await send(step)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        recorder.note(message["type"])

    async def run() -> None:
        try:
            await telemetry(app=app, scope=scope, receive=receive, send=send)
        except BaseException as exc:
            recorder.note(f"raised {exc!r}")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], **entries}
    asyncio.run(run())
    assert "fastapi.telemetry" not in scope
    return recorder.lines + recorder.metrics()
