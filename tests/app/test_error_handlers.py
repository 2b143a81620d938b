"""Errors become answers: raised by you, found in a request, or nobody's fault."""

from typing import Any

import pytest

from vivace import FastAPI, HTTPException, Request
from vivace.exception_handlers import http_exception_handler
from vivace.exceptions import RequestValidationError, ResponseValidationError
from vivace.responses import JSONResponse, PlainTextResponse, Response
from vivace.testclient import TestClient


class OutOfStock(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


class LastOneGone(OutOfStock):
    pass


def shop() -> FastAPI:
    app = FastAPI()

    @app.get("/order/{name}")
    async def order(name: str) -> None:
        raise OutOfStock(name)

    @app.get("/last/{name}")
    async def last(name: str) -> None:
        raise LastOneGone(name)

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, {"hint": "coffee"}, headers={"x-tea": "yes"})

    @app.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    @app.get("/wrong", response_model=int)
    async def wrong() -> Any:
        return "not a number"

    return app


def test_an_http_exception_is_an_answer() -> None:
    response = TestClient(shop()).get("/teapot")
    assert (response.status_code, response.json()) == (418, {"detail": {"hint": "coffee"}})
    assert response.headers["x-tea"] == "yes"


def test_a_handler_for_your_own_exception_and_what_derives_from_it() -> None:
    app = shop()

    @app.exception_handler(OutOfStock)
    async def sold_out(request: Request, exc: OutOfStock) -> JSONResponse:
        return JSONResponse({"sold out": exc.name}, 409)

    client = TestClient(app)
    for path in ("/order/guitar", "/last/guitar"):
        response = client.get(path)
        assert (response.status_code, response.json()) == (409, {"sold out": "guitar"})


def test_the_closest_handler_answers() -> None:
    app = shop()
    app.add_exception_handler(OutOfStock, lambda request, exc: PlainTextResponse("sold out", 409))
    app.add_exception_handler(LastOneGone, lambda request, exc: PlainTextResponse("just gone", 410))
    assert TestClient(app).get("/last/guitar").text == "just gone"


def test_a_handler_for_a_status() -> None:
    app = shop()

    @app.exception_handler(404)
    def lost(request: Request, exc: HTTPException) -> PlainTextResponse:
        return PlainTextResponse(f"nothing at {request.url.path}", 404)

    assert TestClient(app).get("/nowhere").text == "nothing at /nowhere"


def test_your_own_words_for_invalid_requests() -> None:
    app = shop()

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
        return JSONResponse({"wrong": [error["loc"][-1] for error in exc.errors()]}, 400)

    response = TestClient(app).get("/number/x")
    assert (response.status_code, response.json()) == (400, {"wrong": ["number"]})


def test_what_nobody_expects_is_a_500_and_is_raised_for_the_log() -> None:
    response = TestClient(shop(), raise_server_exceptions=False).get("/order/guitar")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    with pytest.raises(OutOfStock):
        TestClient(shop()).get("/order/guitar")


def test_a_handler_for_everything_else() -> None:
    app = shop()
    app.add_exception_handler(
        Exception, lambda request, exc: JSONResponse({"sorry": type(exc).__name__}, 500)
    )
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/order/guitar").json() == {"sorry": "OutOfStock"}


def test_an_answer_that_breaks_its_model_is_your_error_not_the_clients() -> None:
    with pytest.raises(ResponseValidationError, match="Input should be a valid integer"):
        TestClient(shop()).get("/wrong")


def test_debug_shows_the_traceback() -> None:
    app = shop()
    app.debug = True
    response = TestClient(app, raise_server_exceptions=False).get("/order/guitar")
    assert "raise OutOfStock(name)" in response.text


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"WWW-Authenticate": "Bearer"},
        {"X-Order": "3", "X-Name": "Ada"},
        {"Content-Type": "application/problem+json"},
        {"content-length": "22"},
    ],
    ids=str,
)
def test_an_http_exception_brings_its_headers(headers: dict[str, str] | None) -> None:
    """On the lane and as messages, as the handler's response has them."""
    app = FastAPI()

    @app.get("/")
    async def refuse() -> None:
        raise HTTPException(409, "It is on its way", headers=headers)

    @app.exception_handler(418)
    async def by_the_built_in_one(request: Request, exc: HTTPException) -> Response:
        return await http_exception_handler(request, exc)

    @app.get("/by-a-handler")
    async def refuse_by_a_handler() -> None:
        raise HTTPException(418, "It is on its way", headers=headers)

    client = TestClient(app)
    plain, made = client.get("/"), client.get("/by-a-handler")
    assert plain.status_code == 409
    assert plain.json() == {"detail": "It is on its way"}
    assert plain.headers.raw == made.headers.raw
