"""What a program changes after the first request counts from the next one on: nothing compiled outlives it.

FastAPI sees some of these changes too late or never (exception handlers, edited lists of included routers); here
all count.
Every test asks once, so that the endpoint is compiled and in the lookup, then changes something, and asks again.
"""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.routing import Match

import vivace.routing
from vivace import APIRouter, Depends, FastAPI, HTTPException, Query, Request, WebSocket
from vivace.dependencies.models import Dependant
from vivace.dependencies.utils import get_dependant
from vivace.responses import JSONResponse, PlainTextResponse
from vivace.routing import APIRoute
from vivace.testclient import TestClient


async def number() -> int:
    return 1


async def two() -> int:
    return 2


def three(q: int = 3) -> int:
    return q


async def four() -> Any:
    yield 4


def answers() -> FastAPI:
    """An app that answers `/` with what `number` gives."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def read(value: int = Depends(number)) -> int:
        return value

    return app


def get(app: FastAPI, path: str = "/") -> Any:
    """The answer: JSON of a 200, otherwise the status."""
    response = TestClient(app, raise_server_exceptions=False).get(path)
    return response.json() if response.status_code == 200 else response.status_code


# --- dependency overrides ---------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[FastAPI], object]] = {
    "set item": lambda app: app.dependency_overrides.__setitem__(number, two),
    "update": lambda app: app.dependency_overrides.update({number: two}),
    "update |=": lambda app: app.dependency_overrides.__ior__({number: two}),
    "setdefault": lambda app: app.dependency_overrides.setdefault(number, two),
    "another dict": lambda app: setattr(app, "dependency_overrides", {number: two}),
}
REMOVALS: dict[str, Callable[[FastAPI], object]] = {
    "del item": lambda app: app.dependency_overrides.__delitem__(number),
    "pop": lambda app: app.dependency_overrides.pop(number),
    "pop with default": lambda app: app.dependency_overrides.pop(number, None),
    "popitem": lambda app: app.dependency_overrides.popitem(),
    "clear": lambda app: app.dependency_overrides.clear(),
    "empty dict": lambda app: setattr(app, "dependency_overrides", {}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("removal", REMOVALS)
def test_overrides_count_at_once_and_until_removed(change: str, removal: str) -> None:
    app = answers()
    assert get(app) == 1
    CHANGES[change](app)
    assert get(app) == 2
    REMOVALS[removal](app)
    assert get(app) == 1


def test_an_override_may_be_replaced_and_have_parameters_and_exits() -> None:
    app = answers()
    assert get(app) == 1
    app.dependency_overrides[number] = three
    assert (get(app), get(app, "/?q=5"), get(app, "/?q=x")) == (3, 5, 422)
    app.dependency_overrides[number] = four
    assert get(app) == 4


def test_overrides_reach_included_routers_and_websockets() -> None:
    app, router = FastAPI(), APIRouter(prefix="/in")

    @router.get("/")
    async def read(value: int = Depends(number)) -> int:
        return value

    @router.websocket("/ws")
    async def talk(websocket: WebSocket, value: int = Depends(number)) -> None:
        await websocket.accept()
        await websocket.send_json(value)

    app.include_router(router)

    def heard() -> Any:
        with TestClient(app).websocket_connect("/in/ws") as session:
            return session.receive_json()

    assert (get(app, "/in/"), heard()) == (1, 1)
    app.dependency_overrides[number] = two
    assert (get(app, "/in/"), heard()) == (2, 2)
    app.dependency_overrides = {}
    assert (get(app, "/in/"), heard()) == (1, 1)


def test_a_foreign_provider_with_a_plain_dict() -> None:
    """A router of one's own may take overrides from anywhere; nobody tells when that dict changes."""
    provider = SimpleNamespace(dependency_overrides={})
    router = APIRouter(dependency_overrides_provider=provider)

    @router.get("/")
    async def read(value: int = Depends(number)) -> int:
        return value

    app = FastAPI(openapi_url=None, routes=router.routes)
    assert get(app) == 1
    provider.dependency_overrides[number] = two
    assert get(app) == 2
    provider.dependency_overrides = {number: three}
    assert get(app) == 3
    provider.dependency_overrides.clear()
    assert get(app) == 1


