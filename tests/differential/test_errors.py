"""Errors: HTTPException, handlers by class and by status, validation, errors out of every place, their texts."""

# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from .oracle import Build, Question, compare, compare_refusal, get, labels, post_json
from .recorder import record, seen


class Item(BaseModel):
    name: str
    price: int


class Teapot(Exception):
    pass


class Kettle(Teapot):
    pass


DETAILS: dict[str, Any] = {
    "none": None, "text": "text ü", "dict": {"a": [1, None]}, "list": [1, "b"], "number": 3, "empty": "",
    "model": Item(name="n", price=1), "false": False,
}  # fmt: skip
STATUSES = (400, 401, 403, 404, 405, 409, 418, 422, 429, 500, 503, 204, 304, 200, 599)


def http_exceptions(fw):
    """Every detail and status, FastAPI's class and Starlette's."""
    app = fw.FastAPI()

    @app.get("/detail/{name}")
    async def detail(name: str):
        raise fw.HTTPException(status_code=400, detail=DETAILS[name])

    @app.get("/status/{code}")
    def status(code: int):
        raise fw.HTTPException(code)

    @app.get("/starlette/{code}")
    async def starlette(code: int):
        raise StarletteHTTPException(code, headers={"x-own": "s"})

    @app.get("/headers")
    async def headers():
        raise fw.HTTPException(
            401, "no", headers={"WWW-Authenticate": "Bearer", "X-Ü": "ü", "Set-Cookie": "a=b"}
        )

    @app.get("/in-dependency", dependencies=[fw.Depends(lambda: _raise(fw.HTTPException(402, "pay")))])
    async def in_dependency():
        return "never"

    @app.get("/validation")
    async def validation():
        Item.model_validate({"name": 3})

    @app.get("/own-validation")
    async def own_validation():
        raise fw.exceptions.RequestValidationError(
            [{"loc": ("a", 1), "msg": "m", "type": "t", "ctx": {"error": ValueError("inside")}}],
            body={"b": 1},
        )

    @app.get("/response-validation")
    async def response_validation():
        raise fw.exceptions.ResponseValidationError([{"loc": ("a",), "msg": "m", "type": "t"}], body=3)

    @app.get("/error/{name}")
    async def error(name: str):
        raise {
            "value": ValueError("v"),
            "key": KeyError("k"),
            "group": ExceptionGroup("g", [ValueError("1"), KeyError("2")]),
            "os": OSError(2, "x"),
            "assert": AssertionError(),
            "stop": StopAsyncIteration("s"),
        }[name]

    @app.get("/sync-error")
    def sync_error():
        raise Teapot("sync")

    @app.get("/wrong-model", response_model=Item)
    async def wrong_model():
        return {"name": 1}

    return app


def _raise(error: Exception) -> None:
    raise error


RAISED: list[Question] = [
    *(get(f"/detail/{name}") for name in (*DETAILS, "unknown")),
    *(get(f"/{kind}/{code}") for kind in ("status", "starlette") for code in STATUSES), get("/headers"),
    get("/in-dependency"), get("/validation"), get("/own-validation"), get("/response-validation"),
    get("/sync-error"), get("/wrong-model"),
    *(get(f"/error/{name}") for name in ("value", "key", "group", "os", "assert", "stop")), get("/status/x"),
    get("/nowhere"), get("/headers", method="POST"), get("/headers", method="HEAD"),
]  # fmt: skip


@pytest.mark.parametrize("question", RAISED, ids=labels(RAISED))
def test_http_exceptions(question: Question) -> None:
    compare(http_exceptions, question)


