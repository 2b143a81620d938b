"""The models of peers that validate with msgspec: those of `apps/body.py`."""

from typing import Annotated

from msgspec import Meta, Struct


class Address(Struct):
    street: str
    city: str
    postcode: Annotated[str, Meta(pattern=r"^[0-9A-Z -]{3,10}$")]


class Customer(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    address: Address
    tags: list[str] = []


class Line(Struct):
    sku: str
    quantity: Annotated[int, Meta(ge=1)]
    price: Annotated[float, Meta(gt=0)]


class Order(Struct):
    customer: Customer
    lines: list[Line]
    note: str | None = None


class Receipt(Struct):
    number: int
    customer: Customer
    lines: list[Line]
    total: float


def receipt(order: Order) -> Receipt:
    total = sum(line.quantity * line.price for line in order.lines)
    return Receipt(1, order.customer, order.lines, total)
