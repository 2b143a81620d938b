"""Which route answers a path: the first declared one, found without asking the others."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.convertors import CONVERTOR_TYPES, Convertor, register_url_convertor
from starlette.routing import Host, Match, Mount, Route, Router

from vivace import APIRouter, FastAPI, Request, WebSocket
from vivace.responses import PlainTextResponse
from vivace.routing import APIRoute
from vivace.testclient import TestClient


def app_of(*paths: str, methods: list[str] | None = None, **options: Any) -> FastAPI:
    """An app whose endpoints answer with their own path template and the path parameters."""
    app = FastAPI(openapi_url=None, **options)
    for path in paths:
        add(app, path, methods)
    return app


def add(app: FastAPI | APIRouter, path: str, methods: list[str] | None = None) -> None:
    async def endpoint(request: Request) -> Any:
        return [path, request.path_params]

    app.add_api_route(path, endpoint, methods=methods)


def ask(app: FastAPI, path: str, method: str = "GET") -> Any:
    """What answers: the JSON of a 200, the target of a redirect, or the status."""
    response = TestClient(app, follow_redirects=False).request(method, path)
    if response.status_code == 307:
        return response.headers["location"].removeprefix("http://testserver")
    return response.json() if response.status_code == 200 and response.content else response.status_code


# --- the cost ---------------------------------------------------------------------------------------------------------


class CountingPattern:
    """A path's regular expression, counting how often it is tried."""

    tried = 0

    def __init__(self, pattern: Any) -> None:
        self.pattern = pattern

    def match(self, path: str) -> Any:
        CountingPattern.tried += 1
        return self.pattern.match(path)


def tries(app: FastAPI, path: str) -> int:
    """The number of regular expressions that are tried for a path, once the lookup is made."""
    for route in app.routes:
        route.path_regex = CountingPattern(route.path_regex)  # type: ignore[attr-defined]
    assert ask(app, path)[0]
    CountingPattern.tried = 0
    assert ask(app, path)[0]
    return CountingPattern.tried


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/kind{n}/{item_id}", "/kind1/x", 0),
        ("/items/{item_id}/part{n}", "/items/x/part1", 0),
        ("/{shop}/{item_id}/part{n}/{part_id:int}", "/a/b/part1/3", 1),
        ("/tree{n}/{path:path}", "/tree1/a/b/c", 1),
        ("/file{n}/{name}.{suffix}", "/file1/a.txt", 1),
        ("/kind{n}", "/kind1", 0),
    ],
)
@pytest.mark.parametrize("count", [3, 500])
def test_only_candidates_are_tried_however_many_routes_there_are(
    pattern: str, path: str, expected: int, count: int
) -> None:
    app = app_of(*(pattern.replace("{n}", str(n)) for n in range(count)))
    assert tries(app, path) == expected


