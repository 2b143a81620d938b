"""W13: `BENCHMARK_ROUTES` routes in nested routers: ten routes to a shelf, ten shelves to a hall, halls in /api.

Each shelf has models of its own, as the resources of a real API have; halls and the API router have a
dependency each. `CALLS` names one valid request per route. The number of routes is rounded down to a multiple
of ten.
"""

import os
from typing import Annotated

from pydantic import BaseModel, Field, create_model

from benchmarks.apps._framework import APIRouter, Depends, FastAPI, HTTPException, Path, Query

PER_SHELF = 10
SHELVES_PER_HALL = 10


class Item(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    price: Annotated[float, Field(gt=0)]
    tags: list[str] = []


class StoredItem(Item):
    id: int


async def locale(language: Annotated[str, Query(min_length=2, max_length=5)] = "en") -> str:
    return language


async def hall_is_open(closed: bool = False) -> None:
    if closed:
        raise HTTPException(423, "This hall is closed")


ItemId = Annotated[int, Path(ge=1)]
Limit = Annotated[int, Query(ge=1, le=100)]
BODY = b'{"name": "Lamp", "price": 12.5, "tags": ["light"]}'
CALLS: list[tuple[str, str, bytes]] = []


def shelf(number: int, prefix: str) -> APIRouter:
    """Ten routes about one resource. `prefix` is where the shelf will be found, for `CALLS`."""
    router = APIRouter(prefix=f"/shelf-{number}", tags=[f"shelf {number}"])
    New = create_model(f"Item{number}", __base__=Item)
    Stored = create_model(f"StoredItem{number}", __base__=StoredItem)

    @router.get("", response_model=list[Stored])  # type: ignore[valid-type]  # a model made at run time
    async def read_items(offset: Annotated[int, Query(ge=0)] = 0, limit: Limit = 10) -> list[StoredItem]:
        return [Stored(id=offset + 1, name="Lamp", price=limit)]

    @router.post("", status_code=201)
    async def create_item(item: New) -> Stored:  # type: ignore[valid-type]
        return Stored(id=1, **item.model_dump())  # type: ignore[attr-defined]

    @router.get("/count")
    async def count_items(name: str | None = None) -> dict[str, int]:
        return {"count": 0 if name else number}

    @router.get("/{item_id}")
    async def read_item(item_id: ItemId, verbose: bool = False) -> Stored:  # type: ignore[valid-type]
        return Stored(id=item_id, name="Lamp" if verbose else "L", price=1)

    @router.put("/{item_id}")
    async def save_item(item_id: ItemId, item: New) -> Stored:  # type: ignore[valid-type]
        return Stored(id=item_id, **item.model_dump())  # type: ignore[attr-defined]

    @router.delete("/{item_id}")
    async def delete_item(item_id: ItemId) -> dict[str, bool]:
        return {"deleted": item_id > 0}

    @router.get("/{item_id}/tags")
    async def read_tags(item_id: ItemId, limit: Limit = 10) -> list[str]:
        return ["light"] * min(limit, item_id)

    @router.post("/{item_id}/tags")
    async def add_tags(item_id: ItemId, tags: list[str]) -> list[str]:
        return tags

    @router.get("/{item_id}/price")
    async def read_price(item_id: ItemId, currency: str = "EUR") -> dict[str, str | int]:
        return {"currency": currency, "price": item_id}

    @router.get("/{item_id}/related/{other_id}")
    async def read_relation(item_id: ItemId, other_id: ItemId) -> dict[str, int]:
        return {"distance": abs(item_id - other_id)}

    here = f"{prefix}/shelf-{number}"
    CALLS.extend(
        [
            ("GET", here, b""),
            ("POST", here, BODY),
            ("GET", f"{here}/count", b""),
            ("GET", f"{here}/7", b""),
            ("PUT", f"{here}/7", BODY),
            ("DELETE", f"{here}/7", b""),
            ("GET", f"{here}/7/tags", b""),
            ("POST", f"{here}/7/tags", b'["light", "old"]'),
            ("GET", f"{here}/7/price", b""),
            ("GET", f"{here}/7/related/9", b""),
        ]
    )
    return router


def hall(number: int, shelves: range, prefix: str) -> APIRouter:
    router = APIRouter(prefix=f"/hall-{number}", dependencies=[Depends(hall_is_open)])
    for shelf_number in shelves:
        router.include_router(shelf(shelf_number, f"{prefix}/hall-{number}"))
    return router


def build(routes: int) -> FastAPI:
    app = FastAPI(title="Nested routers")
    api = APIRouter(prefix="/api", dependencies=[Depends(locale)])
    shelves = routes // PER_SHELF
    for first in range(0, shelves, SHELVES_PER_HALL):
        in_this_hall = range(first, min(first + SHELVES_PER_HALL, shelves))
        api.include_router(hall(first // SHELVES_PER_HALL, in_this_hall, "/api"))
    app.include_router(api)
    return app


app = build(int(os.environ["BENCHMARK_ROUTES"]))
