"""The tables. Money is in whole cents, times are in UTC."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from . import clock
from .database import Base


class Category(StrEnum):
    """The shelves of the shop."""

    kitchen = "kitchen"
    garden = "garden"
    desk = "desk"


class OrderStatus(StrEnum):
    """Where an order stands."""

    placed = "placed"
    shipped = "shipped"
    delivered = "delivered"
    cancelled = "cancelled"


class User(Base):
    """A customer or, with ``is_staff``, somebody who runs the shop."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    password_hash: Mapped[str]
    is_staff: Mapped[bool] = mapped_column(default=False)


class Product(Base):
    """Something for sale."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("stock >= 0"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    category: Mapped[Category]
    price_cents: Mapped[int]
    stock: Mapped[int] = mapped_column(default=0)
    picture_type: Mapped[str | None]
    """The media type of its picture, which is a file in the pictures directory."""

    @property
    def picture_url(self) -> str | None:
        return f"/products/{self.id}/picture" if self.picture_type else None


class Order(Base):
    """What one customer bought in one go."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    status: Mapped[OrderStatus] = mapped_column(default=OrderStatus.placed)
    created_at: Mapped[datetime] = mapped_column(default=lambda: clock.now())
    lines: Mapped[list["OrderLine"]] = relationship(lazy="selectin", order_by="OrderLine.product_id")

    @property
    def total_cents(self) -> int:
        return sum(line.quantity * line.price_cents for line in self.lines)


class OrderLine(Base):
    """One product of an order, at the price of that day."""

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey(Product.id), primary_key=True)
    quantity: Mapped[int]
    price_cents: Mapped[int]


class OutboxMessage(Base):
    """A message to a customer that waits for a mailer to pick it up."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=lambda: clock.now())