@pytest.mark.parametrize("count", [3, 500])
def test_only_routes_whose_prefix_fits_are_asked(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mounts decide for themselves, and are asked only below their path."""
    app = FastAPI(openapi_url=None)
    for n in range(count):
        app.mount(f"/site{n}", PlainTextResponse(f"site {n}"))
    # A mount of another class may have any idea of matching, so it is always asked.
    app.router.routes.append(AnyMount("/any", PlainTextResponse("any")))
    add(app, "/items/{item_id}")
    asked: list[str] = []
    own_matches = Mount.matches

    def counted(self: Mount, scope: Any) -> Any:
        asked.append(self.path)
        return own_matches(self, scope)

    monkeypatch.setattr(Mount, "matches", counted)
    assert ask(app, "/items/1") == ["/items/{item_id}", {"item_id": "1"}]
    assert asked == ["/any"]
    asked.clear()
    assert TestClient(app).get("/site1/page").text == "site 1"
    assert asked == ["/site1"]


class AnyMount(Mount):
    pass


def test_a_route_that_is_not_chosen_is_not_converted() -> None:
    """`int()` refuses 5000 digits, which is the business of a route that answers and of no other."""
    app = app_of("/{text}", "/{number:int}")
    digits = "1" * 5000
    assert ask(app, f"/{digits}") == ["/{text}", {"text": digits}]


# --- the first declared wins ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "asked", "expected"),
    [
        (["/me", "/{name}"], "/me", ["/me", {}]),
        (["/{name}", "/me"], "/me", ["/{name}", {"name": "me"}]),
        (["/{a}", "/{b}"], "/x", ["/{a}", {"a": "x"}]),
        (["/{n:int}", "/{name}"], "/3", ["/{n:int}", {"n": 3}]),
        (["/{n:int}", "/{name}"], "/x", ["/{name}", {"name": "x"}]),
        (["/{rest:path}", "/a/b"], "/a/b", ["/{rest:path}", {"rest": "a/b"}]),
        (["/a/b", "/{rest:path}"], "/a/b", ["/a/b", {}]),
        (["/a/{x}", "/{y}/b"], "/a/b", ["/a/{x}", {"x": "b"}]),
        (["/{y}/b", "/a/{x}"], "/a/b", ["/{y}/b", {"y": "a"}]),
        (
            ["/{y}/c", "/a/{x}"],
            "/a/b",
            ["/a/{x}", {"x": "b"}],
        ),  # the second is found though the first begins well
        (["/{name}.json", "/{name}"], "/a.json", ["/{name}.json", {"name": "a"}]),
        (["/{name}", "/{name}.json"], "/a.json", ["/{name}", {"name": "a.json"}]),
        (["/a", "/a"], "/a", ["/a", {}]),
    ],
)
def test_the_first_declared_route_wins(paths: list[str], asked: str, expected: Any) -> None:
    assert ask(app_of(*paths), asked) == expected


@pytest.mark.parametrize(
    ("path", "asked", "expected"),
    [
        ("/{x}", "/a", {"x": "a"}),
        ("/{x}", "/", 404),
        ("/{x}", "/a/b", 404),
        ("/{x:str}", "/a", {"x": "a"}),
        ("/{x:int}", "/12", {"x": 12}),
        ("/{x:int}", "/-1", 404),
        ("/{x:int}", "/1.5", 404),
        ("/{x:float}", "/1.5", {"x": 1.5}),
        ("/{x:float}", "/1", {"x": 1.0}),
        ("/{x:uuid}", "/12345678-1234-1234-1234-123456789abc", {"x": "12345678-1234-1234-1234-123456789abc"}),
        ("/{x:uuid}", "/12345678", 404),
        ("/{x:path}", "/", {"x": ""}),
        ("/{x:path}", "/a/b/", {"x": "a/b/"}),
        ("/a/{x:path}/z", "/a/b/c/z", {"x": "b/c"}),
        ("/{x}-{y}", "/a-b-c", {"x": "a-b", "y": "c"}),
        ("/a.b", "/acb", 404),  # a dot is a dot
        ("/a+(b)", "/a+(b)", {}),
        ("/%41", "/%2541", {}),
        ("/ä b", "/%C3%A4%20b", {}),
        ("/{x}", "/%C3%A4%20b", {"x": "ä b"}),
        ("/{x}", "/a%2Fb", 404),  # decoded before it is matched
        ("/{x}/{y}", "/a%2Fb", {"x": "a", "y": "b"}),
        ("/{x}", "/a%3Fb", {"x": "a?b"}),
        ("/{x}", "/a%0Ab", {"x": "a\nb"}),
        ("/{x:path}", "/a%0Ab", 404),  # `.` matches no newline
        ("/a", "/a%0A", {}),  # and `$` matches before the last one
        ("/a", "/%0Aa", 404),
        ("/{x}", "/a%00b", {"x": "a\0b"}),
        ("/a/", "/a//", 404),
        ("/a//b", "/a//b", {}),
        ("/a/{x}", "/a/./b", 404),
        ("/a/{x}", "/a/..", {"x": ".."}),
    ],
)
def test_what_a_path_matches(path: str, asked: str, expected: Any) -> None:
    app = app_of(path, redirect_slashes=False)
    # The test client would tidy the path up, so it is given as a server decodes it.
    assert answer_to(app, unquote(asked)) == ([path, expected] if isinstance(expected, dict) else expected)


def answer_to(app: FastAPI, path: str, **scope: Any) -> Any:
    """The answer to a path that is decoded already."""
    client = TestClient(rewritten(app, path, **scope))
    response = client.get("/")
    return response.json() if response.status_code == 200 else response.status_code


def rewritten(app: Any, path: str, **changes: Any) -> Callable[..., Any]:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "path": path, **changes} if scope["type"] == "http" else scope, receive, send)

    return inner


def test_a_convertor_of_the_programs_own() -> None:
    class Slug(Convertor[str]):
        regex = "[a-z]+(/[a-z]+)?"

        def convert(self, value: str) -> str:
            return value.upper()

        def to_string(self, value: str) -> str:
            return value.lower()

    register_url_convertor("slug", Slug())
    try:
        app = app_of("/{s:slug}/end")
        assert ask(app, "/a/b/end") == ["/{s:slug}/end", {"s": "A/B"}]
        assert ask(app, "/1/end") == 404
    finally:
        del CONVERTOR_TYPES["slug"]


# --- methods ----------------------------------------------------------------------------------------------------------


def methods_app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    add(app, "/a", ["GET"])
    add(app, "/a", ["POST", "PUT"])
    add(app, "/{x}", ["DELETE"])
    app.add_route("/starlette/plain", lambda request: PlainTextResponse("ok"), methods=["GET"])
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/a", 200, None),
        ("PUT", "/a", 200, None),
        ("DELETE", "/a", 200, None),  # a later route takes the method
        ("PATCH", "/a", 405, "GET"),  # the first that matches the path answers
        ("HEAD", "/a", 405, "GET"),  # declared is GET alone
        ("OPTIONS", "/a", 405, "GET"),
        ("GET", "/b", 405, "DELETE"),
        ("HEAD", "/starlette/plain", 200, None),  # Starlette's own routes take HEAD where they take GET
        ("PATCH", "/starlette/plain", 405, "GET, HEAD"),
    ],
)
def test_methods(method: str, path: str, status: int, allow: str | None) -> None:
    response = TestClient(methods_app()).request(method, path)
    assert response.status_code == status
    found = response.headers.get("allow")
    assert (found and ", ".join(sorted(found.split(", ")))) == allow


# --- slashes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "asked", "expected"),
    [
        ("/a", "/a/", "/a"),
        ("/a/", "/a", "/a/"),
        ("/a/", "/a?q=1&r=%20", "/a/?q=1&r=%20"),
        ("/{x}/b", "/a/b/", "/a/b"),
        ("/{x}/", "/a", "/a/"),
        ("/b/{x:path}", "/b", "/b/"),
        ("/b/{x:int}/", "/b/3", "/b/3/"),
        ("/a", "/a//", "/a"),  # all slashes at the end
        ("/a", "/b/", 404),
    ],
)
def test_redirects(path: str, asked: str, expected: Any) -> None:
    assert ask(app_of(path), asked) == expected
    assert ask(app_of(path, redirect_slashes=False), asked) == 404


def test_a_redirect_keeps_method_and_body() -> None:
    response = TestClient(app_of("/a", methods=["POST"]), follow_redirects=False).post("/a/", json={})
    assert (response.status_code, response.headers["location"]) == (307, "http://testserver/a")


# --- mounts, hosts, root path, WebSockets -----------------------------------------------------------------------------


def test_mounts_keep_their_place_among_routes() -> None:
    app = app_of("/site/first")
    app.mount("/site", app_of("/first", "/second"))
    add(app, "/site/second")
    assert ask(app, "/site/first") == ["/site/first", {}]
    assert ask(app, "/site/second") == ["/second", {}]
    assert ask(app, "/site/third") == 404
    assert ask(app, "/site") == "/site/"


def test_a_mount_under_a_parameter() -> None:
    app = FastAPI(openapi_url=None)
    app.mount("/{lang}/site", app_of("/{page}"))
    assert ask(app, "/de/site/start") == ["/{page}", {"lang": "de", "page": "start"}]


def test_a_mount_of_everything() -> None:
    app = app_of("/a")
    app.mount("/", app_of("/b"))
    assert (ask(app, "/a"), ask(app, "/b"), ask(app, "/c")) == (["/a", {}], ["/b", {}], 404)


def test_hosts() -> None:
    app = FastAPI(openapi_url=None)
    app.host("{shop}.example.org", app_of("/a"))
    add(app, "/a")
    client = TestClient(app)
    assert client.get("/a", headers={"host": "books.example.org"}).json() == ["/a", {"shop": "books"}]
    assert client.get("/a", headers={"host": "example.com"}).json() == ["/a", {}]


def test_hosts_and_mounts_in_included_routers() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter()
    router.routes.append(Mount("/site", app_of("/a")))
    router.routes.append(Host("api.example.org", app_of("/b")))
    router.routes.append(Route("/plain/{x}", lambda request: PlainTextResponse(request.path_params["x"])))
    app.include_router(router, prefix="/in")
    client = TestClient(app)
    assert client.get("/in/site/a").json() == ["/a", {}]
    assert client.get("/in/b", headers={"host": "api.example.org"}).json() == ["/b", {}]
    assert client.get("/in/plain/x").text == "x"


@pytest.mark.parametrize(
    ("root_path", "path", "expected"),
    [
        ("", "/a", ["/a", {}]),
        ("/v1", "/v1/a", ["/a", {}]),  # as servers say it: the path includes the root path
        ("/v1", "/a", ["/a", {}]),  # as proxies do that strip it
        ("/v1", "/v10/a", 404),
    ],
)
def test_root_path(root_path: str, path: str, expected: Any) -> None:
    assert answer_to(app_of("/a"), path, root_path=root_path) == expected


def test_http_and_websocket_of_one_path_are_two_things() -> None:
    app = app_of("/{x}")

    @app.websocket("/{y}")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json(websocket.path_params)
        await websocket.close()

    assert ask(app, "/a") == ["/{x}", {"x": "a"}]
    with TestClient(app).websocket_connect("/b") as session:
        assert session.receive_json() == {"y": "b"}


def test_routes_with_their_own_idea_of_matching_are_asked_in_their_place() -> None:
    class OnlyTuesdays(APIRoute):
        def matches(self, scope: Any) -> Any:
            if dict(scope["headers"]).get(b"x-day") != b"tuesday":
                return Match.NONE, {}
            return super().matches(scope)

    app, router = FastAPI(openapi_url=None), APIRouter(route_class=OnlyTuesdays)
    add(router, "/a")
    app.include_router(router)
    add(app, "/{x}")
    client = TestClient(app)
    assert client.get("/a", headers={"x-day": "tuesday"}).json()[0] == "/a"
    assert client.get("/a").json()[0] == "/{x}"


# --- the same as trying one route after the other ---------------------------------------------------------------------

SEGMENTS = ["a", "b", "1", "{p}", "{p:int}", "{p:float}", "{p:path}", "{p}.a", "a-{p}", "{p}{q:int}", ""]
PIECES = ["a", "b", "1", "12", "1.5", "a-b", "b.a", "x1", "", "\n", "a\n", "ä"]


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A path template; a parameter's name is used once."""
    segments = draw(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4))
    named = [segment.replace("p", f"p{i}", 1).replace("{q", f"{{q{i}") for i, segment in enumerate(segments)]
    return "/" + "/".join(s.replace(f":p{i}ath", ":path") for i, s in enumerate(named))


