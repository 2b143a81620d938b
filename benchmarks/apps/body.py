"""W3: a nested JSON body becomes a model, and another model becomes the answer."""

from typing import Annotated

from pydantic import BaseModel, Field

from benchmarks.apps._framework import FastAPI


class Address(BaseModel):
    street: str
    city: str
    postcode: Annotated[str, Field(pattern=r"^[0-9A-Z -]{3,10}$")]


class Customer(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    tags: list[str] = []
    address: Address


class Line(BaseModel):
    sku: str
    quantity: Annotated[int, Field(ge=1)]
    price: Annotated[float, Field(gt=0)]


class Order(BaseModel):
    customer: Customer
    lines: list[Line]
    note: str | None = None


class Receipt(BaseModel):
    number: int
    customer: Customer
    lines: list[Line]
    total: float


app = FastAPI()


@app.post("/orders", status_code=201)
async def create_order(order: Order) -> Receipt:
    total = sum(line.quantity * line.price for line in order.lines)
    return Receipt(number=1, customer=order.customer, lines=order.lines, total=total)
