"""What a function declares is read once, however many routes need it; a function that has changed is read again."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from vivace import APIRouter, Depends, FastAPI, Query
from vivace._plan import dependencies
from vivace._plan.dependencies import build_dependency
from vivace.testclient import TestClient


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions whose signatures are read, in order."""
    names: list[str] = []
    typed_signature = dependencies.typed_signature

    def counting(call: Callable[..., Any]) -> Any:
        names.append(call.__name__)
        return typed_signature(call)

    monkeypatch.setattr(dependencies, "typed_signature", counting)
    return names


def test_a_dependency_is_read_once_for_all_routes(read: list[str]) -> None:
    async def session() -> None: ...

    async def user(session: Annotated[None, Depends(session)], token: str = "") -> None: ...

    app, shelf = FastAPI(openapi_url=None), APIRouter(dependencies=[Depends(user)])
    for number in range(10):

        @shelf.get(f"/{number}", name=f"read_{number}")
        async def endpoint(user: Annotated[None, Depends(user)]) -> None: ...

    app.include_router(shelf, prefix="/shelf", dependencies=[Depends(session)])
    assert TestClient(app).get("/shelf/7").status_code == 200
    assert sorted(read) == ["endpoint"] * 10 + ["session", "user"]


def test_a_name_in_the_path_is_another_parameter(read: list[str]) -> None:
    async def item(item_id: int) -> None: ...

    in_path, in_query = build_dependency(item, "/{item_id}"), build_dependency(item, "/")
    assert [p.name for p in in_path.path] == [p.name for p in in_query.query] == ["item_id"]
    assert build_dependency(item, "/{item_id}/price").path == in_path.path
    assert read == ["item", "item"]


def set_default(function: Any) -> None:
    function.__defaults__ = (7,)


def set_annotation(function: Any) -> None:
    function.__annotations__["limit"] = Annotated[int, Query(le=5)]


def set_signature(function: Any) -> None:
    async def other(offset: int) -> None: ...

    function.__wrapped__ = other


@pytest.mark.parametrize("change", [set_default, set_annotation, set_signature])
def test_a_function_that_has_changed_is_read_again(change: Callable[[Any], None]) -> None:
    async def page(limit: int = 3) -> None: ...

    before = build_dependency(page, "/")
    assert build_dependency(page, "/").query == before.query
    change(page)
    assert build_dependency(page, "/").query != before.query


def test_edits_of_one_routes_dependant_stay_there() -> None:
    async def page(limit: int = 3) -> int:
        return limit

    app = FastAPI(openapi_url=None)
    for path in ("/edited", "/other"):

        @app.get(path)
        async def endpoint(limit: Annotated[int, Depends(page)]) -> int:
            return limit

    edited = app.routes[0].dependant.dependencies[0].query_params[0]  # type: ignore[attr-defined]
    edited.field_info.alias = "size"
    client = TestClient(app)
    assert [client.get(f"{path}?size=9").json() for path in ("/edited", "/other")] == [9, 3]
