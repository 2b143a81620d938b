"""The settings of an app, and what each does."""

from typing import Any

import pytest
from starlette.middleware import Middleware

from vivace import APIRouter, Depends, FastAPI, Header, HTTPException
from vivace.middleware.cors import CORSMiddleware
from vivace.responses import PlainTextResponse
from vivace.testclient import TestClient


def app_with(**settings: Any) -> FastAPI:
    app = FastAPI(**settings)

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    @app.post("/data")
    async def data(body: dict[str, int]) -> int:
        return len(body)

    return app


def test_the_document_shows_title_version_and_the_like() -> None:
    app = app_with(
        title="Shop",
        version="2.1.0",
        summary="Sells instruments",
        description="In *many* keys",
        terms_of_service="https://example.org/terms",
        contact={"name": "Ada"},
        license_info={"name": "MIT"},
        openapi_tags=[{"name": "items"}],
        servers=[{"url": "https://example.org"}],
        openapi_external_docs={"url": "https://example.org/docs"},
    )
    document = app.openapi()
    assert document["info"] == {
        "title": "Shop",
        "summary": "Sells instruments",
        "description": "In *many* keys",
        "termsOfService": "https://example.org/terms",
        "contact": {"name": "Ada"},
        "license": {"name": "MIT"},
        "version": "2.1.0",
    }
    assert document["tags"] == [{"name": "items"}]
    assert document["servers"] == [{"url": "https://example.org"}]
    assert document["externalDocs"] == {"url": "https://example.org/docs"}


def test_dependencies_are_called_before_every_endpoint() -> None:
    async def has_token(x_token: str = Header()) -> None:
        if x_token != "secret":
            raise HTTPException(403)

    client = TestClient(app_with(dependencies=[Depends(has_token)]))
    assert client.get("/hello").status_code == 422
    assert client.get("/hello", headers={"x-token": "guessed"}).status_code == 403
    assert client.get("/hello", headers={"x-token": "secret"}).status_code == 200


def test_default_response_class() -> None:
    response = TestClient(app_with(default_response_class=PlainTextResponse)).get("/hello")
    assert (response.headers["content-type"], response.text) == ("text/plain; charset=utf-8", "hello")


def test_redirect_slashes() -> None:
    assert TestClient(app_with()).get("/hello/").json() == "hello"
    assert TestClient(app_with(redirect_slashes=False)).get("/hello/").status_code == 404


def test_max_body_size_counts_bytes() -> None:
    client = TestClient(app_with(max_body_size=20))
    assert client.post("/data", json={"a": 1}).json() == 1
    assert client.post("/data", json={"a": 1, "long": 22222222}).status_code == 413


@pytest.mark.parametrize(("strict", "status"), [(True, 422), (False, 200)])
def test_strict_content_type(strict: bool, status: int) -> None:
    """A browser sends a body without a Content-Type to any site, unasked; so it is not JSON unless you say so."""
    client = TestClient(app_with(strict_content_type=strict))
    assert client.post("/data", content=b'{"a": 1}').status_code == status


def test_middleware() -> None:
    client = TestClient(app_with(middleware=[Middleware(CORSMiddleware, allow_origins=["*"])]))
    assert (
        client.get("/hello", headers={"origin": "https://example.org"}).headers["access-control-allow-origin"]
        == "*"
    )


def test_middleware_as_a_decorated_function() -> None:
    app = app_with()

    @app.middleware("http")
    async def add_version(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-version"] = "1"
        return response

    response = TestClient(app).get("/hello")
    assert (response.json(), response.headers["x-version"]) == ("hello", "1")


def test_generate_unique_id_function() -> None:
    app = app_with(generate_unique_id_function=lambda route: f"call_{route.name}")
    assert app.openapi()["paths"]["/hello"]["get"]["operationId"] == "call_hello"


def test_responses_of_every_operation() -> None:
    app = app_with(responses={418: {"description": "A teapot"}})
    assert app.openapi()["paths"]["/hello"]["get"]["responses"]["418"] == {"description": "A teapot"}


def test_state_is_yours() -> None:
    app = app_with()
    app.state.started = "today"
    assert app.state.started == "today"


def test_routers_have_settings_too_and_they_add_up() -> None:
    app = FastAPI(dependencies=[Depends(noting("app"))])
    outer = APIRouter(prefix="/outer", tags=["outer"], dependencies=[Depends(noting("outer"))])
    inner = APIRouter(prefix="/inner", tags=["inner"], dependencies=[Depends(noting("inner"))])

    @inner.get("/hello", tags=["own"], dependencies=[Depends(noting("route"))])
    async def hello() -> None: ...

    outer.include_router(inner)
    app.include_router(outer, prefix="/v1", tags=["v1"], dependencies=[Depends(noting("include"))])
    noted.clear()
    assert TestClient(app).get("/v1/outer/inner/hello").status_code == 200
    assert noted == ["app", "include", "outer", "inner", "route"]
    assert app.openapi()["paths"]["/v1/outer/inner/hello"]["get"]["tags"] == ["v1", "outer", "inner", "own"]


noted: list[str] = []


def noting(name: str) -> Any:
    async def note() -> None:
        noted.append(name)

    return note


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"title": ""}, "A title must be provided for OpenAPI"),
        ({"version": ""}, "A version must be provided for OpenAPI"),
        ({"max_body_size": -1}, "max_body_size"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], error: str) -> None:
    with pytest.raises((AssertionError, ValueError), match=error):
        FastAPI(**settings)
