"""The document and its pages: where they are, and how to move or remove them."""

from typing import Any

import pytest

from vivace import FastAPI
from vivace.testclient import TestClient


def get(path: str, **settings: Any) -> Any:
    return TestClient(FastAPI(title="Shop", **settings)).get(path)


def test_the_document() -> None:
    response = get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert (response.json()["openapi"], response.json()["info"]["title"]) == ("3.1.0", "Shop")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/docs", "<title>Shop - Swagger UI</title>"),
        ("/docs", "url: '/openapi.json'"),
        ("/redoc", "<title>Shop - ReDoc</title>"),
        ("/redoc", 'spec-url="/openapi.json"'),
        ("/docs/oauth2-redirect", "window.opener.swaggerUIRedirectOauth2"),
    ],
)
def test_the_pages(path: str, says: str) -> None:
    response = get(path)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert says in response.text


@pytest.mark.parametrize(
    ("settings", "path", "status"),
    [
        ({"docs_url": "/manual"}, "/manual", 200),
        ({"docs_url": "/manual"}, "/docs", 404),
        ({"docs_url": None}, "/docs", 404),
        ({"docs_url": None}, "/docs/oauth2-redirect", 404),
        ({"redoc_url": None}, "/redoc", 404),
        ({"openapi_url": "/api.json"}, "/api.json", 200),
        ({"openapi_url": None}, "/openapi.json", 404),
        ({"openapi_url": None}, "/docs", 404),  # there is nothing to show
    ],
)
def test_pages_may_be_moved_and_removed(settings: dict[str, Any], path: str, status: int) -> None:
    assert get(path, **settings).status_code == status


def test_settings_of_swagger_ui() -> None:
    page = get(
        "/docs", swagger_ui_parameters={"deepLinking": False}, swagger_ui_init_oauth={"clientId": "shop"}
    ).text
    assert '"deepLinking": false' in page
    assert 'ui.initOAuth({"clientId": "shop"})' in page


def test_pages_know_where_the_app_is_mounted() -> None:
    outer = FastAPI()
    outer.mount("/shop", FastAPI(title="Shop"))
    client = TestClient(outer)
    assert "url: '/shop/openapi.json'" in client.get("/shop/docs").text
    assert client.get("/shop/openapi.json").json()["servers"] == [{"url": "/shop"}]


def test_the_pages_are_not_in_the_document() -> None:
    assert get("/openapi.json").json()["paths"] == {}
