"""An endpoint with one step and little else; `test_nothing` is what all of them contain."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from pydantic import BaseModel

from benchmarks.apps import body, dependencies, listing
from benchmarks.apps._framework import Depends, FastAPI, Query
from benchmarks.messages import Request
from benchmarks.micro.conftest import Answered
from benchmarks.workloads import PLACE_ORDER, REPORTS

app = FastAPI()


@app.get("/nothing")
async def nothing() -> None: ...


@app.get("/query")
async def query(
    q: Annotated[str | None, Query(max_length=50)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    in_stock: bool = False,
    tag: Annotated[list[str], Query()] = [],  # noqa: B006  # as users write it
) -> None: ...


async def first() -> int:
    return 1


async def second(first: Annotated[int, Depends(first)]) -> int:
    return first + 1


async def third(first: Annotated[int, Depends(first)], second: Annotated[int, Depends(second)]) -> int:
    return first + second


@app.get("/tree")
async def tree(third: Annotated[int, Depends(third)], second: Annotated[int, Depends(second)]) -> None: ...


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


@app.post("/body", status_code=204)
async def small_body(item: Item) -> None: ...


LAMP = Item(name="Lamp", price=49.5, tags=["light"])


@app.get("/model")
async def model() -> Item:
    return LAMP


@app.get("/dict")
async def plain_dict():  # type: ignore[no-untyped-def]  # no annotation: no response model
    return {"name": "Lamp", "price": 49.5, "tags": ["light"]}


JSON = (("Content-Type", "application/json"),)


def test_nothing(answered: Answered) -> None:
    assert answered(app, Request("GET", "/nothing")).chunks == [b"null"]


@pytest.mark.parametrize(
    "target", ["/query", "/query?q=lamp&limit=20&in_stock=true&tag=a&tag=b"], ids=["absent", "given"]
)
def test_query(answered: Answered, target: str) -> None:
    assert answered(app, Request("GET", target)).status == 200


def test_dependency_tree(answered: Answered) -> None:
    assert answered(app, Request("GET", "/tree")).status == 200


def test_dependency_tree_with_exits(answered: Answered) -> None:
    assert answered(dependencies.app, REPORTS).status == 200


@pytest.mark.parametrize("size", ["small", "nested"])
def test_body(answered: Answered, size: str) -> None:
    if size == "nested":
        assert answered(body.app, PLACE_ORDER).status == 201
        return
    request = Request("POST", "/body", JSON, b'{"name": "Lamp", "price": 49.5, "tags": ["light"]}')
    assert answered(app, request).status == 204


@pytest.mark.parametrize("target", ["/model", "/dict"])
def test_serialise(answered: Answered, target: str) -> None:
    chunks = answered(app, Request("GET", target)).chunks
    assert json.loads(b"".join(chunks)) == {"name": "Lamp", "price": 49.5, "tags": ["light"]}


def test_serialise_a_thousand(answered: Answered) -> None:
    chunks = answered(listing.app, Request("GET", "/products")).chunks
    assert len(json.loads(b"".join(chunks))) == 1000
