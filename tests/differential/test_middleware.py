"""Middleware: order, http functions, Starlette's classes, raw ASGI, errors through them, bodies read inside them."""


# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from contextvars import ContextVar
from typing import Any

import pytest
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware

from .oracle import Question, Request, WebSocketRequest, compare, get, labels, post, post_json
from .recorder import record

CURRENT: ContextVar[str] = ContextVar("CURRENT", default="unset")


def endpoints(fw, app: Any) -> Any:
    """The same endpoints for every stack."""

    @app.get("/json")
    async def json():
        record("endpoint", CURRENT.get())
        return {"value": "x" * 2000}

    @app.get("/sync")
    def sync():
        return {"context": CURRENT.get()}

    @app.get("/error")
    async def error():
        raise ValueError("v")

    @app.get("/http-error")
    async def http_error():
        raise fw.HTTPException(418, "tea", {"x-tea": "t"})

    @app.get("/invalid")
    async def invalid(q: int):
        return q

    @app.get("/stream")
    async def stream():
        async def content():
            for number in range(3):
                record("chunk", number)
                yield f"{number}" * 400

        return fw.responses.StreamingResponse(content(), media_type="text/plain")

    @app.get("/broken-stream")
    async def broken_stream():
        def content():
            yield "a"
            raise ValueError("in stream")

        return fw.responses.StreamingResponse(content())

    @app.get("/task")
    async def task(tasks: fw.BackgroundTasks):
        tasks.add_task(record, "task")
        return "with task"

    @app.get("/failing-task")
    async def failing_task(tasks: fw.BackgroundTasks):
        tasks.add_task(lambda: 1 / 0)
        return "with task"

    @app.post("/body")
    async def body(value: dict):
        return value

    @app.post("/raw")
    async def raw(request: fw.Request):
        return {"body": (await request.body()).decode(), "state": getattr(request.state, "user", None)}

    @app.get("/empty", status_code=204)
    async def empty() -> None:
        return None

    @app.get("/cookie")
    async def cookie(response: fw.Response):
        response.set_cookie("a", "b")
        return 1

    @app.websocket("/ws")
    async def socket(websocket: fw.WebSocket):
        await websocket.accept()
        await websocket.send_text(f"{CURRENT.get()} {websocket.headers.get('origin')}")
        await websocket.close()

    return app


def functions(fw):
    """Two http functions: the later is outside; it answers alone, edits headers, reads bodies, catches errors."""
    app = fw.FastAPI()

    @app.middleware("http")
    async def inner(request: fw.Request, call_next: Any):
        record("inner before")
        CURRENT.set("from inner")
        response = await call_next(request)
        record("inner after", response.status_code)
        response.headers["x-order"] = "inner"
        return response

    @app.middleware("http")
    async def outer(request: fw.Request, call_next: Any):
        record("outer before")
        if request.headers.get("x-stop"):
            return fw.responses.JSONResponse({"stopped": True}, 403)
        if request.headers.get("x-read"):
            record("read", len(await request.body()))
        if request.headers.get("x-raise"):
            raise LookupError("in middleware")
        request.state.user = "me"
        try:
            response = await call_next(request)
        except ValueError as error:
            record("outer caught", error)
            if request.headers.get("x-catch"):
                return fw.responses.PlainTextResponse("caught", 599)
            raise
        if request.headers.get("x-rewrite"):
            body = b"".join([chunk async for chunk in response.body_iterator])
            return fw.Response(
                body[:20],
                response.status_code,
                dict(response.headers) | {"content-length": str(len(body[:20]))},
            )
        if request.headers.get("x-replace"):
            return fw.responses.PlainTextResponse("replaced", 201)
        response.headers.append("x-order", "outer")
        return response

    return endpoints(fw, app)


def classes(fw):
    """Starlette's classes as `middleware=` and with `add_middleware`, with a handler for every error."""
    middleware = fw.middleware
    app = fw.FastAPI(
        middleware=[
            Middleware(middleware.gzip.GZipMiddleware, minimum_size=500),
            Middleware(SessionMiddleware, secret_key="s", max_age=None),
        ]
    )
    app.add_middleware(
        middleware.cors.CORSMiddleware,
        allow_origins=["https://a.example"],
        allow_credentials=True,
        allow_methods=["GET", "POST"],
        allow_headers=["x-own"],
        expose_headers=["x-seen"],
    )
    app.add_middleware(
        middleware.trustedhost.TrustedHostMiddleware, allowed_hosts=["testserver", "*.example"]
    )

    @app.exception_handler(ValueError)
    async def handler(request: fw.Request, error: ValueError):
        return fw.responses.JSONResponse({"handled": str(error)}, 409)

    @app.get("/session/{value}")
    async def session(request: fw.Request, value: str):
        if value == "clear":
            request.session.clear()
        return dict(request.session)

    return endpoints(fw, app)