def test_a_set_of_overrides_that_returns_is_not_compiled_again() -> None:
    app = answers()
    variants = app.routes[-1].variants  # type: ignore[attr-defined]
    plain, overridden = variants.flat({}), variants.flat({number: two})
    assert variants.flat({}) is plain
    assert variants.flat({number: two}) is overridden is not plain


def test_many_sets_of_overrides_do_not_pile_up() -> None:
    """A test-suite sets its own overrides for each of its thousand tests."""
    app = answers()
    for n in range(50):
        app.dependency_overrides = {number: lambda n=n: n}
        assert get(app) == n
    assert len(app.routes[-1].variants._compiled) <= 8  # type: ignore[attr-defined]


# --- routes -----------------------------------------------------------------------------------------------------------


async def late() -> str:
    return "late"


def test_routes_may_be_added_to_a_running_app() -> None:
    app = answers()
    assert (get(app), get(app, "/late")) == (1, 404)
    app.get("/late")(late)
    assert get(app, "/late") == "late"


def test_routes_may_be_added_to_routers_after_inclusion_at_any_depth() -> None:
    app, outer, inner = answers(), APIRouter(prefix="/outer"), APIRouter(prefix="/inner")
    outer.include_router(inner)
    app.include_router(outer)
    assert get(app, "/outer/inner/late") == 404
    inner.get("/late")(late)
    assert get(app, "/outer/inner/late") == "late"
    added = APIRouter()
    inner.include_router(added, prefix="/added")
    added.get("/late")(late)
    assert get(app, "/outer/inner/added/late") == "late"


def test_a_router_that_is_included_twice_tells_both() -> None:
    app, router = FastAPI(), APIRouter()
    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/b")
    assert (get(app, "/a/late"), get(app, "/b/late")) == (404, 404)
    router.get("/late")(late)
    assert (get(app, "/a/late"), get(app, "/b/late")) == ("late", "late")


LATE = APIRoute("/", late)
EDITS: dict[str, tuple[Callable[[list[Any]], object], Any]] = {
    "append (too late to win)": (lambda routes: routes.append(LATE), 1),
    "insert": (lambda routes: routes.insert(0, LATE), "late"),
    "replace": (lambda routes: routes.__setitem__(-1, LATE), "late"),
    "replace all": (lambda routes: routes.__setitem__(slice(None), [LATE]), "late"),
    "extend and reverse": (lambda routes: (routes.extend([LATE]), routes.reverse()), "late"),
    "+= and sort": (lambda routes: (routes.__iadd__([LATE]), routes.sort(key=lambda r: r.name)), "late"),
    "remove": (lambda routes: routes.remove(routes[-1]), 404),
    "delete": (lambda routes: routes.__delitem__(-1), 404),
    "pop": (lambda routes: routes.pop(), 404),
    "clear": (lambda routes: routes.clear(), 404),
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_list_of_routes_may_be_edited_in_place(edit: str) -> None:
    app = answers()
    assert get(app) == 1
    change, expected = EDITS[edit]
    change(app.router.routes)
    assert get(app) == expected


@pytest.mark.parametrize("edit", EDITS)
def test_the_list_of_an_included_router_may_be_edited_in_place(edit: str) -> None:
    app, router = FastAPI(openapi_url=None), APIRouter()

    @router.get("/")
    async def read(value: int = Depends(number)) -> int:
        return value

    app.include_router(router)
    assert get(app) == 1
    change, expected = EDITS[edit]
    change(router.routes)
    assert get(app) == expected


def test_the_list_of_routes_may_be_another_one() -> None:
    app = answers()
    assert get(app) == 1
    app.router.routes = [LATE]
    assert get(app) == "late"


# --- exception handlers -----------------------------------------------------------------------------------------------


class Sold(Exception):
    pass


def failing() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/sold")
    async def sold() -> None:
        raise Sold

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418)

    @app.get("/number/{n}")
    async def number_in_path(n: int) -> None: ...

    return app


