"""What goes over the wire: the bodies that the shop accepts and returns."""

from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from .models import Category, OrderStatus

T = TypeVar("T")

MAX_ID = 2**31 - 1

# SQLite keeps no time zone; all that the shop writes is UTC.
UtcTime = Annotated[datetime, AfterValidator(lambda time: time.replace(tzinfo=UTC))]
Cents = Annotated[int, Field(ge=0, le=10_000_000, description="Money in whole cents.", examples=[1250])]


class Stored(BaseModel):
    """Base of the answers that are read from a table's row."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """Why the shop refused a request."""

    code: str = Field(description="For programs: does not change.", examples=["out_of_stock"])
    detail: str = Field(description="For people.", examples=["Only 2 left of 'Teapot'."])


class Page(BaseModel, Generic[T]):
    """One page of a longer list."""

    items: list[T]
    total: int = Field(description="How many there are on all pages.")
    limit: int
    offset: int


# Catalogue


class ProductFilter(BaseModel):
    """The query parameters of a product search."""

    model_config = ConfigDict(extra="forbid")

    search: str | None = Field(
        default=None, min_length=2, max_length=50, description="Part of the name or description."
    )
    category: list[Category] = Field(default=[], description="Any of these.")
    min_price_cents: Cents | None = None
    max_price_cents: Cents | None = None
    in_stock: bool = Field(default=False, description="Only what can be ordered now.")
    sort: Literal["name", "price", "-price"] = "name"
    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=MAX_ID)

    @model_validator(mode="after")
    def check_price_range(self) -> Self:
        low, high = self.min_price_cents, self.max_price_cents
        if low is not None and high is not None and low > high:
            raise ValueError("min_price_cents must not be more than max_price_cents")
        return self


class ProductIn(BaseModel):
    """A new product."""

    name: str = Field(min_length=2, max_length=80, examples=["Teapot"])
    description: str = Field(default="", max_length=2000)
    category: Category
    price_cents: Cents
    stock: int = Field(default=0, ge=0, le=100_000)


class ProductUpdate(BaseModel):
    """A change to a product: fields that are left out, or null, stay as they are."""

    name: str | None = Field(default=None, min_length=2, max_length=80)
    description: str | None = Field(default=None, max_length=2000)
    category: Category | None = None
    price_cents: Cents | None = None
    stock: int | None = Field(default=None, ge=0, le=100_000)


class ProductOut(Stored, ProductIn):
    """A product of the catalogue."""

    id: int
    picture_url: str | None


# Users


class UserIn(BaseModel):
    """A registration."""

    username: str = Field(pattern=r"^[a-z][a-z0-9_]{2,29}$", examples=["grace"])
    full_name: str = Field(min_length=1, max_length=80, examples=["Grace Hopper"])
    password: str = Field(min_length=8, max_length=128)


class UserOut(Stored):
    """A user as others may see them: without the password."""

    id: int
    username: str
    full_name: str
    is_staff: bool


class Token(BaseModel):
    """The answer of a token endpoint (RFC 6749, section 5.1)."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds.")
    scope: str = Field(description="What was granted, which may be less than what was asked for.")


# Orders


class OrderLineIn(BaseModel):
    """How many of which product."""

    product_id: int = Field(ge=1, le=MAX_ID)
    quantity: int = Field(default=1, ge=1, le=100)


class OrderIn(BaseModel):
    """A new order."""

    lines: list[OrderLineIn] = Field(min_length=1, max_length=50)

    @field_validator("lines")
    @classmethod
    def check_products_differ(cls, lines: list[OrderLineIn]) -> list[OrderLineIn]:
        if len({line.product_id for line in lines}) < len(lines):
            raise ValueError("each product may appear once; use quantity for more")
        return lines


class OrderLineOut(Stored):
    """One product of an order, at the price of that day."""

    product_id: int
    quantity: int
    price_cents: Cents


class OrderOut(Stored):
    """An order of a customer."""

    id: int
    status: OrderStatus
    created_at: UtcTime
    lines: list[OrderLineOut]
    total_cents: int


class StatusChange(BaseModel):
    """The status that an order is to get."""

    status: Literal[OrderStatus.shipped, OrderStatus.delivered, OrderStatus.cancelled]


class OutboxMessageOut(Stored):
    """A message that waits to be sent."""

    id: int
    recipient: str
    subject: str
    body: str
    created_at: UtcTime


# Live


class StockLevel(BaseModel):
    """How many of a product are left."""

    product_id: int
    stock: int


class OrderProgress(BaseModel):
    """The status that an order has reached."""

    order_id: int
    status: OrderStatus


class ChatIn(BaseModel):
    """What somebody types into the chat."""

    text: str = Field(min_length=1, max_length=500)


class ChatMessage(ChatIn):
    """What everybody in the chat gets to see."""

    username: str