def handled(fw):
    """Handlers by class, by base class, by status code and for everything; sync and async; that raise themselves."""
    app = fw.FastAPI(
        exception_handlers={
            429: lambda request, error: fw.responses.PlainTextResponse(f"slow down {error.detail}", 429)
        }
    )

    @app.exception_handler(Teapot)
    async def teapot(request: fw.Request, error: Teapot):
        record("teapot", type(error).__name__)
        return fw.responses.JSONResponse({"teapot": str(error), "path": request.url.path}, 418)

    @app.exception_handler(fw.exceptions.RequestValidationError)
    def invalid(request: fw.Request, error: Any):
        return fw.responses.JSONResponse(
            {
                "errors": fw.encoders.jsonable_encoder(error.errors()),
                "body": fw.encoders.jsonable_encoder(error.body),
                "text": str(error),
            },
            400,
        )

    @app.exception_handler(fw.exceptions.ResponseValidationError)
    async def bad_response(request: fw.Request, error: Any):
        return fw.responses.JSONResponse(
            {
                "errors": fw.encoders.jsonable_encoder(error.errors()),
                "body": fw.encoders.jsonable_encoder(error.body),
                "text": str(error),
            },
            502,
        )

    @app.exception_handler(404)
    async def not_found(request: fw.Request, error: Any):
        return fw.responses.JSONResponse({"missing": error.detail}, 404)

    @app.exception_handler(405)
    async def not_allowed(request: fw.Request, error: Any):
        return fw.responses.PlainTextResponse(f"{error.detail} {error.headers}", 405)

    @app.exception_handler(fw.HTTPException)
    async def own_http(request: fw.Request, error: Any):
        record("fw handler")
        return await fw.exception_handlers.http_exception_handler(request, error)

    @app.exception_handler(StarletteHTTPException)
    async def any_http(request: fw.Request, error: Any):
        return fw.responses.JSONResponse({"http": error.status_code}, error.status_code)

    @app.exception_handler(LookupError)
    async def again(request: fw.Request, error: LookupError):
        raise ValueError("from handler") from error

    @app.exception_handler(500)
    async def anything(request: fw.Request, error: Exception):
        return fw.responses.JSONResponse({"anything": repr(error)}, 500)

    @app.exception_handler(ArithmeticError)
    async def none(request: fw.Request, error: Any):
        return None

    errors = {
        "teapot": Teapot("t"), "kettle": Kettle("k"), "404": fw.HTTPException(404, "own"),
        "410": fw.HTTPException(410), "411": StarletteHTTPException(411), "429": fw.HTTPException(429, "s"),
        "key": KeyError("k"), "value": ValueError("v"), "zero": ZeroDivisionError(),
        "500": fw.HTTPException(500, "h"), "group": ExceptionGroup("g", [Teapot("in group")]),
    }  # fmt: skip

    @app.get("/raise/{name}")
    async def raises(name: str):
        raise errors[name]

    @app.get("/sync/{name}")
    def raises_sync(name: str):
        raise errors[name]

    @app.get("/later/{name}")
    async def later(name: str, tasks: fw.BackgroundTasks):
        tasks.add_task(_raise, errors[name])
        tasks.add_task(record, "second task")
        return "sent"

    @app.get("/streamed/{name}")
    async def streamed(name: str):
        def content():
            yield "first"
            raise errors[name]

        return fw.responses.StreamingResponse(content())

    @app.post("/items/{item_id}")
    async def item(item_id: int, item: Item, q: Annotated[list[int], fw.Query()]):
        return seen(item_id=item_id, item=item, q=q)

    @app.get("/wrong-model", response_model=list[Item])
    async def wrong_model():
        return [{"name": "a", "price": 1}, {"name": None}]

    sub = fw.FastAPI()

    @sub.get("/{name}")
    async def in_sub(name: str):
        raise errors[name]

    app.mount("/sub", sub)
    return app


HANDLED: list[Question] = [
    *(
        get(f"/{how}/{name}") for how in ("raise", "sync", "later", "streamed", "sub") for name in (
            "teapot", "kettle", "404", "410", "411", "429", "key", "value", "zero", "500", "group",
        )
    ),
    get("/nowhere"), get("/sub/nowhere/x"), get("/wrong-model"), get("/wrong-model", method="DELETE"),
    post_json("/items/x", {"name": 1}), post_json("/items/1?q=a&q=2", [1, {"a": None}]),
    post_json("/items/1?q=1", {"name": "n", "price": 1}),
]  # fmt: skip


