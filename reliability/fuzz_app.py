"""The application that the framework's parsers are fuzzed through, once on each framework.

No `from __future__ import annotations` here: the annotations of its endpoints name what is only known in `make_app`.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

PATHS = (
    "/a",
    "/a/b",
    "/a/{one}",
    "/{one}/b",
    "/a/{one:int}/c",
    "/a/{rest:path}",
    "/f/{one:float}",
    "/u/{one:uuid}",
    "/x/{one}.{two}",
)


def make_app(framework: str) -> Any:
    """The same application on either."""
    web = import_module(framework)
    security = import_module(f"{framework}.security")
    pydantic = import_module("pydantic")

    item = pydantic.create_model("Item", name=(str, ...), price=(float, 0), tags=(list[str], []))
    app = web.FastAPI()

    @app.get("/query")
    async def query(
        q: str | None = None,
        number: int = 0,
        many: Annotated[list[str] | None, web.Query()] = None,
        flag: bool = False,
    ) -> Any:
        return [q, number, many, flag]

    @app.post("/json")
    async def json(item: item) -> Any:
        return item

    @app.post("/two")
    async def two(item: item, note: Annotated[str, web.Body()]) -> Any:
        return [item, note]

    @app.post("/form")
    async def form(
        name: Annotated[str, web.Form()], many: Annotated[list[int] | None, web.Form()] = None
    ) -> Any:
        return [name, many]

    @app.get("/basic")
    async def basic(credentials: Any = web.Depends(security.HTTPBasic())) -> Any:
        return [credentials.username, credentials.password]

    @app.get("/bearer")
    async def bearer(token: Any = web.Depends(security.OAuth2PasswordBearer(tokenUrl="token"))) -> Any:
        return token

    @app.get("/cookie")
    async def cookie(
        a: Annotated[str | None, web.Cookie()] = None, b: Annotated[int, web.Cookie()] = 0
    ) -> Any:
        return [a, b]

    @app.get("/header")
    async def header(x_a: Annotated[list[str] | None, web.Header()] = None) -> Any:
        return x_a

    for place, path in enumerate(PATHS):
        app.get(path, name=str(place))(_shower(web, place))
    return app


def _shower(web: Any, place: int) -> Callable[..., Any]:
    async def show(request: Any) -> Any:
        return [place, {name: str(value) for name, value in request.path_params.items()}]

    show.__annotations__["request"] = web.Request
    return show
