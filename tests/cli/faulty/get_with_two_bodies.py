"""A GET that takes two bodies, which clients and proxies drop."""

from pydantic import BaseModel

from vivace import FastAPI

app = FastAPI()


class Filter(BaseModel):
    name: str


class Order(BaseModel):
    by: str


@app.get("/items")  # V002
async def read_items(filter: Filter, order: Order) -> list[str]:
    return [filter.name, order.by]
