"""Routing: precedence, converters, slashes, methods, encodings, routers in routers, mounts, hosts, late routes."""

# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from typing import Annotated, Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router

from .oracle import (
    Build,
    Question,
    Request,
    compare,
    compare_openapi,
    compare_refusal,
    get,
    labels,
    post_json,
    run,
    served,
)
from .recorder import record, seen


def paths(fw):
    """Literals, parameters and converters that overlap: the first declared wins."""
    app = fw.FastAPI()

    def declare(path: str, name: str, methods: list[str]) -> None:
        @app.api_route(path, methods=methods, name=name)
        async def endpoint(request: fw.Request):
            return {
                "route": name,
                "params": {key: repr(value) for key, value in request.path_params.items()},
                "url": str(request.url),
            }

    for number, (path, methods) in enumerate(PATHS):
        declare(path, f"{number} {path}", methods)
    return app


PATHS: list[tuple[str, list[str]]] = [
    ("/", ["GET"]), ("/users/me", ["GET"]), ("/users/{user_id}", ["GET"]),
    ("/users/{user_id}", ["PUT", "DELETE"]), ("/users/late", ["GET", "POST"]),
    ("/users/{user_id}/", ["PATCH"]), ("/int/{n:int}", ["GET"]), ("/int/{n:float}", ["GET"]),
    ("/int/{n}", ["GET"]), ("/uuid/{u:uuid}", ["GET"]), ("/files/{path:path}", ["GET"]),
    ("/files/special", ["GET"]), ("/{a:path}/tail", ["GET"]), ("/two/{a}-{b}", ["GET"]),
    ("/two/{a}.{b}", ["GET"]), ("/x{a}y", ["GET"]), ("/slash/", ["GET"]), ("/noslash", ["GET", "POST"]),
    ("/both", ["GET"]), ("/both/", ["POST"]), ("/ü/{ß}".replace("ß", "s"), ["GET"]), ("/sp ace", ["GET"]),
    ("/pl+us", ["GET"]), ("/(paren)", ["GET"]), ("/do.t", ["GET"]), ("/do*", ["GET"]), ("/a//b", ["GET"]),
    ("/per%63ent", ["GET"]), ("/deep/{a}/{b}/{c}", ["GET"]), ("/deep/{a}/x/{c}", ["GET"]),
    ("/head", ["HEAD"]), ("/options", ["OPTIONS"]), ("/many", ["GET", "HEAD", "POST", "OPTIONS", "TRACE"]),
    ("/custom", ["BREW"]), ("/end{a:path}", ["GET"]), ("/q/{a}/", ["GET"]),
]  # fmt: skip

TARGETS = (
    "/", "", "//", "/users/me", "/users/ME", "/users/7", "/users/late", "/users/", "/users", "/users/7/",
    "/users/a%2Fb", "/users/%20", "/users/%", "/users/%zz", "/users/%ff", "/users/gr%C3%BC%C3%9F",
    "/users/a%0Ab", "/int/5", "/int/5.5", "/int/-5", "/int/x", "/int/%35", "/int/٣", "/int/00",
    "/int/99999999999999999999999", "/uuid/c892496f-b1fd-4b91-bdb8-b46f92df1716",
    "/uuid/C892496F-B1FD-4B91-BDB8-B46F92DF1716", "/uuid/x", "/files/a/b/c", "/files/", "/files",
    "/files/special", "/files/../x", "/files/a%2F..%2Fb", "/a/b/tail", "/tail", "//tail", "/two/a-b",
    "/two/a-b-c", "/two/a.b", "/two/-", "/two/a-b.c", "/xANYy", "/xy", "/x/y", "/slash", "/slash/",
    "/slash/?q=1&q=2", "/noslash", "/noslash/", "/noslash/?a=%C3%BC", "/both", "/both/", "/%C3%BC/1", "/ü/1",
    "/sp%20ace", "/sp+ace", "/pl+us", "/pl%2Bus", "/(paren)", "/%28paren%29", "/do.t", "/dozt", "/do*",
    "/doo", "/a//b", "/a/b", "/percent", "/per%63ent", "/per%2563ent", "/deep/1/2/3", "/deep/1/x/3",
    "/deep/1/2", "/deep/1/2/3/4", "/head", "/options", "/many", "/custom", "/end", "/end/a/b", "/endless",
    "/q/1", "/q/1/", "/q//", "/users/me?x=1#frag", "/users/;a=b", "/users/.", "/users/..", "/./users/me",
    "/USERS/me", "/users/me%3F", "/users/%00", "*", "/" + "a" * 3000, "/users/me/",
    "http://other.example/users/me",
)  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target[:40])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "BREW", "get", "PUT"])
def test_paths(target: str, method: str) -> None:
    compare(paths, Request(method, target))


