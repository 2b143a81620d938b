"""The document and its pages: where they are, how to move or remove them, and where their files come from."""

import base64
import hashlib
import re
from typing import Any
from unittest.mock import patch

import pytest

from vivace import FastAPI
from vivace.openapi import docs_pages
from vivace.openapi.viewers.pins import VIEWERS, Viewer
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
        ("/scalar", "<title>Shop - Scalar</title>"),
        ("/scalar", 'data-url="/openapi.json"'),
        ("/docs/oauth2-redirect", "window.opener.swaggerUIRedirectOauth2"),
    ],
)
def test_the_pages(path: str, says: str) -> None:
    response = get(path, scalar_url="/scalar")
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
        ({}, "/scalar", 404),
        ({"scalar_url": "/scalar"}, "/scalar", 200),
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


# --- files ----------------------------------------------------------------------------------------------------------

PAGES = ["/docs", "/redoc", "/scalar", "/docs/oauth2-redirect"]


def page(path: str, **settings: Any) -> str:
    text: str = get(path, scalar_url="/scalar", **settings).text
    return text


def files_of(text: str) -> list[str]:
    """The addresses of the scripts, styles and pictures of a page."""
    return re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', text)


@pytest.mark.parametrize("path", PAGES)
def test_every_file_comes_from_the_page_itself(path: str) -> None:
    client = TestClient(FastAPI(scalar_url="/scalar"))
    files = files_of(client.get(path).text)
    assert files
    for file in files:
        assert file.startswith("?asset=")
        response = client.get(path + file)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["content-type"].partition(";")[0] in (
            "text/javascript",
            "application/javascript",
            "text/css",
            "image/svg+xml",
        )


@pytest.mark.parametrize("path", PAGES)
def test_no_script_stands_in_a_page(path: str) -> None:
    text = page(path)
    assert not re.search(r"<script>|<style>| on\w+=| style=", text)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize(
    "name", ["", "swagger-ui.js", "../pins.py", "vivace@1.0.0/../pins.py", "/etc/passwd"]
)
def test_only_their_own_files_are_given_out(name: str) -> None:
    assert TestClient(FastAPI()).get("/docs", params={"asset": name}).status_code == 404


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.name)
def test_the_files_are_the_pinned_ones(viewer: Viewer) -> None:
    for file, accepted in viewer.integrity.items():
        path = docs_pages._files().get(viewer.path(file))
        assert path is not None, "not fetched: run `python hatch_build.py`"
        digest = base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
        assert f"sha384-{digest}" in accepted


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/scalar"])
def test_from_the_content_delivery_network(path: str) -> None:
    text = page(path, docs_assets="cdn")
    elsewhere = re.findall(r'="(https://[^"]+)" integrity="(sha384-[^"]+)" crossorigin="anonymous"', text)
    published = {
        viewer.cdn_url(file): accepted[0] for viewer in VIEWERS for file, accepted in viewer.integrity.items()
    }
    assert elsewhere
    assert dict(elsewhere).items() <= published.items()
    own = [file for file in files_of(text) if not file.startswith("https://")]
    assert all(file.startswith("?asset=vivace@") for file in own)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/scalar"])
def test_what_was_not_fetched_comes_from_the_network(path: str) -> None:
    own_files_only = {name: file for name, file in docs_pages._files().items() if name.startswith("vivace@")}
    with patch.object(docs_pages, "_files", lambda: own_files_only):
        assert page(path) == page(path, docs_assets="cdn")


def test_a_source_that_there_is_not() -> None:
    with pytest.raises(AssertionError, match="docs_assets is 'local' or 'cdn', not 'here'"):
        FastAPI(docs_assets="here")  # type: ignore[arg-type]


def test_settings_stand_in_the_page_as_data() -> None:
    text = page("/docs", swagger_ui_parameters={"x": "</script><script>alert(1)</script> -->"})
    assert "<script>alert(1)" not in text
    assert text.count("-->") == 1


def test_titles_are_escaped() -> None:
    for path in ("/docs", "/redoc", "/scalar"):
        text = TestClient(FastAPI(title="</title><script>alert(1)", scalar_url="/scalar")).get(path).text
        assert "<script>alert(1)" not in text


def test_a_prefix_is_escaped() -> None:
    client = TestClient(FastAPI(scalar_url="/scalar"), root_path='/"><script>alert(1)</script>')
    for path in ("/docs", "/redoc", "/scalar"):
        assert "<script>alert(1)" not in client.get(path).text