def raw(fw):
    """Plain ASGI middleware that wraps `send` and `receive`, and one by hand around the whole application."""

    class Raw:
        def __init__(self, app: Any, name: str) -> None:
            self.app, self.name = app, name

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def told(message: Any) -> None:
                record(self.name, "sends", message["type"], message.get("status"), message.get("more_body"))
                if message["type"] == "http.response.start":
                    message = message | {"headers": [*message["headers"], (b"x-raw", self.name.encode())]}
                await send(message)

            async def asked() -> Any:
                message = await receive()
                record(self.name, "receives", message["type"])
                return message

            record(self.name, scope["type"], scope.get("path", ""))
            await self.app(scope, asked, told)

    class Dispatching(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            record("dispatch", request.url.path)
            CURRENT.set("from dispatch")
            response = await call_next(request)
            record("dispatched", response.status_code)
            return response

    app = fw.FastAPI()
    app.add_middleware(Raw, name="inner")
    app.add_middleware(Dispatching)
    app.add_middleware(Raw, name="outer")
    return endpoints(fw, app)


def https(fw):
    """Redirects to https."""
    app = fw.FastAPI()
    app.add_middleware(fw.middleware.httpsredirect.HTTPSRedirectMiddleware)
    return endpoints(fw, app)


def everything_caught(fw):
    """http functions with a handler for `Exception`, which stays outside all of them."""
    app = fw.FastAPI()

    @app.exception_handler(Exception)
    async def everything(request: fw.Request, error: Exception):
        record("handler", type(error).__name__)
        return fw.responses.PlainTextResponse("everything", 500)

    @app.middleware("http")
    async def around(request: fw.Request, call_next: Any):
        record("before")
        response = await call_next(request)
        record("after")
        return response

    return endpoints(fw, app)


PATHS = (
    "/json",
    "/sync",
    "/error",
    "/http-error",
    "/invalid",
    "/invalid?q=1",
    "/stream",
    "/broken-stream",
    "/task",
    "/failing-task",
    "/empty",
    "/cookie",
    "/nowhere",
    "/json/",
    "/openapi.json",
)
ASKED: list[Question] = [
    *(get(path) for path in PATHS),
    get("/json", method="HEAD"),
    get("/json", method="POST"),
    post_json("/body", {"a": 1}),
    post("/body", "{"),
    post("/raw", (b"one", b"two")),
    WebSocketRequest("/ws"),
]


# When a stream is begun, and how it ends if it fails, differs knowingly within http functions: see `test_deviations`.
STREAMS = ("/stream", "/broken-stream")


@pytest.mark.parametrize("question", ASKED, ids=labels(ASKED))
@pytest.mark.parametrize("build", [functions, classes, raw, https, everything_caught])
def test_stacks(build: Any, question: Question) -> None:
    if build not in (functions, raw, everything_caught) or question.target not in STREAMS:
        compare(build, question)


@pytest.mark.parametrize("header", ["x-stop", "x-read", "x-raise", "x-catch", "x-rewrite", "x-replace"])
def test_functions(header: str) -> None:
    field = (header, "1")
    compare(
        functions,
        *(get(path, field) for path in PATHS if path not in STREAMS),
        post_json("/body", {"a": 1}, field),
        Request("POST", "/raw", (field,), (b"one", b"two")),
    )


ORIGINS = ("https://a.example", "https://b.example", "null", "")
CORS: list[Question] = [
    *(get(path, ("origin", origin)) for origin in ORIGINS for path in ("/json", "/error", "/nowhere")),
    *(
        get(
            "/body",
            ("origin", origin),
            ("access-control-request-method", method),
            *(() if headers is None else (("access-control-request-headers", headers),)),
            method="OPTIONS",
        )
        for origin in ORIGINS
        for method in ("GET", "PUT", "")
        for headers in (None, "x-own", "x-other, x-own", "")
    ),
]


@pytest.mark.parametrize(
    "question", CORS, ids=[f"{number} {question}" for number, question in enumerate(CORS)]
)
def test_cors(question: Question) -> None:
    compare(classes, question)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "gzip, br", "gzip;q=0", ""])
def test_gzip(encoding: str) -> None:
    compare(
        classes,
        *(
            get(path, ("accept-encoding", encoding))
            for path in ("/json", "/stream", "/empty", "/cookie", "/error")
        ),
    )


@pytest.mark.parametrize(
    "host", ["testserver", "a.example", "example", "b.other", "TESTSERVER:80", "", "www.testserver"]
)
def test_trusted_hosts(host: str) -> None:
    compare(classes, get("/json", ("host", host)), get("/nowhere", ("host", host)))


def test_sessions() -> None:
    compare(
        classes,
        get("/session/x"),
        get("/session/clear", ("cookie", "session=eyJhIjoxfQ==.bad.sig")),
        get("/session/x", ("cookie", "session=")),
    )


@pytest.mark.parametrize("path", ["/stream", "/json", "/task"])
def test_client_leaves(path: str) -> None:
    """The client goes away after the first piece of the answer; within http functions: see `test_deviations`."""
    compare(classes, *(Request("GET", path, client_leaves_after=count) for count in (0, 1, 2)))