async def plain(request: Request, exc: Exception) -> PlainTextResponse:
    return PlainTextResponse(type(exc).__name__, 499)


@pytest.mark.parametrize(
    ("path", "before", "key", "after"),
    [
        ("/sold", 500, Sold, 499),
        ("/sold", 500, 500, 499),
        ("/sold", 500, Exception, 499),
        ("/teapot", 418, 418, 499),
        ("/teapot", 418, HTTPException, 499),
        ("/missing", 404, 404, 499),
        ("/number/x", 422, 422, 422),  # a validation error is no HTTPException of that status
    ],
)
@pytest.mark.parametrize("how", ["add_exception_handler", "exception_handlers"])
def test_exception_handlers_may_be_added_to_a_running_app(
    path: str, before: int, key: Any, after: int, how: str
) -> None:
    app = failing()
    assert get(app, path) == before
    if how == "exception_handlers":
        app.exception_handlers[key] = plain
    else:
        app.add_exception_handler(key, plain)
    assert get(app, path) == after


def test_exception_handlers_may_be_replaced_and_removed() -> None:
    app = failing()
    app.add_exception_handler(Sold, plain)
    assert get(app, "/sold") == 499

    async def gone(request: Request, exc: Exception) -> JSONResponse:
        return JSONResponse(None, 410)

    app.add_exception_handler(Sold, gone)
    assert get(app, "/sold") == 410
    del app.exception_handlers[Sold]
    assert get(app, "/sold") == 500


# --- doors ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def calls() -> list[str]:
    return []


