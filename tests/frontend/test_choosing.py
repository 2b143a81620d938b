"""Which low-priority route gets a request."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.testclient import TestClient

from vivace._frontend import (
    FrontendRoute,
    FrontendRouteGroup,
    IncludedFrontends,
    match_low_priority,
    update_scope,
)

from .conftest import Build, serve

PAGE = {"accept": "text/html"}


def group(directory: Path, *paths: str) -> FrontendRouteGroup:
    frontends = FrontendRouteGroup()
    for path in paths:
        frontends.add_frontend_route(path, directory=directory, check_dir=True)
    return frontends


def scope(path: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"type": "http", "path": path, "method": method, "headers": [], **more}


@pytest.mark.parametrize(
    ("prefix", "path", "specificity"), [("", "/", 0), ("", "/app", 4), ("/top", "/", 4), ("/top", "/app", 8)]
)
def test_a_match_tells_the_path_below_the_frontend_and_how_deep_it_lives(
    tmp_path: Path, prefix: str, path: str, specificity: int
) -> None:
    asked = scope(f"{prefix}{path.rstrip('/')}/a/b")
    match, child_scope = group(tmp_path, path).matches_with_prefix(asked, prefix)
    assert match is Match.FULL
    assert child_scope == {"fastapi": {"frontend_path": "a/b", "frontend_specificity": specificity}}


@pytest.mark.parametrize(
    ("method", "expected"), [("GET", Match.FULL), ("HEAD", Match.FULL), ("POST", Match.PARTIAL)]
)
def test_methods(tmp_path: Path, method: str, expected: Match) -> None:
    assert group(tmp_path, "/").matches(scope("/x", method))[0] is expected


@pytest.mark.parametrize("other", [{"type": "websocket", "path": "/"}, {"type": "lifespan"}])
def test_only_http(tmp_path: Path, other: dict[str, Any]) -> None:
    assert group(tmp_path, "/").matches(other) == (Match.NONE, {})
    assert FrontendRoute("/", directory=tmp_path, check_dir=True).matches(other) == (Match.NONE, {})


def test_root_path_is_not_part_of_the_path(tmp_path: Path) -> None:
    _, child_scope = group(tmp_path, "/app").matches(scope("/proxy/app/x", root_path="/proxy"))
    assert child_scope["fastapi"]["frontend_path"] == "x"


@pytest.mark.parametrize("paths", list(permutations(["/", "/a", "/a/b"])))
def test_the_deepest_frontend_of_a_group_wins(tmp_path: Path, paths: tuple[str, ...]) -> None:
    for path, mount_path in [("/a/b/c", "/a/b"), ("/a/b", "/a/b"), ("/a/bc", "/a"), ("/ab", "/")]:
        match = group(tmp_path, *paths).select(scope(path))
        assert match is not None
        assert match.mount_path == mount_path


def test_of_two_at_one_path_the_first_wins(build: Build) -> None:
    frontends = group(build("first", {"index.html": "first"}), "/")
    frontends.add_frontend_route("/", directory=build("second", {"main.js": "second"}), check_dir=True)
    assert serve(frontends).get("/").text == "first"
    assert serve(frontends).get("/main.js").status_code == 404


def test_of_two_routers_at_one_path_the_first_wins(tmp_path: Path) -> None:
    app = group(tmp_path, "/admin")
    included = IncludedFrontends(group(tmp_path, "/"), prefix="/admin", solve=None)
    assert match_low_priority([app, included], scope("/admin/x"))[2] is app
    assert match_low_priority([included, app], scope("/admin/x"))[2] is included


@pytest.mark.parametrize(
    ("prefix", "path", "template"),
    [
        ("", "/", "/{path}"),
        ("", "/ui", "/ui/{path}"),
        ("/a", "/", "/a/{path}"),
        ("/a/{b}", "/ui", "/a/{b}/ui/{path}"),
    ],
)
def test_template(tmp_path: Path, prefix: str, path: str, template: str) -> None:
    included = IncludedFrontends(group(tmp_path, path), prefix=prefix, solve=None)
    match = included.select(scope(template.replace("{path}", "x")))
    assert match is not None
    assert match.template == template


# The app's routers, each with one low-priority route. LOW and POST are no frontends.
PARTS = ("SHALLOW", "DEEP", "LOW", "POST")


@pytest.fixture
def parts(build: Build) -> dict[str, BaseRoute]:
    async def low(request: Request) -> PlainTextResponse:
        return PlainTextResponse("LOW")

    async def post(request: Request) -> PlainTextResponse:
        return PlainTextResponse("POST")

    return {
        "SHALLOW": group(build("shallow", {"index.html": "SHALLOW"}), "/"),
        "DEEP": IncludedFrontends(group(build("deep", {"index.html": "DEEP"}), "/"), prefix="/p", solve=None),
        "LOW": Route("/p/low", low),
        "POST": Route("/p/low", post, methods=["POST"]),
    }


def expected_of_get(order: tuple[str, ...]) -> str:
    """The first full match; a frontend gives way only to a deeper frontend."""
    first = next(part for part in order if part != "POST")
    return "DEEP" if first == "SHALLOW" and "DEEP" in order else first


ORDERS = [order for size in (2, 3, 4) for order in permutations(PARTS, size)]


@pytest.mark.parametrize("order", ORDERS, ids=">".join)
def test_order(parts: dict[str, BaseRoute], order: tuple[str, ...]) -> None:
    app = serve(*(parts[name] for name in order))
    assert app.get("/p/low", headers=PAGE).text == expected_of_get(order)
    answer = app.post("/p/low")
    if "POST" in order:
        assert answer.text == "POST"
    else:  # refused by the first that knows the path: a frontend has no such file, a route has no such method
        assert answer.status_code == (405 if order[0] == "LOW" else 404)


def test_no_route_matches(tmp_path: Path) -> None:
    assert match_low_priority([group(tmp_path, "/app")], scope("/")) == (Match.NONE, {}, None)


def test_handle_finds_its_frontend_by_itself(build: Build) -> None:
    frontends = group(build("site", {"index.html": "home"}), "/app")
    client = TestClient(frontends.handle)
    assert client.get("/app/").text == "home"


def test_frontends_have_no_names(tmp_path: Path) -> None:
    frontends = group(tmp_path, "/app")
    for route in (frontends, frontends.routes[0], IncludedFrontends(frontends, prefix="/p", solve=None)):
        with pytest.raises(NoMatchFound):
            route.url_path_for("frontend", path="/x")


def test_update_scope_merges_the_shared_key_only() -> None:
    shared = {"kept": 1}
    target: dict[str, Any] = {"fastapi": shared, "path_params": {"a": 1}}
    child = {"fastapi": {"frontend_path": "x"}, "path_params": {"b": 2}}
    update_scope(target, child)
    assert target == {"fastapi": {"kept": 1, "frontend_path": "x"}, "path_params": {"b": 2}}
    assert target["fastapi"] is shared
    fresh: dict[str, Any] = {}
    update_scope(fresh, child)
    assert fresh["fastapi"] == child["fastapi"]
    assert fresh["fastapi"] is not child["fastapi"]