def test_openapi_paths() -> None:
    compare_openapi(paths)


@pytest.mark.parametrize(
    "host", ["a.example:81", "", "a/b?c@d", "[::1]:80", "ü", "a.example, b", "@evil", "x" * 300]
)
def test_redirects_and_hosts(host: str) -> None:
    compare(
        paths, get("/slash", ("host", host)), get("/noslash/?q=1", ("host", host)), get("/", ("host", host))
    )


def no_redirects(fw):
    """`redirect_slashes=False` on the application, and on a router."""
    app = fw.FastAPI(redirect_slashes=False)
    router = fw.APIRouter(redirect_slashes=True, prefix="/router")
    for target in (app, router):
        target.get("/slash/")(_constant("slash"))
        target.get("/noslash")(_constant("noslash"))
    app.include_router(router)
    return app


def _constant(value: Any) -> Any:
    async def endpoint() -> Any:
        return value

    return endpoint


@pytest.mark.parametrize(
    "path",
    [
        "/slash",
        "/slash/",
        "/noslash",
        "/noslash/",
        "/router/slash",
        "/router/noslash/",
        "/router",
        "/router/",
    ],
)
def test_no_redirects(path: str) -> None:
    compare(no_redirects, get(path), get(path, method="POST"))


def methods(fw):
    """The verbs as decorators, one path declared several times, and HEAD beside GET."""
    app = fw.FastAPI()

    @app.get("/item")
    async def read():
        return "read"

    @app.post("/item")
    async def create(body: dict):
        return body

    @app.put("/item/{n}")
    @app.patch("/item/{n}")
    def change(n: int):
        return n

    @app.delete("/item", status_code=204)
    async def delete() -> None:
        return None

    @app.options("/item")
    async def options():
        return "options"

    @app.head("/item")
    async def head(response: fw.Response):
        response.headers["x-head"] = "h"

    @app.trace("/item")
    async def trace():
        return "trace"

    @app.get("/twice")
    async def first():
        return "first"

    @app.get("/twice")
    async def second():
        return "second"

    @app.api_route("/lower", methods=["get", "Post"])
    async def lower():
        return "lower"

    @app.api_route("/default")
    async def default():
        return "default"

    app.add_api_route("/added", lambda q=1: q, methods=["GET", "PURGE"])
    app.add_route("/starlette", _starlette, methods=["GET"])
    return app


async def _starlette(request: Any) -> Any:
    return PlainTextResponse(f"starlette {request.url.path}")


METHODS = (
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "HEAD",
    "TRACE",
    "CONNECT",
    "PURGE",
    "BREW",
    "get",
    "",
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    ["/item", "/item/3", "/twice", "/lower", "/default", "/added", "/starlette", "/nowhere", "/openapi.json"],
)
def test_methods(path: str, method: str) -> None:
    compare(methods, Request(method, path))


def test_openapi_methods() -> None:
    compare_openapi(methods)


