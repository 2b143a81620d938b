"""Litestar, with msgspec, its own choice."""

from typing import Annotated

from litestar import Litestar, get, post
from litestar.params import Parameter

from benchmarks.peers.order_msgspec import Order, Receipt, receipt


@get("/")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@get("/items/{item_id:int}")
async def read_item(
    item_id: Annotated[int, Parameter(ge=1, le=1_000_000)],
    q: Annotated[str | None, Parameter(min_length=2, max_length=50)] = None,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 10,
    in_stock: bool = False,
) -> dict[str, int | str | bool | None]:
    return {"item_id": item_id, "q": q, "limit": limit, "in_stock": in_stock}


@post("/orders")
async def create_order(data: Order) -> Receipt:
    return receipt(data)


app = Litestar([hello, read_item, create_order], openapi_config=None)
