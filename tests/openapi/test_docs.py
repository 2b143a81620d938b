"""The pages: they load the viewer, tell it what to show, and let no text out of its place."""

from __future__ import annotations

import datetime
import inspect
from typing import Any

import fastapi.openapi.docs as theirs
import pytest
from starlette.responses import HTMLResponse

import vivace.openapi.docs as ours
from vivace.openapi.docs import get_redoc_html, get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html


def text(page: HTMLResponse) -> str:
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    return bytes(page.body).decode()


def swagger(**options: Any) -> str:
    return text(get_swagger_ui_html(**{"openapi_url": "/openapi.json", "title": "Shop", **options}))


def redoc(**options: Any) -> str:
    return text(get_redoc_html(**{"openapi_url": "/openapi.json", "title": "Shop", **options}))


@pytest.mark.parametrize(
    "name", ["get_swagger_ui_html", "get_redoc_html", "get_swagger_ui_oauth2_redirect_html"]
)
def test_parameters_and_defaults_are_fastapis(name: str) -> None:
    def parameters(module: Any) -> list[Any]:
        signature = inspect.signature(getattr(module, name))
        return [(p.name, p.kind, p.default) for p in signature.parameters.values()]

    assert parameters(ours) == parameters(theirs)
    assert ours.swagger_ui_default_parameters == theirs.swagger_ui_default_parameters


def test_swagger_ui_gets_the_document_and_the_default_settings() -> None:
    page = swagger()

    assert "<title>Shop</title>" in page
    assert "url: '/openapi.json'," in page
    assert '"dom_id": "#swagger-ui",' in page
    assert '"deepLinking": true,' in page
    assert "oauth2RedirectUrl" not in page
    assert "initOAuth" not in page


def test_settings_of_the_caller_replace_defaults_one_by_one() -> None:
    page = swagger(swagger_ui_parameters={"deepLinking": False, "since": datetime.date(2024, 2, 29)})

    assert '"deepLinking": false,' in page
    assert '"deepLinking": true,' not in page
    assert '"layout": "BaseLayout",' in page
    assert '"since": "2024-02-29",' in page


def test_sign_in_is_set_up_where_asked_for() -> None:
    page = swagger(init_oauth={"clientId": "shop"}, oauth2_redirect_url="/docs/oauth2-redirect")

    assert 'ui.initOAuth({"clientId": "shop"})' in page
    assert "oauth2RedirectUrl: window.location.origin + '/docs/oauth2-redirect'," in page


@pytest.mark.parametrize(
    "options",
    [
        {"swagger_ui_parameters": {"a": "</script><script>alert(1)</script>"}},
        {"swagger_ui_parameters": {"</script><script>alert(1)</script>": 1}},
        {"init_oauth": {"appName": "</script><script>alert(1)</script>"}},
        {"openapi_url": "/</script><script>alert(1)</script>"},
        {"oauth2_redirect_url": "/</script><script>alert(1)</script>"},
        {"title": "</title><script>alert(1)</script>"},
        {"swagger_js_url": '"></script><script>alert(1)</script>'},
    ],
    ids=lambda options: next(iter(options)),
)
def test_no_text_starts_a_script_of_its_own(options: dict[str, Any]) -> None:
    assert "<script>alert(1)" not in swagger(**options)


def test_a_quote_does_not_end_an_address() -> None:
    page = swagger(openapi_url="/it's/openapi.json\\")

    assert r"url: '/it\u0027s/openapi.json\\'," in page
    assert '<redoc spec-url="/&quot;a&quot;?b=1&c=2">' in redoc(openapi_url='/"a"?b=1&c=2')


def test_redoc_stays_away_from_google_when_told_to() -> None:
    assert "fonts.googleapis.com" in redoc()
    assert "fonts.googleapis.com" not in redoc(with_google_fonts=False)


def test_the_viewers_come_from_where_the_caller_says() -> None:
    page = swagger(swagger_js_url="/s.js", swagger_css_url="/s.css", swagger_favicon_url="/s.png")
    assert all(part in page for part in ('src="/s.js"', 'href="/s.css"', 'href="/s.png"'))

    page = redoc(redoc_js_url="/r.js", redoc_favicon_url="/r.png")
    assert all(part in page for part in ('src="/r.js"', 'href="/r.png"'))


def test_the_redirect_page_answers_the_window_that_opened_it() -> None:
    page = text(get_swagger_ui_oauth2_redirect_html())

    assert "window.opener.swaggerUIRedirectOauth2" in page
    assert all(name in page for name in ("callback(", "errCb(", "redirectUrl", "isValid", "window.close()"))
