"""The Pydantic models of `apps/body.py`, and those of `apps/typed.py` for peers that leave validation to the user.

Imports no framework: each peer has an environment of its own.
"""

from typing import Annotated

from pydantic import BaseModel, Field


class ItemQuery(BaseModel):
    """W2: everything that comes as text of path and query."""

    item_id: Annotated[int, Field(ge=1, le=1_000_000)]
    q: Annotated[str | None, Field(min_length=2, max_length=50)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    in_stock: bool = False


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


def receipt(order: Order) -> Receipt:
    total = sum(line.quantity * line.price for line in order.lines)
    return Receipt(number=1, customer=order.customer, lines=order.lines, total=total)