def routers(fw):
    """Routers in routers, included twice, before and after their routes; prefixes with parameters; merged options."""
    app = fw.FastAPI()
    leaf = fw.APIRouter(
        prefix="/leaf",
        tags=["leaf"],
        responses={404: {"description": "leaf"}},
        dependencies=[fw.Depends(lambda: record("leaf"))],
    )
    middle = fw.APIRouter(prefix="/middle/{middle_id}", tags=["middle"], deprecated=True)
    early = fw.APIRouter(prefix="/early")
    app.include_router(early, prefix="/included", tags=["early"])

    @leaf.get("/read/{n}", tags=["route"], responses={403: {"description": "route"}})
    async def read(n: int, middle_id: str = "none", outer_id: int = 0):
        return seen(n=n, middle_id=middle_id, outer_id=outer_id)

    @leaf.get("")
    async def empty():
        return "empty"

    @leaf.post("/")
    def slash(body: dict):
        return body

    @leaf.websocket("/ws")
    async def socket(websocket: fw.WebSocket):
        await websocket.accept()
        await websocket.close()

    middle.include_router(leaf, prefix="/inner", dependencies=[fw.Depends(lambda: record("inner inclusion"))])

    @middle.get("/own")
    async def own(middle_id: int):
        return middle_id

    @early.get("/late-route")
    async def late_route():
        return "late"

    app.include_router(
        middle,
        prefix="/outer/{outer_id}",
        tags=["outer"],
        responses={500: {"description": "outer"}},
        include_in_schema=True,
    )
    app.include_router(leaf)
    app.include_router(leaf, prefix="/hidden", include_in_schema=False, deprecated=True)
    app.include_router(
        leaf, prefix="/unique", generate_unique_id_function=lambda route: f"unique-{route.name}"
    )

    @leaf.get("/after")
    async def after():
        return "after inclusion"

    @app.get("/leaf/read/{n}")
    async def shadowed(n: str):
        return "never"

    return app


ROUTED = (
    "/leaf", "/leaf/", "/leaf/read/1", "/leaf/read/x", "/leaf/after", "/outer/1/middle/2/inner/leaf/read/3",
    "/outer/x/middle/2/inner/leaf/read/3", "/outer/1/middle/a/own", "/outer/1/middle/5/own", "/hidden/leaf",
    "/hidden/leaf/read/2", "/unique/leaf", "/included/early/late-route", "/early/late-route", "/middle/1/own",
    "/outer/1/middle/2/inner/leaf", "/outer/1/middle/2/inner/leaf/", "/outer/1/middle/2/inner/leaf/after/",
    "/leaf/nowhere",
)  # fmt: skip


@pytest.mark.parametrize("path", ROUTED)
def test_routers(path: str) -> None:
    compare(routers, get(path), post_json(path, {"a": 1}), get(path, method="DELETE"))


def test_openapi_routers() -> None:
    compare_openapi(routers)


