"""Including routers: what is made of each route, how often, and which mistakes are reported at once."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from vivace import APIRouter, Depends, FastAPI
from vivace._match.include import EffectiveRoute
from vivace._plan.errors import DeclarationError
from vivace.exceptions import FastAPIError
from vivace.testclient import TestClient


class Message(BaseModel):
    text: str


async def nothing() -> None: ...


def router_of(*paths: str, **options: Any) -> APIRouter:
    router = APIRouter(**options)
    for path in paths:
        router.add_api_route(path, nothing)
    return router


# --- the cost -------------------------------------------------------------------------------------------------------


def test_a_route_is_built_once_for_all_routers_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    declare = EffectiveRoute.declare

    def counting(self: Any, path: str, *args: Any, **options: Any) -> None:
        built.append(path)
        declare(self, path, *args, **options)

    monkeypatch.setattr(EffectiveRoute, "declare", counting)
    app, api, hall = FastAPI(openapi_url=None), APIRouter(prefix="/api"), APIRouter(prefix="/hall")
    hall.include_router(router_of("", "/{item_id}", prefix="/shelf", dependencies=[Depends(nothing)]))
    api.include_router(hall, dependencies=[Depends(nothing)], responses={404: {"description": "gone"}})
    app.include_router(api)
    assert built == []
    assert TestClient(app).get("/api/hall/shelf/3").status_code == 200
    assert built == ["/api/hall/shelf", "/api/hall/shelf/{item_id}"]


def test_no_regular_expression_is_compiled_for_plain_segments() -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(router_of("/{item_id}", "/{item_id}/price", prefix="/items"))
    app.add_api_route("/files/{name}.{suffix}", nothing)
    assert TestClient(app).get("/items/3/price").status_code == 200
    router, files = app.routes
    routes = [*router.effective_candidates(), *router.original_router.routes, files]  # type: ignore[attr-defined]
    assert [route.path for route in routes if "path_regex" in vars(route)] == []

    assert TestClient(app).get("/files/a.txt").status_code == 200
    assert "path_regex" in vars(files)


# --- mistakes -------------------------------------------------------------------------------------------------------


def test_an_empty_path_is_found_below_routers_without_prefix() -> None:
    outer = APIRouter()
    outer.include_router(router_of("", prefix="/named"))
    FastAPI().include_router(outer)
    # In FastAPI too a router may hold what cannot be included without a prefix.
    inner = APIRouter()
    inner.include_router(router_of("/items"))
    inner.add_api_route("", nothing)
    outer.include_router(inner, prefix="/inner")
    FastAPI().include_router(outer)
    holder = APIRouter()
    holder.include_router(APIRouter())
    holder.routes[0].original_router.add_api_route("", nothing)  # type: ignore[attr-defined]
    with pytest.raises(FastAPIError, match=r"cannot be both empty \(path operation: nothing\)"):
        FastAPI().include_router(holder)


def needs_oneself() -> Callable[..., Any]:
    def dependency(**values: Any) -> None: ...

    dependency.__signature__ = _signature_of(dependency)  # type: ignore[attr-defined]
    return dependency


def _signature_of(dependency: Any) -> Any:
    import inspect

    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature([inspect.Parameter("again", kind, default=Depends(dependency))])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"prefix": "/{item_id}"}, ValueError),  # stands in the route's path too
        ({"prefix": "/{item_id:never}"}, AssertionError),
        ({"responses": {204: {"model": Message}}}, AssertionError),
        ({"dependencies": [Depends(needs_oneself())]}, DeclarationError),
        ({"generate_unique_id_function": lambda route: 1 / 0}, ZeroDivisionError),
    ],
)
def test_an_inclusion_that_cannot_work_is_reported_by_the_next_one(
    options: dict[str, Any], error: type[Exception]
) -> None:
    outer = APIRouter()
    outer.include_router(router_of("/{item_id}"), **options)
    with pytest.raises(error):
        FastAPI().include_router(outer)