METHODS = st.sampled_from([["GET"], ["POST"], ["GET", "POST"]])
ROUTES = st.lists(
    st.tuples(templates(), METHODS, st.sampled_from(["", "/a", "/{z}", "/a/b"])), min_size=1, max_size=8
)
PATHS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(lambda pieces: "/" + "/".join(pieces))


def scanned(routes: list[Route], scope: dict[str, Any]) -> tuple[str | None, Any]:
    """Starlette's way: every route in order; the first full match, or else the first of another method."""
    partial: tuple[str | None, Any] = None, None
    for route in routes:
        match, child_scope = route.matches(scope)
        if match is Match.FULL:
            return route.name, child_scope["path_params"]
        if match is Match.PARTIAL and partial[0] is None:
            partial = route.name, child_scope["path_params"]
    return partial


async def nothing(request: Request) -> None: ...


@settings(max_examples=300, deadline=None)
@given(
    routes=ROUTES,
    paths=st.lists(PATHS, min_size=1, max_size=5),
    method=st.sampled_from(["GET", "POST", "PUT"]),
)
def test_the_lookup_finds_what_a_scan_finds(
    routes: list[tuple[str, list[str], str]], paths: list[str], method: str
) -> None:
    """Routes of the app itself and of included routers, literal and under parameters."""
    app_router = APIRouter(redirect_slashes=False)
    plain: list[Route] = []
    for number, (template, methods, prefix) in enumerate(routes):
        plain.append(Route(prefix + template, nothing, methods=methods, name=str(number)))
        if prefix:
            included = APIRouter()
            included.add_api_route(template, nothing, methods=methods, name=str(number), response_model=None)
            app_router.include_router(included, prefix=prefix)
        else:
            app_router.add_api_route(
                template, nothing, methods=methods, name=str(number), response_model=None
            )
    for path in paths:
        scope = {"type": "http", "path": path, "method": method, "headers": []}
        expected = scanned(plain, dict(scope))
        app_router.select(scope)
        route = scope.get("route")
        assert (route and route.name, scope.get("path_params")) == expected  # type: ignore[attr-defined]


def test_a_scan_is_what_starlette_does() -> None:
    """The reference of the test above, against Starlette's own router."""
    routes = [
        Route("/{x}", nothing, methods=["POST"], name="0"),
        Route("/a", nothing, methods=["GET"], name="1"),
    ]
    scope = {"type": "http", "path": "/a", "method": "GET", "headers": []}
    assert scanned(routes, scope) == ("1", {})
    assert TestClient(Router(routes)).delete("/a").headers["allow"] == "POST"
