"""What must happen together: an order and the stock that it takes, in one transaction."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from .database import Sessions
from .errors import NotFound, OutOfStock, WrongStatus
from .events import News
from .models import Order, OrderLine, OrderStatus, OutboxMessage, Product, User
from .schemas import OrderLineIn, OrderProgress, StockLevel

NEXT_STATUSES = {
    OrderStatus.placed: {OrderStatus.shipped, OrderStatus.cancelled},
    OrderStatus.shipped: {OrderStatus.delivered},
    OrderStatus.delivered: set(),
    OrderStatus.cancelled: set(),
}


async def place_order(session: AsyncSession, news: News, user: User, lines: list[OrderLineIn]) -> Order:
    """Take the products from stock and write down the order: all of it, or nothing."""
    order = Order(user_id=user.id)
    levels = []
    for line in lines:
        price_cents, stock = await take_from_stock(session, line)
        levels.append(StockLevel(product_id=line.product_id, stock=stock))
        order.lines.append(
            OrderLine(product_id=line.product_id, quantity=line.quantity, price_cents=price_cents)
        )
    session.add(order)
    await session.commit()
    for level in levels:
        news.stock.publish(level)
    return order


async def take_from_stock(session: AsyncSession, line: OrderLineIn) -> tuple[int, int]:
    """Take one order line from stock; return the price of one piece and how many are left.

    The check and the change are one statement, so that two customers cannot both buy the last piece.
    """
    taken = await session.execute(
        update(Product)
        .where(Product.id == line.product_id, Product.stock >= line.quantity)
        .values(stock=Product.stock - line.quantity)
        .returning(Product.price_cents, Product.stock)
    )
    row = taken.one_or_none()
    if row is None:
        product = await session.get(Product, line.product_id)
        if product is None:
            raise NotFound("product", line.product_id)
        raise OutOfStock(product.name, product.stock)
    return row.price_cents, row.stock


async def change_status(session: AsyncSession, news: News, order: Order, wanted: OrderStatus) -> None:
    """Move an order on to its next status. A cancelled order puts its products back on the shelf."""
    current = order.status
    if wanted not in NEXT_STATUSES[current]:
        raise WrongStatus(current, wanted)
    changed = await session.execute(
        update(Order)
        .where(Order.id == order.id, Order.status == current)
        .values(status=wanted)
        .returning(Order.id)
    )
    if changed.one_or_none() is None:  # Somebody else was faster.
        await session.refresh(order)
        raise WrongStatus(order.status, wanted)
    levels = await put_back(session, order) if wanted is OrderStatus.cancelled else []
    await session.commit()
    for level in levels:
        news.stock.publish(level)
    news.orders.publish(OrderProgress(order_id=order.id, status=wanted))


async def put_back(session: AsyncSession, order: Order) -> list[StockLevel]:
    """Add the products of an order to the stock again; return how many there are now."""
    levels = []
    for line in order.lines:
        returned = await session.execute(
            update(Product)
            .where(Product.id == line.product_id)
            .values(stock=Product.stock + line.quantity)
            .returning(Product.stock)
        )
        levels.append(StockLevel(product_id=line.product_id, stock=returned.scalar_one()))
    return levels


async def write_confirmation(sessions: Sessions, order_id: int, recipient: str) -> None:
    """Background task: leave a message for the customer in the outbox."""
    async with sessions() as session:
        order = await session.get_one(Order, order_id)
        message = OutboxMessage(
            recipient=recipient,
            subject=f"Your order {order_id}",
            body=f"Thank you! We have received your order for €{order.total_cents / 100:.2f}.",
        )
        session.add(message)
        await session.commit()