def mounts(fw):
    """Applications under paths and hosts, with root paths, Starlette's routes among FastAPI's, and `url_path_for`."""
    app = fw.FastAPI()
    sub = fw.FastAPI(title="Sub")
    api = fw.APIRouter()

    @sub.get("/where/{n}")
    async def where(request: fw.Request, n: int):
        scope = request.scope
        return {
            "n": n,
            "url": str(request.url),
            "base": str(request.base_url),
            "root_path": scope["root_path"],
            "path": scope["path"],
            "for": str(request.url_for("where", n=3)),
        }

    @app.get("/names/{n}", name="own:name")
    async def names(request: fw.Request, n: int):
        return [
            str(request.url_for("own:name", n=n)),
            app.url_path_for("own:name", n=1),
            app.url_path_for("sub", path="/x"),
            str(request.url_for("sub:where", n=2)),
        ]

    @app.get("/no-name")
    async def no_name(request: fw.Request):
        return str(request.url_for("missing"))

    @api.get("/in-host")
    async def in_host():
        return "host"

    async def raw(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(f"raw {scope['path']} {scope['root_path']}")(scope, receive, send)

    app.mount("/sub", sub, name="sub")
    app.mount("/raw", raw)
    app.router.routes.append(
        Mount("/mounted", routes=[Route("/inside/{n:int}", _starlette), Mount("/deeper", app=sub)])
    )
    app.router.routes.append(Host("{name}.hosts.example", app=Router([Route("/", _starlette)])))
    app.host("api.example", api)
    app.mount("", _constant_app("the rest"))
    return app


def _constant_app(text: str) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(text)(scope, receive, send)

    return app


MOUNTED: list[Question] = [
    *(
        get(path) for path in (
            "/sub/where/1", "/sub/where/x", "/sub", "/sub/", "/sub/nowhere", "/raw", "/raw/a/b", "/names/3",
            "/no-name", "/mounted/inside/3", "/mounted/inside/x", "/mounted/deeper/where/2", "/mounted",
            "/any/thing", "/", "/in-host",
        )
    ),
    get("/", ("host", "a.hosts.example")), get("/x", ("host", "a.hosts.example:80")),
    get("/in-host", ("host", "api.example")), get("/sub/where/1", ("host", "api.example")),
    get("/sub/where/1", method="POST"), get("/SUB/where/1"), get("/sub/openapi.json"), get("/openapi.json"),
    get("/sub%2Fwhere/1"),
]  # fmt: skip


@pytest.mark.parametrize("question", MOUNTED, ids=labels(MOUNTED))
def test_mounts(question: Question) -> None:
    compare(mounts, question)


def changing(fw):
    """Routes that are added, and moved, while the application answers."""
    app = fw.FastAPI()
    router = fw.APIRouter()
    app.include_router(router, prefix="/included")

    @app.get("/add/{name}")
    async def add(name: str):
        app.get(f"/{name}")(_constant(f"app {name}"))
        router.get(f"/{name}")(_constant(f"router {name}"))
        return name

    @app.get("/remove")
    async def remove():
        app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") != "/one"]
        return "removed"

    @app.get("/reverse")
    async def reverse():
        app.router.routes.reverse()
        return "reversed"

    @app.get("/{anything}")
    async def anything(anything: str):
        return f"anything {anything}"

    return app


def test_changing() -> None:
    looks = [get("/one"), get("/included/one"), get("/two"), get("/included/two"), get("/openapi.json")]
    for action in ("/two", "/add/one", "/add/two", "/reverse", "/remove", "/reverse"):
        compare(changing, get(action), *looks)


def own_routes(fw):
    """`route_class`, `APIRoute` made by hand, `get_route_handler` overridden, routes given to the constructors."""
    routing = fw.routing

    class Timed(routing.APIRoute):
        def get_route_handler(self):
            original = super().get_route_handler()

            async def handler(request: fw.Request):
                record("before", self.path_format)
                response = await original(request)
                response.headers["x-timed"] = "t"
                return response

            return handler

    class Shouting(Timed):
        def matches(self, scope: Any):
            record("matches")
            return super().matches(scope)

    router = fw.APIRouter(route_class=Timed)

    @router.get("/timed/{n}")
    async def timed(n: int):
        return n

    @router.post("/timed")
    def timed_body(body: dict[str, int]):
        return body

    @router.get("/timed-error")
    async def timed_error():
        raise fw.HTTPException(409, "t")

    async def by_hand(q: Annotated[int, fw.Query(ge=1)] = 1):
        return q

    def shout(q: Annotated[int, fw.Path(ge=1)]):
        return q

    app = fw.FastAPI(
        routes=[
            routing.APIRoute("/by-hand", by_hand),
            Route("/starlette", _starlette),
            Shouting("/shout/{q}", shout, methods=["GET", "POST"]),
        ]
    )
    app.include_router(router)
    app.router.route_class = Timed

    @app.get("/late-class")
    async def late_class():
        return "late"

    return app


OWN: list[Question] = [
    *(
        get(path) for path in (
            "/timed/1", "/timed/x", "/timed-error", "/by-hand", "/by-hand?q=0", "/starlette", "/shout/3",
            "/shout/0", "/late-class", "/openapi.json",
        )
    ),
    post_json("/timed", {"a": 1}), post_json("/timed", {"a": "x"}), get("/shout/1", method="PUT"),
    get("/by-hand", method="POST"),
]  # fmt: skip


@pytest.mark.parametrize("question", OWN, ids=labels(OWN))
def test_own_routes(question: Question) -> None:
    compare(own_routes, question)


def lifespans(fw):
    """Lifespan with state, events of routers, and their order."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def app_life(app: Any):
        record("app starts")
        yield {"from_app": "a", "both": "app"}
        record("app stops")

    @asynccontextmanager
    async def router_life(app: Any):
        record("router starts")
        yield {"from_router": "r", "both": "router"}
        record("router stops")

    app = fw.FastAPI(lifespan=app_life)
    router = fw.APIRouter(lifespan=router_life)

    @router.get("/state")
    async def state(request: fw.Request):
        return request.state._state

    app.include_router(router)
    return app


def events(fw):
    """`on_event`, in the order of declaration, sync and async."""
    router = fw.APIRouter(
        on_startup=[lambda: record("router start")], on_shutdown=[lambda: record("router stop")]
    )
    app = fw.FastAPI(on_startup=[lambda: record("start")], on_shutdown=[lambda: record("stop")])

    @router.get("/ok")
    async def ok():
        return "ok"

    app.include_router(router)
    return app


def failing_start(fw):
    """An error at start-up."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def life(app: Any):
        raise ValueError("at start")
        yield

    return fw.FastAPI(lifespan=life)


@pytest.mark.parametrize("build", [lifespans, events, failing_start])
def test_lifespans(build: Build) -> None:
    with served(build) as pair:
        run(pair.check(get("/state")))
        run(pair.check(get("/ok")))


def metadata(fw):
    """Everything an application says about itself, and where its documents are."""
    return fw.FastAPI(
        title='T "<x>"', summary="S", description="D *d*", version="9", terms_of_service="https://t.example",
        contact={"name": "C", "url": "https://c.example", "email": "c@example.com"},
        license_info={"name": "MIT", "identifier": "MIT"}, openapi_url="/api/v1.json", docs_url="/d",
        redoc_url="/r",
        openapi_tags=[{"name": "a", "description": "A", "externalDocs": {"url": "https://e.example"}}],
        servers=[{"url": "https://s.example", "description": "S", "variables": {"p": {"default": "1"}}}],
        swagger_ui_parameters={"deepLinking": False, "x": "</script>"},
        swagger_ui_init_oauth={"clientId": "<c>"}, swagger_ui_oauth2_redirect_url="/oauth",
        openapi_external_docs={"url": "https://x.example"}, root_path_in_servers=False,
    )  # fmt: skip


def undocumented(fw):
    """No document at all."""
    return fw.FastAPI(openapi_url=None)


def no_pages(fw):
    """A document without pages."""
    return fw.FastAPI(docs_url=None, redoc_url=None)


@pytest.mark.parametrize(
    "path",
    ["/api/v1.json", "/d", "/r", "/oauth", "/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"],
)
def test_documents(path: str) -> None:
    """The pages are each framework's own words; where they are, and what kind they are, is not."""
    for build in (metadata, undocumented, no_pages):
        compare(build, get(path), get(path, method="HEAD"), body=path.endswith(".json"))


def bad_path(fw):
    """A path without a slash in front."""
    app = fw.FastAPI()
    app.get("items")(_constant(1))
    return app


def duplicated_parameter(fw):
    """One name twice in a path."""
    app = fw.FastAPI()
    app.get("/{a}/{a}")(_constant(1))
    return app


def unknown_converter(fw):
    """A converter that does not exist."""
    app = fw.FastAPI()
    app.get("/{a:nothing}")(_constant(1))
    return app


def test_path_without_slash() -> None:
    """FastAPI builds it: the route is never found."""
    compare(bad_path, get("/items"), get("items"), get("/openapi.json"))


@pytest.mark.parametrize("build", [duplicated_parameter, unknown_converter])
def test_refused(build: Build) -> None:
    compare_refusal(build)
