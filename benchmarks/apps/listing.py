"""W7: a list of 1,000 models, which are there already: what is left is to check and to write them."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from benchmarks.apps._framework import FastAPI


class Product(BaseModel):
    id: int
    name: str
    price: float
    tags: list[str]
    in_stock: bool
    added: datetime


START = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCTS = [
    Product(
        id=number,
        name=f"Lamp {number}",
        price=number + 0.5,
        tags=["light", "desk"],
        in_stock=number % 3 > 0,
        added=START + timedelta(hours=number),
    )
    for number in range(1000)
]

app = FastAPI()


@app.get("/products")
async def list_products() -> list[Product]:
    return PRODUCTS
