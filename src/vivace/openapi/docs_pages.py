"""The pages that an application serves by itself: Swagger UI, ReDoc, Scalar, and the landing page of a sign-in.

They work without a network and under a strict Content-Security-Policy: no script stands in a page, and every file
comes from the page's own address, as `?asset=NAME`. So no path is taken from the user's routes, and a proxy's prefix
needs no thought. Settings stand in the page as data. A viewer that was not fetched when vivace was installed (see
`hatch_build.py`), or `source="cdn"`, is loaded from the content delivery network in the same version, with its hash.

Knows no app: whoever serves a page asks `asset` first, then for the page.

    async def docs(request: Request) -> Response:
        return asset(request) or redoc_page(title="Shop", openapi_url="/openapi.json")
"""

from functools import cache
from pathlib import Path
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from vivace import __version__
from vivace.encoders import jsonable_encoder

from .docs import attribute, html_safe_json, swagger_ui_default_parameters, swagger_ui_program, title_text
from .viewers.pins import REDOC, SCALAR, SWAGGER_UI, VIEWERS, Viewer

AssetSource = Literal["local", "cdn"]

_FOLDER = Path(__file__).with_name("viewers")
_OWN = ("icon.svg", "oauth2-redirect.js", "redoc.js", "scalar.js", "swagger-ui.js", "viewers.css")


# --- files ----------------------------------------------------------------------------------------------------------


def asset(request: Request) -> Response | None:
    """The file that a page's address asks for with `?asset=NAME`; None where it asks for the page itself."""
    name = request.query_params.get("asset")
    if name is None:
        return None
    path = _files().get(name)
    if path is None:
        return PlainTextResponse("There is no such file.", 404)
    # Every name holds a version, so what it names never changes.
    return FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@cache
def _files() -> dict[str, Path]:
    """The files that may be asked for, by name."""
    own = {_own_name(file): _FOLDER / file for file in _OWN}
    names = [viewer.path(file) for viewer in VIEWERS for file in viewer.integrity]
    fetched = {name: _FOLDER / "fetched" / name for name in names}
    return own | {name: path for name, path in fetched.items() if path.is_file()}


def _own_name(file: str) -> str:
    return f"vivace@{__version__}/{file}"


def _own(file: str) -> str:
    """The address of a file of our own."""
    return f"?asset={_own_name(file)}"


def _address(viewer: Viewer, file: str, source: AssetSource) -> str:
    """What follows `src=` or `href=` for a file of a viewer."""
    name = viewer.path(file)
    if source == "local" and name in _files():
        return f'"?asset={name}"'
    # https://www.w3.org/TR/SRI/: a copy with another hash is not run.
    return f'"{viewer.cdn_url(file)}" integrity="{viewer.integrity[file][0]}" crossorigin="anonymous"'


# --- pages ----------------------------------------------------------------------------------------------------------


def swagger_ui_page(
    *,
    title: str,
    openapi_url: str,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    parameters: dict[str, Any] | None = None,
    source: AssetSource = "local",
) -> HTMLResponse:
    """Swagger UI; the parameters are those of `docs.get_swagger_ui_html`."""
    merged = swagger_ui_default_parameters | (parameters or {})
    page: dict[str, Any] = {"swaggerUI": {"url": openapi_url, **jsonable_encoder(merged)}}
    if oauth2_redirect_url:
        page["oauth2RedirectUrl"] = oauth2_redirect_url
    if init_oauth:
        page["initOAuth"] = jsonable_encoder(init_oauth)
    program = swagger_ui_program(
        openapi_url=openapi_url,
        oauth2_redirect_url=oauth2_redirect_url,
        init_oauth=init_oauth,
        parameters=merged,
    )
    body = f"""
    <div id="swagger-ui"></div>
    <script type="application/json" id="settings">{html_safe_json(page)}</script>
    <!-- As a program, for tools and tests that read the settings of such a page out of its text:
{program}
    -->
    <script src={_address(SWAGGER_UI, "swagger-ui-bundle.js", source)}></script>
    <script src="{_own("swagger-ui.js")}"></script>"""
    style = f'\n    <link rel="stylesheet" href={_address(SWAGGER_UI, "swagger-ui.css", source)}>'
    return _page(title, body, style)


def redoc_page(*, title: str, openapi_url: str, source: AssetSource = "local") -> HTMLResponse:
    """ReDoc, with the system's fonts."""
    body = f"""
    <noscript>ReDoc draws this page with JavaScript, which is switched off in this browser.</noscript>
    <div id="redoc" spec-url="{attribute(openapi_url)}"></div>
    <script src={_address(REDOC, "bundles/redoc.standalone.js", source)}></script>
    <script src="{_own("redoc.js")}"></script>"""
    return _page(title, body)


def scalar_page(*, title: str, openapi_url: str, source: AssetSource = "local") -> HTMLResponse:
    """Scalar's API reference, with the system's fonts and nothing that calls its makers."""
    body = f"""
    <noscript>Scalar draws this page with JavaScript, which is switched off in this browser.</noscript>
    <div id="scalar" data-url="{attribute(openapi_url)}"></div>
    <script src={_address(SCALAR, "dist/browser/standalone.js", source)}></script>
    <script src="{_own("scalar.js")}"></script>"""
    return _page(title, body)


def oauth2_redirect_page() -> HTMLResponse:
    """Where an authorization server sends the browser back; see `docs.get_swagger_ui_oauth2_redirect_html`."""
    body = f"""
    <!-- Hands the answer to window.opener.swaggerUIRedirectOauth2, and closes. -->
    <script src="{_own("oauth2-redirect.js")}"></script>"""
    return _page("Signing in", body)


def _page(title: str, body: str, style: str = "") -> HTMLResponse:
    return HTMLResponse(f"""\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title_text(title)}</title>
    <link rel="icon" href="{_own("icon.svg")}">{style}
    <link rel="stylesheet" href="{_own("viewers.css")}">
  </head>
  <body>{body}
  </body>
</html>
""")