@pytest.mark.parametrize("question", HANDLED, ids=labels(HANDLED))
def test_handlers(question: Question) -> None:
    compare(handled, question)


def everything_handled(fw):
    """One handler for `Exception`: it answers, and the error still reaches the server."""
    app = fw.FastAPI(debug=False)

    @app.exception_handler(Exception)
    def everything(request: fw.Request, error: Exception):
        return fw.responses.PlainTextResponse(f"{type(error).__name__}: {error}", 555)

    @app.get("/value")
    async def value():
        raise ValueError("v")

    @app.get("/http")
    async def http():
        raise fw.HTTPException(400, "h")

    @app.get("/number")
    async def number(q: int):
        return q

    @app.get("/model")
    async def model() -> int:
        return "x"  # type: ignore[return-value]

    return app


@pytest.mark.parametrize("path", ["/value", "/http", "/number?q=x", "/model", "/none"])
def test_everything_handled(path: str) -> None:
    compare(everything_handled, get(path))


def debugging(fw):
    """`debug=True` answers with a traceback, whose lines are each framework's own: so it is caught and told short."""
    app = fw.FastAPI(debug=True)

    @app.get("/value")
    async def value():
        raise ValueError("v")

    @app.middleware("http")
    async def shorten(request: fw.Request, call_next: Any):
        try:
            return await call_next(request)
        except ValueError as error:
            return fw.responses.PlainTextResponse(f"caught {error}", 500)

    return app


def test_debug() -> None:
    compare(debugging, get("/value"), get("/value", ("accept", "text/html")))


def texts(fw):
    """The words of errors that a handler or a test may print."""
    app = fw.FastAPI()
    exceptions = fw.exceptions

    @app.get("/")
    async def all_texts():
        errors = [
            fw.HTTPException(404), fw.HTTPException(404, "d", {"a": "b"}), fw.WebSocketException(1008, "r"),
            exceptions.RequestValidationError([{"loc": ("a",), "msg": "m"}]),
            exceptions.RequestValidationError([]),
            exceptions.ResponseValidationError([{"x": 1}, {"y": 2}], body={}),
            exceptions.WebSocketRequestValidationError([{"a": 1}]), exceptions.FastAPIError("f"),
        ]  # fmt: skip
        return [[type(error).__name__, str(error), repr(error)] for error in errors]

    return app


def test_texts() -> None:
    compare(texts, get("/"))


def bad_handler_key(fw):
    """A handler for something that is neither status nor exception class."""
    app = fw.FastAPI()
    app.add_exception_handler("404", lambda request, error: None)
    return app


def test_bad_handler_key() -> None:
    """Both keep it, so both must answer alike."""
    compare(bad_handler_key, get("/"))


def late_middleware(fw):
    """Middleware cannot be added once the application has answered."""
    app = fw.FastAPI()

    @app.get("/add")
    async def add():
        try:
            app.add_middleware(fw.middleware.gzip.GZipMiddleware)
        except RuntimeError as error:
            return str(error)

    return app


def test_late_middleware() -> None:
    compare(late_middleware, get("/add"))


def empty_prefix_and_path(fw):
    """A router without prefix whose route has no path."""
    app = fw.FastAPI()
    router = fw.APIRouter()

    @router.get("")
    async def read():
        return 1

    app.include_router(router)
    return app


def bad_prefix(fw):
    """A prefix that ends with a slash."""
    return fw.FastAPI().include_router(fw.APIRouter(prefix="/a/"))


def own_inclusion(fw):
    """A router that includes itself."""
    router = fw.APIRouter()
    router.include_router(router)
    return router


@pytest.mark.parametrize("build", [empty_prefix_and_path, bad_prefix, own_inclusion])
def test_refused(build: Build) -> None:
    compare_refusal(build)


def test_validation_error_is_pydantics() -> None:
    """A `ValidationError` raised by an endpoint's own code is a 500, never a 422: seen in `test_http_exceptions`."""
    with pytest.raises(ValidationError):
        Item.model_validate({})
    (answer,) = compare(http_exceptions, get("/validation"))
    assert answer.status == 500
