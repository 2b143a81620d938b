"""Apps with frontends give FastAPI's answers, byte for byte.

Precedence in the whole tree of routers, dependencies, redirects and limits; then trees made up by hypothesis.
"""

from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from tests.differential.oracle import Request, compare, get, pair

PAGE = ("accept", "text/html")
LONG = "x" * 300
SITES = {
    "home": {
        "index.html": "home",
        "main.js": "home.js",
        "api": "a file named api",
        "sub/index.html": "home/sub",
        "a/b/index.html": "home/a/b",
        "empty/readme.txt": "readme",
    },
    "admin": {"index.html": "admin", "404.html": "admin lost", "sub/index.html": "admin/sub"},
    "bare": {"main.js": "bare.js"},
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("sites")
    for site, files in SITES.items():
        for path, content in files.items():
            file = top / site / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    return top


def every_way(targets: str) -> list[Request]:
    """Each target as a page and as an asset, and with the methods that frontends treat in their own way."""
    paths = targets.split()
    return [
        *(get(path, PAGE) for path in paths),
        *(get(path, ("accept", "*/*")) for path in paths),
        *(get(path, PAGE, method=method) for path in paths for method in ("HEAD", "POST", "OPTIONS")),
    ]


def test_one_frontend(sites: Path) -> None:
    def build(fw: Any) -> Any:
        app = fw.FastAPI()
        app.frontend("/app/", directory=sites / "home")
        return app

    compare(
        build,
        *every_way(
            "/ /app /app/ /app// /app/main.js /app/main.js/ /app/sub /app/sub/ /app/sub?q=1 "
            "/app/a /app/a/b /app/a/b/ /app/empty /app/empty/ /app/none /app/no.js "
            "/application /app/../main.js /app/%2e%2e/admin/index.html /app/main.js%00 "
            f"/app/{LONG} /app/s%C3%A9"
        ),
    )


@pytest.mark.parametrize("fallback", ["auto", "index.html", "404.html", None])
@pytest.mark.parametrize("site", list(SITES))
def test_fallbacks(sites: Path, site: str, fallback: Any) -> None:
    def build(fw: Any) -> Any:
        app = fw.FastAPI()
        app.frontend("/", directory=sites / site, fallback=fallback, check_dir=False)
        return app

    compare(build, *every_way("/ /main.js /route /route/ /sub /404.html"))


@pytest.mark.parametrize("fallback", ["auto", "index.html", "404.html", None, "500.html"])
@pytest.mark.parametrize("site", [*SITES, "missing", "home/main.js"])
@pytest.mark.parametrize("path", ["/", "app", ""])
def test_declarations_are_refused_alike(sites: Path, site: str, fallback: Any, path: str) -> None:
    def build(fw: Any) -> Any:
        app = fw.FastAPI()
        app.frontend(path, directory=sites / site, fallback=fallback, check_dir=True)
        return app

    pair(build).check_refusal()


@pytest.mark.parametrize("redirect_slashes", [True, False])
def test_other_routes_come_first(sites: Path, redirect_slashes: bool) -> None:
    def build(fw: Any) -> Any:
        app = fw.FastAPI(redirect_slashes=redirect_slashes)
        app.frontend("/", directory=sites / "home")

        @app.get("/api")
        def read() -> str:
            return "api"

        @app.get("/sub/")
        def read_sub() -> str:
            return "sub from the api"

        @app.post("/main.js")
        def write() -> str:
            return "written"

        @app.get("/gone")
        def gone() -> None:
            raise fw.HTTPException(404, "gone")

        return app

    compare(
        build,
        *every_way("/api /api/ /sub /sub/ /main.js /main.js/ /gone /gone/ /docs/ /zz/"),
    )


def test_several_frontends_and_inclusions(sites: Path) -> None:
    def build(fw: Any) -> Any:
        inner = fw.APIRouter(prefix="/inner")
        inner.frontend("/", directory=sites / "home")
        inner.frontend("/sub", directory=sites / "bare")
        outer = fw.APIRouter()
        outer.include_router(inner, prefix="/outer")
        outer.frontend("/outer", directory=sites / "admin")
        app = fw.FastAPI()
        app.include_router(outer, prefix="/top")
        app.include_router(inner)
        app.frontend("/", directory=sites / "bare")
        app.frontend("/top/outer/inner", directory=sites / "admin", fallback="404.html")
        return app

    compare(
        build,
        *every_way(
            "/ /main.js /top /top/outer /top/outer/ /top/outer/x /top/outer/inner/ "
            "/top/outer/inner/main.js /top/outer/inner/sub/main.js /top/outer/inner/sub/x "
            "/inner /inner/x /inner/sub/ /inner/sub/main.js /innermost"
        ),
    )


def test_braces_in_prefixes_are_text(sites: Path) -> None:
    def build(fw: Any) -> Any:
        router = fw.APIRouter(prefix="/{tenant}")
        router.frontend("/ui", directory=sites / "home")
        app = fw.FastAPI()
        app.include_router(router)
        return app

    compare(build, *every_way("/x/ui/ /{tenant}/ui/ /{tenant}/ui/main.js /{tenant}/"))


def test_a_frontend_added_after_inclusion(sites: Path) -> None:
    def build(fw: Any) -> Any:
        router = fw.APIRouter()
        app = fw.FastAPI()
        app.include_router(router, prefix="/late")

        @app.get("/add")
        def add() -> str:
            router.frontend("/ui", directory=sites / "home")
            return "added"

        return app

    compare(build, *every_way("/late/ui/"), get("/add"), *every_way("/late/ui/ /late/ui/main.js"))


def test_mounts(sites: Path) -> None:
    def build(fw: Any) -> Any:
        mounted = fw.FastAPI()
        mounted.frontend("/", directory=sites / "home")
        plain = fw.APIRouter()
        plain.frontend("/ui", directory=sites / "home")
        app = fw.FastAPI()
        app.mount("/mounted", mounted)
        app.router.routes.append(Mount("/plain", app=plain))
        app.frontend("/", directory=sites / "bare")
        return app

    compare(
        build,
        *every_way(
            "/mounted /mounted/ /mounted/main.js /mounted/sub /mounted/none /main.js /plain "
            "/plain/ui /plain/ui/ /plain/ui/sub /plain/ui/none /plain/none"
        ),
    )


def test_low_priority_routes_that_are_no_frontends(sites: Path) -> None:
    def low(request: Any) -> PlainTextResponse:
        return PlainTextResponse("low")

    def build(fw: Any) -> Any:
        router = fw.APIRouter()
        router._low_priority_routes.append(Route("/low", low))
        router._mark_routes_changed()
        app = fw.FastAPI()
        app.router._low_priority_routes.append(Route("/first/", low, methods=["POST"]))
        app.frontend("/first", directory=sites / "home")
        app.router._low_priority_routes.append(Route("/first/main.js", low, methods=["POST"]))
        app.router._mark_routes_changed()
        app.include_router(router, prefix="/included")
        return app

    compare(build, *every_way("/first/ /first /first/main.js /included/low /included/low/ /low"))


def test_low_priority_operations(sites: Path) -> None:
    def build(fw: Any) -> Any:
        def name(value: str) -> Any:
            def write(response: fw.Response) -> None:
                response.headers.append("x-dependency", value)

            return fw.Depends(write)

        async def endpoint(number: int, request: fw.Request) -> list[Any]:
            return [number, type(request.scope["route"]).__name__]

        def add(router: Any, path: str) -> None:
            router._low_priority_routes.append(router.route_class(path, endpoint=endpoint, methods=["GET"]))
            router._mark_routes_changed()

        router = fw.APIRouter(dependencies=[name("router")])
        add(router, "/numbers/{number}")
        app = fw.FastAPI(dependencies=[name("app")])
        app.include_router(router, prefix="/included", dependencies=[name("include")])
        add(app.router, "/{number}")
        app.frontend("/", directory=sites / "home")
        return app

    compare(build, *every_way("/included/numbers/1 /included/numbers/x /included/numbers /1 /x"))


def test_dependencies(sites: Path) -> None:
    def build(fw: Any) -> Any:
        def name(value: str) -> Any:
            def write(response: fw.Response, token: str = "none") -> None:
                response.headers.append("x-dependency", f"{value} {token}")

            return fw.Depends(write)

        def guard(request: fw.Request, code: int = 0) -> None:
            if code:
                raise fw.HTTPException(code, headers={"x-path": request.url.path})

        child = fw.APIRouter(dependencies=[name("child")])
        child.frontend("/ui", directory=sites / "home")
        parent = fw.APIRouter(dependencies=[name("parent")])
        parent.include_router(
            child, prefix="/child", dependencies=[name("parent-include"), fw.Depends(guard)]
        )
        app = fw.FastAPI(dependencies=[name("app")])
        app.include_router(parent, prefix="/parent", dependencies=[name("app-include")])
        app.frontend("/", directory=sites / "admin")
        return app

    ui = "/parent/child/ui"
    compare(
        build,
        *every_way(
            f"{ui} {ui}/ {ui}/main.js?token=7 {ui}/none /main.js /sub/ {ui}/main.js?code=403 "
            f"{ui}/none?code=401 {ui}/main.js?code=x"
        ),
        get(f"{ui}/main.js", ("range", "bytes=1-2")),
        get("/route", ("range", "bytes=1-2")),
    )


@pytest.mark.parametrize("scope", ["function", "request", None])
def test_dependencies_with_yield(sites: Path, scope: Any) -> None:
    def build(fw: Any) -> Any:
        events: list[str] = []

        def around(request: fw.Request, background: fw.BackgroundTasks) -> Any:
            background.add_task(events.append, "background")
            events.append("enter")
            try:
                yield
            except fw.HTTPException as exc:
                events.append(f"saw {exc.status_code}")
                raise
            finally:
                events.append("exit")

        app = fw.FastAPI()
        router = fw.APIRouter(dependencies=[fw.Depends(around, scope=scope)])
        router.frontend("/ui", directory=sites / "home")
        app.include_router(router)

        @app.get("/events")
        def read() -> list[str]:
            return events

        return app

    compare(build, *every_way("/ui/main.js /ui/none /ui"), get("/events"))


@pytest.mark.parametrize("kind", ["http", "value"])
def test_errors_after_the_answer(sites: Path, kind: str) -> None:
    def build(fw: Any) -> Any:
        def fail() -> None:
            raise fw.HTTPException(418) if kind == "http" else ValueError("too late")

        def in_background(background: fw.BackgroundTasks) -> None:
            background.add_task(fail)

        def on_exit() -> Any:
            yield
            fail()

        app = fw.FastAPI()
        for dependency in (in_background, on_exit):
            router = fw.APIRouter(dependencies=[fw.Depends(dependency)])
            router.frontend("/", directory=sites / "home")
            app.include_router(router, prefix=f"/{dependency.__name__}")

        @app.exception_handler(ValueError)
        async def handle(request: Any, exc: Any) -> PlainTextResponse:
            return PlainTextResponse("handled", 419)

        return app

    compare(build, *every_way("/in_background/main.js /in_background/none /on_exit/main.js /on_exit/none"))


def test_overrides(sites: Path) -> None:
    def build(fw: Any) -> Any:
        def closed() -> None:
            raise fw.HTTPException(401)

        app = fw.FastAPI(dependencies=[fw.Depends(closed)])
        app.dependency_overrides[closed] = lambda: None
        app.frontend("/", directory=sites / "home")
        return app

    compare(build, *every_way("/main.js /none"))


def test_no_body_is_read_for_dependencies(sites: Path) -> None:
    def build(fw: Any) -> Any:
        def whole(numbers: list[int]) -> None:
            raise AssertionError("its body is missing")

        def key(name: Annotated[str, fw.Body(embed=True)]) -> None:
            raise AssertionError("its body is missing")

        def form(name: Annotated[str, fw.Form()], limit: int = 1) -> None:
            raise AssertionError("its form is missing")

        def optional(response: fw.Response, number: Annotated[int, fw.Body()] = 3) -> None:
            response.headers["x-number"] = str(number)

        async def raw(request: fw.Request, response: fw.Response) -> None:
            response.headers["x-length"] = str(len(await request.body()))

        app = fw.FastAPI()
        for dependency in (whole, key, form, optional, raw):
            router = fw.APIRouter(dependencies=[fw.Depends(dependency)])
            router.frontend("/", directory=sites / "home")
            app.include_router(router, prefix=f"/{dependency.__name__}")
        return app

    types = ("application/json", "application/x-www-form-urlencoded", "text/plain")
    compare(
        build,
        *(
            Request(method, f"/{name}/main.js{query}", (("content-type", kind),), body)
            for method in ("GET", "POST")
            for name in ("whole", "key", "form", "optional", "raw")
            for query in ("", "?limit=x")
            for kind in types
            for body in (b"", b"7", b"[1, 2]", b"name=Ann", b"[")
        ),
    )


LIMITS = st.sampled_from([None, 0, 4, 10])


@settings(max_examples=40, deadline=None)
@given(app_limit=LIMITS, outer=LIMITS, outer_include=LIMITS, include=LIMITS, own=LIMITS)
def test_body_limits(
    sites: Path,
    app_limit: int | None,
    outer: int | None,
    outer_include: int | None,
    include: int | None,
    own: int | None,
) -> None:
    def build(fw: Any) -> Any:
        low = Route("/low", lambda request: PlainTextResponse("low"))
        innermost = fw.APIRouter(max_body_size=own)
        innermost.frontend("/", directory=sites / "home")
        innermost._low_priority_routes.append(low)
        middle = fw.APIRouter(max_body_size=outer)
        middle.include_router(innermost, prefix="/in", max_body_size=include)
        app = fw.FastAPI(max_body_size=app_limit)
        app.frontend("/", directory=sites / "home")
        app.include_router(middle, prefix="/out", max_body_size=outer_include)
        app.router.routes.append(Mount("/mounted", app=innermost))
        return app

    compare(
        build,
        *(
            Request(method, path, body=body)
            for method in ("GET", "POST")
            for path in ("/main.js", "/out/in/main.js", "/out/in/low", "/mounted/main.js", "/mounted/low")
            for body in (b"", b"1234", b"12345678", b"12345678901")
        ),
    )


def test_error_handlers_and_root_path(sites: Path) -> None:
    def build(fw: Any) -> Any:
        app = fw.FastAPI()
        app.frontend("/app", directory=sites / "home")

        @app.exception_handler(404)
        async def missing(request: Any, exc: Any) -> PlainTextResponse:
            return PlainTextResponse(f"missing {request.url.path} {exc.detail} {exc.headers}", 404)

        @app.exception_handler(405)
        async def refused(request: Any, exc: Any) -> PlainTextResponse:
            return PlainTextResponse(f"refused {exc.detail} {exc.headers} {'route' in request.scope}", 405)

        return app

    compare(build, *every_way("/app/main.js /app/none /app/sub /none"))


# Trees of routers -------------------------------------------------------------------------------------------

PREFIXES = st.sampled_from(["", "/a", "/b", "/a/b", "/sub"])
FRONTENDS = st.tuples(st.sampled_from(["/", "/a", "/b/", "/a/b"]), st.sampled_from(list(SITES)))
PATHS = st.sampled_from(["/a", "/b/", "/main.js", "/sub", "/{name}"])
ROUTES = st.tuples(PATHS, st.sampled_from(["GET", "POST"]))
LEAVES: st.SearchStrategy[Any] = st.tuples(
    st.lists(FRONTENDS, max_size=2), st.lists(ROUTES, max_size=2), st.just([])
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.tuples(
        st.lists(FRONTENDS, max_size=2),
        st.lists(ROUTES, max_size=2),
        st.lists(st.tuples(PREFIXES, below), max_size=3),
    ),
    max_leaves=5,
)
SEGMENTS = st.lists(st.sampled_from(["a", "b", "sub", "main.js", "x", "index.html", ""]), max_size=4)
REQUESTS = st.builds(
    lambda method, segments, accept: get("/" + "/".join(segments), ("accept", accept), method=method),
    st.sampled_from(["GET", "GET", "GET", "HEAD", "POST"]),
    SEGMENTS,
    st.sampled_from(["text/html", "*/*"]),
)


@settings(max_examples=40, deadline=None)
@given(tree=TREES, requests=st.lists(REQUESTS, min_size=8, max_size=12))
def test_any_tree(sites: Path, tree: Any, requests: list[Request]) -> None:
    def build(fw: Any) -> Any:
        def fill(router: Any, tree: Any) -> None:
            frontends, routes, included = tree
            for path, site in frontends:
                router.frontend(path, directory=sites / site)
            for path, method in routes:
                router.add_api_route(path, lambda path=path: path, methods=[method])
            for prefix, below in included:
                child = fw.APIRouter()
                fill(child, below)
                router.include_router(child, prefix=prefix)

        app = fw.FastAPI(openapi_url=None)
        fill(app, tree)
        return app

    compare(build, *requests)