def through_door(name: str, calls: list[str]) -> Callable[..., Any]:
    """What instrumentation puts in place of a door: it notes the call and goes on."""
    own = getattr(vivace.routing, name)

    def opened(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return own(*args, **kwargs)

    return opened


PER_REQUEST = ("solve_dependencies", "run_endpoint_function", "serialize_response")


@pytest.mark.parametrize("door", PER_REQUEST)
def test_a_replaced_step_is_called_for_every_request(
    door: str, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = answers()
    assert (get(app), calls) == (1, [])
    with monkeypatch.context() as patch:
        patch.setattr(vivace.routing, door, through_door(door, calls))
        assert (get(app), get(app), calls) == (1, 1, [door, door])
    assert (get(app), calls) == (1, [door, door])  # compiled again


@pytest.mark.parametrize("door", ["get_request_handler", "request_response"])
def test_a_replaced_maker_is_called_once(
    door: str, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = answers()
    assert get(app) == 1
    monkeypatch.setattr(vivace.routing, door, through_door(door, calls))
    assert (get(app), get(app), calls) == (1, 1, [door])


def test_get_request_handler_may_wrap_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """As error trackers do: they read the keyword `dependant` and set its `call`."""
    own = vivace.routing.get_request_handler

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        dependant: Dependant = kwargs["dependant"]
        endpoint = dependant.call
        assert endpoint is not None

        async def outer(**values: Any) -> Any:
            return await endpoint(**values) + 10

        dependant.call = outer
        return own(*args, **kwargs)

    monkeypatch.setattr(vivace.routing, "get_request_handler", wrapped)
    assert get(answers()) == 11


def test_a_replaced_step_may_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    app = answers()
    assert get(app) == 1

    async def run(*, dependant: Any, values: dict[str, Any], is_coroutine: bool) -> Any:
        return values["value"] + 10

    monkeypatch.setattr(vivace.routing, "run_endpoint_function", run)
    assert get(app) == 11


@pytest.mark.parametrize("door", PER_REQUEST)
def test_doors_see_overrides(door: str, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    app = answers()
    monkeypatch.setattr(vivace.routing, door, through_door(door, calls))
    assert get(app) == 1
    app.dependency_overrides[number] = two
    assert get(app) == 2


def test_a_websocket_goes_through_solve_dependencies(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def talk(websocket: WebSocket, value: int = Depends(number)) -> None:
        await websocket.accept()
        await websocket.send_json(value)

    def heard() -> Any:
        with TestClient(app).websocket_connect("/ws") as session:
            return session.receive_json()

    assert (heard(), calls) == (1, [])
    monkeypatch.setattr(vivace.routing, "solve_dependencies", through_door("solve_dependencies", calls))
    assert (heard(), calls) == (1, ["solve_dependencies"])


# --- routes that are edited -------------------------------------------------------------------------------------------


def test_another_app_of_a_route_answers() -> None:
    app = answers()
    assert get(app) == 1
    route: Any = app.routes[-1]
    own = route.app

    async def around(scope: Any, receive: Any, send: Any) -> None:
        scope["query_string"] = b"seen=1"
        await own(scope, receive, send)

    route.app = around
    assert get(app) == 1
    route.app = PlainTextResponse("other", 299)
    assert get(app) == 299
    route.app = own
    assert get(app) == 1


def test_an_edited_dependant_counts() -> None:
    """As programs do that put a dependency in front of every route, before the first request."""
    app = answers()
    dependant: Dependant = app.routes[-1].dependant  # type: ignore[attr-defined]
    dependant.dependencies.append(get_dependant(path="/", call=refuse))
    assert get(app) == 403


async def refuse() -> None:
    raise HTTPException(403)


def test_another_call_of_a_dependant_counts() -> None:
    app = answers()
    app.routes[-1].dependant.call = doubled  # type: ignore[attr-defined]
    assert get(app) == 2


async def doubled(value: int) -> int:
    return value * 2


def test_another_dependant_counts_after_the_first_request_too() -> None:
    app = answers()
    assert get(app) == 1
    route: Any = app.routes[-1]
    route.dependant = get_dependant(path="/", call=refuse)
    assert get(app) == 403


# --- methods of a route that are replaced -----------------------------------------------------------------------------


def answering(status: int) -> Callable[..., Any]:
    async def answer(self: Any, scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("", status)(scope, receive, send)

    return answer


def test_a_replaced_handle_of_all_routes_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracers replace `APIRoute.handle` to know the route."""
    monkeypatch.setattr(APIRoute, "handle", answering(299))
    assert get(answers()) == 299


def test_a_replaced_matches_of_all_routes_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(APIRoute, "matches", lambda self, scope: (Match.NONE, {}))
    assert get(answers()) == 404


def test_a_replaced_get_route_handler_of_all_routes_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_route_handler(self: APIRoute) -> Callable[[Request], Any]:
        async def handler(request: Request) -> PlainTextResponse:
            return PlainTextResponse("", 298)

        return handler

    monkeypatch.setattr(APIRoute, "get_route_handler", get_route_handler)
    assert get(answers()) == 298


def test_a_replaced_handle_of_a_single_route_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    app = answers()
    monkeypatch.setattr(app.routes[-1], "handle", PlainTextResponse("", 299))
    assert get(app) == 299


class Counted(APIRoute):
    """A custom route class: it counts the requests that pass through its handler."""

    seen = 0

    def get_route_handler(self) -> Callable[[Request], Any]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Any:
            Counted.seen += 1
            return await inner(request)

        return handler


@pytest.fixture
def counted() -> Iterator[type[Counted]]:
    Counted.seen = 0
    yield Counted
    Counted.seen = 0


def test_a_custom_route_class_sees_every_request_with_its_overrides(counted: type[Counted]) -> None:
    app = FastAPI(openapi_url=None)
    app.router.route_class = counted

    @app.get("/")
    async def read(value: int = Depends(number)) -> int:
        return value

    assert (get(app), counted.seen) == (1, 1)
    app.dependency_overrides[number] = two
    assert (get(app), counted.seen) == (2, 2)
    app.dependency_overrides.clear()
    assert (get(app), counted.seen) == (1, 3)


def test_a_custom_route_class_in_an_included_router(counted: type[Counted]) -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(route_class=counted)

    @router.get("/{q}")
    async def read(q: int, p: int = Query(0)) -> int:
        return q + p

    app.include_router(router, prefix="/in")
    assert (get(app, "/in/1?p=1"), get(app, "/in/x"), counted.seen) == (2, 422, 2)
