"""The pages on which people read a document: Swagger UI, ReDoc, and Swagger UI's landing page for OAuth2.

Each function gives one HTML response and keeps nothing. Both viewers load their own script from the address
given here, then fetch the document; whoever must not depend on a content delivery network passes addresses
of their own.

Rules: text goes into a page escaped for the place where it stands (attribute, title, script), because
addresses can carry a `root_path` that a proxy chose. The JavaScript names (`SwaggerUIBundle`,
`ui.initOAuth`, `swaggerUIRedirectOauth2`) are the viewers' own interfaces. Knows nothing of apps, routes or
the document's content.

These are FastAPI's functions, and their pages hold scripts of their own; the pages that an application serves by
itself are those of `docs_pages`, which hold none.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse

from vivace.encoders import jsonable_encoder

_FAVICON = "https://fastapi.tiangolo.com/img/favicon.png"

# https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/
swagger_ui_default_parameters: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js",
    swagger_css_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css",
    swagger_favicon_url: str = _FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """The page that shows a document with Swagger UI.

    `swagger_ui_parameters` are merged over `swagger_ui_default_parameters`; `init_oauth` is what
    `ui.initOAuth()` takes. Both may hold whatever `jsonable_encoder` can turn into JSON, or TypeError is
    raised.

    Example:
        @app.get("/docs", include_in_schema=False)
        async def docs():
            return get_swagger_ui_html(openapi_url="/openapi.json", title="Shop",
            swagger_js_url="/static/ui.js")

    Source: https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/
    """
    program = swagger_ui_program(
        openapi_url=openapi_url,
        oauth2_redirect_url=oauth2_redirect_url,
        init_oauth=init_oauth,
        parameters=swagger_ui_default_parameters | (swagger_ui_parameters or {}),
    )
    return HTMLResponse(
        _SWAGGER_UI_PAGE.format(
            title=title_text(title),
            css=attribute(swagger_css_url),
            favicon=attribute(swagger_favicon_url),
            js=attribute(swagger_js_url),
            program=program,
        )
    )


def swagger_ui_program(
    *,
    openapi_url: str,
    oauth2_redirect_url: str | None,
    init_oauth: dict[str, Any] | None,
    parameters: dict[str, Any],
) -> str:
    """The JavaScript that starts Swagger UI, fit for a `<script>` element or an HTML comment."""
    settings = [f"        url: {_js_text(openapi_url)},"]
    settings += [
        f"        {html_safe_json(name)}: {html_safe_json(jsonable_encoder(value))},"
        for name, value in parameters.items()
    ]
    if oauth2_redirect_url:
        settings.append(
            f"        oauth2RedirectUrl: window.location.origin + {_js_text(oauth2_redirect_url)},"
        )
    sign_in = f"\n      ui.initOAuth({html_safe_json(jsonable_encoder(init_oauth))})" if init_oauth else ""
    return _SWAGGER_UI_PROGRAM.format(settings="\n".join(settings), sign_in=sign_in)


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js",
    redoc_favicon_url: str = _FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """The page that shows a document with ReDoc.

    `with_google_fonts=False` keeps readers' browsers away from Google's servers; ReDoc then takes the
    system's fonts.

    Example:
        get_redoc_html(openapi_url="/openapi.json", title="Shop", with_google_fonts=False)

    Source: https://redocly.com/docs/redoc/deployment/html
    """
    return HTMLResponse(
        _REDOC_PAGE.format(
            title=title_text(title),
            fonts=_REDOC_FONTS if with_google_fonts else "",
            favicon=attribute(redoc_favicon_url),
            openapi_url=attribute(openapi_url),
            js=attribute(redoc_js_url),
        )
    )


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """The page to which an authorization server sends the browser back, when a reader signs in from Swagger UI.

    It hands the answer (RFC 6749, 4.1.2 and 4.2.2) to the Swagger UI window that opened it, and closes
    itself.

    Example:
        @app.get("/docs/oauth2-redirect", include_in_schema=False)
        async def oauth2_redirect():
            return get_swagger_ui_oauth2_redirect_html()
    """
    return HTMLResponse(_OAUTH2_REDIRECT_PAGE.format(script=_oauth2_redirect_script()))


@cache
def _oauth2_redirect_script() -> str:
    return Path(__file__).with_name("viewers").joinpath("oauth2-redirect.js").read_text(encoding="utf-8")


# ---- text in its place -------------------------------------------------------------------------------------

# A browser looks for "</script>" and "<!--" before it reads the script, so no such character may stand
# there raw.
_SCRIPT_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_JS_TEXT_ESCAPES = _SCRIPT_ESCAPES | str.maketrans({"'": "\\u0027", "\\": "\\\\", "\n": "\\n", "\r": "\\r"})
# "&" stays: it ends neither an attribute nor a title, and people pass text that is escaped already.
_ATTRIBUTE_ESCAPES = str.maketrans({'"': "&quot;", "<": "&lt;", ">": "&gt;"})


def html_safe_json(value: Any) -> str:
    """JSON that may stand inside a `<script>` element: `{"a": "</script>"}` gives `{"a": "\\u003c/script\\u003e"}`."""
    return json.dumps(value).translate(_SCRIPT_ESCAPES)


def _js_text(text: str) -> str:
    return f"'{text.translate(_JS_TEXT_ESCAPES)}'"


def attribute(text: str) -> str:
    return text.translate(_ATTRIBUTE_ESCAPES)


def title_text(text: str) -> str:
    return text.replace("<", "&lt;")


# ---- the pages ---------------------------------------------------------------------------------------------

_SWAGGER_UI_PAGE = """\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    <link rel="icon" href="{favicon}">
    <link rel="stylesheet" href="{css}">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="{js}"></script>
    <script>
{program}
    </script>
  </body>
</html>
"""

_SWAGGER_UI_PROGRAM = """\
      const ui = SwaggerUIBundle({{
{settings}
        presets: [
          SwaggerUIBundle.presets.apis,
          SwaggerUIBundle.SwaggerUIStandalonePreset
        ],
      }}){sign_in}"""

_REDOC_FONTS = """
    <link rel="stylesheet"
      href="https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700">"""

_REDOC_PAGE = """\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>{fonts}
    <link rel="icon" href="{favicon}">
    <style>body {{ margin: 0; padding: 0; }}</style>
  </head>
  <body>
    <noscript>ReDoc draws this page with JavaScript, which is switched off in this browser.</noscript>
    <redoc spec-url="{openapi_url}"></redoc>
    <script src="{js}"></script>
  </body>
</html>
"""

_OAUTH2_REDIRECT_PAGE = """\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Signing in</title>
  </head>
  <body>
    <script>
{script}    </script>
  </body>
</html>
"""
