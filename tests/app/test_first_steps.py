"""The first app: declare an endpoint with type hints; what is wrong with a request is answered for you."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Router

from vivace import APIRouter, BackgroundTasks, Depends, FastAPI, Header, HTTPException, Query, Response
from vivace.testclient import TestClient

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float
    is_offer: bool = False


items = {1: Item(name="guitar", price=199)}


async def signed_in(x_token: Annotated[str, Header()]) -> str:
    if x_token != "secret":
        raise HTTPException(401, "Sign in first")
    return "ada"


router = APIRouter(prefix="/items", tags=["items"])


@router.get("/")
async def list_items(limit: Annotated[int, Query(ge=1, le=100)] = 10) -> list[Item]:
    return list(items.values())[:limit]


@router.get("/{item_id}")
def read_item(item_id: int) -> Item:
    if item_id not in items:
        raise HTTPException(404, "No such item")
    return items[item_id]


@router.put("/{item_id}", status_code=201)
async def save_item(
    item_id: int,
    item: Item,
    user: Annotated[str, Depends(signed_in)],
    tasks: BackgroundTasks,
    response: Response,
) -> dict[str, Any]:
    items[item_id] = item
    tasks.add_task(written.append, item.name)
    response.headers["x-saved-by"] = user
    return {"item_id": item_id, "name": item.name}


written: list[str] = []
app.include_router(router)
client = TestClient(app)


def test_values_come_from_the_path_and_the_query() -> None:
    assert client.get("/items/1").json() == {"name": "guitar", "price": 199.0, "is_offer": False}
    assert len(client.get("/items/?limit=1").json()) == 1


@pytest.mark.parametrize(
    ("path", "where", "message"),
    [
        (
            "/items/one",
            ["path", "item_id"],
            "Input should be a valid integer, unable to parse string as an integer",
        ),
        ("/items/?limit=0", ["query", "limit"], "Input should be greater than or equal to 1"),
        (
            "/items/?limit=many",
            ["query", "limit"],
            "Input should be a valid integer, unable to parse string as an integer",
        ),
    ],
)
def test_what_is_wrong_with_a_request_is_said(path: str, where: list[str], message: str) -> None:
    response = client.get(path)
    assert response.status_code == 422
    (error,) = response.json()["detail"]
    assert (error["loc"], error["msg"]) == (where, message)


def test_all_that_is_wrong_is_said_at_once() -> None:
    response = client.put("/items/x", json={"price": "much"})
    assert [error["loc"] for error in response.json()["detail"]] == [
        ["header", "x-token"],
        ["path", "item_id"],
        ["body", "name"],
        ["body", "price"],
    ]


def test_errors_that_you_raise() -> None:
    response = client.get("/items/99")
    assert (response.status_code, response.json()) == (404, {"detail": "No such item"})


def test_a_body_a_dependency_and_a_background_task() -> None:
    piano = {"name": "piano", "price": 2000}
    assert client.put("/items/2", json=piano, headers={"x-token": "guessed"}).status_code == 401
    response = client.put("/items/2", json=piano, headers={"x-token": "secret"})
    assert (response.status_code, response.json()) == (201, {"item_id": 2, "name": "piano"})
    assert response.headers["x-saved-by"] == "ada"
    assert written == ["piano"]


def test_a_dependency_may_be_replaced_for_a_test() -> None:
    app.dependency_overrides[signed_in] = lambda: "bob"
    try:
        assert client.put("/items/3", json={"name": "drum", "price": 5}).headers["x-saved-by"] == "bob"
    finally:
        app.dependency_overrides.clear()


def test_paths_by_name() -> None:
    assert app.url_path_for("read_item", item_id="3") == "/items/3"


def test_an_app_is_one_of_starlettes() -> None:
    assert isinstance(app, Starlette)
    assert isinstance(app.router, Router)
