"""The pages of the documentation escape what they are given; CORS names the origin that it lets in."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from reliability.sockets import exchange, request
from vivace import FastAPI
from vivace.middleware.cors import CORSMiddleware

from .conftest import Serve

EVIL = "</title></script><script>alert('x')</script>\"'"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_titles_are_escaped(serve: Serve, path: str) -> None:
    (answer,) = exchange(serve(FastAPI(title=EVIL)).address, request(path))
    assert answer.status == 200
    assert b"<script>alert" not in answer.body


class Page(HTMLParser):
    """What a browser makes of a page: the attributes of all elements, and the programs that it runs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str | None]] = []
        self.programs: list[str] = []
        self._is_program = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        self._is_program = tag == "script" and dict(attrs).get("type") != "application/json"

    def handle_data(self, data: str) -> None:
        if self._is_program:
            self.programs.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._is_program = False


PREFIXES = ("/x';alert(1);'", '/x"onload="alert(1)', "/</script><script>alert(1)</script>")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_urls_are_escaped(serve: Serve, path: str, prefix: str) -> None:
    served = serve(FastAPI(), root_path=prefix)
    (answer,) = exchange(served.address, request(path))
    assert answer.status == 200 and b"alert(1)" in answer.body
    page = Page(answer.body.decode())
    assert "onload" not in dict(page.attributes)
    for program in page.programs:
        assert not program.startswith("alert") and "';alert(1)" not in program


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_parameters_of_a_page_are_escaped(serve: Serve, path: str) -> None:
    app = FastAPI(
        swagger_ui_parameters={"x": EVIL}, swagger_ui_init_oauth={"clientId": EVIL}, openapi_url="/o.json"
    )
    (answer,) = exchange(serve(app).address, request(path))
    assert b"<script>alert" not in answer.body


def cors_app(**options: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def root() -> Any:
        return 1

    app.add_middleware(CORSMiddleware, **options)
    return app


def test_cors_with_credentials_names_the_origin(serve: Serve) -> None:
    app = cors_app(allow_origins=["*"], allow_credentials=True)
    data = request("/", origin="https://a.example", cookie="session=1")
    (answer,) = exchange(serve(app).address, data)
    assert answer.header(b"access-control-allow-origin") == b"https://a.example"
    assert b"origin" in (answer.header(b"vary") or b"").lower()


def test_cors_does_not_let_in_others(serve: Serve) -> None:
    app = cors_app(allow_origins=["https://a.example"], allow_credentials=True)
    served = serve(app)
    for origin in ("https://evil.example", "https://a.example.evil.example", "null", "https://a.example:1"):
        (answer,) = exchange(served.address, request("/", origin=origin))
        assert answer.header(b"access-control-allow-origin") is None
        assert b"origin" in (answer.header(b"vary") or b"").lower()
        preflight = request("/", "OPTIONS", origin=origin, access_control_request_method="GET")
        (answer,) = exchange(served.address, preflight, ["OPTIONS"])
        assert answer.status == 400


def test_a_regular_expression_of_origins_is_matched_as_a_whole(serve: Serve) -> None:
    app = cors_app(allow_origin_regex=r"https://.*\.a\.example")
    (answer,) = exchange(serve(app).address, request("/", origin="https://x.a.example.evil.example"))
    assert answer.header(b"access-control-allow-origin") is None
