"""Orders: customers place and cancel them, staff move them on."""

from collections.abc import Sequence

from sqlalchemy import select
from vivace import APIRouter, BackgroundTasks, status

from ..checkout import change_status, place_order, write_confirmation
from ..dependencies import STAFF_ONLY, CustomerDep, NewsDep, OrderDep, OwnOrderDep, SessionDep, SessionsDep
from ..errors import problem
from ..models import Order, OrderStatus, OutboxMessage
from ..schemas import OrderIn, OrderOut, OutboxMessageOut, StatusChange

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", response_model=OrderOut, status_code=status.HTTP_201_CREATED, responses=problem(404, 409))
async def create_order(
    new: OrderIn,
    user: CustomerDep,
    session: SessionDep,
    sessions: SessionsDep,
    news: NewsDep,
    background_tasks: BackgroundTasks,
) -> Order:
    """Order products. A confirmation goes to the outbox once the answer is on its way."""
    order = await place_order(session, news, user, new.lines)
    background_tasks.add_task(write_confirmation, sessions, order.id, user.username)
    return order


@router.get("", response_model=list[OrderOut])
async def read_orders(user: CustomerDep, session: SessionDep) -> Sequence[Order]:
    """List your orders, the latest first."""
    orders = await session.scalars(select(Order).where(Order.user_id == user.id).order_by(Order.id.desc()))
    return orders.all()


@router.get("/outbox", response_model=list[OutboxMessageOut], dependencies=[STAFF_ONLY])
async def read_outbox(session: SessionDep) -> Sequence[OutboxMessage]:
    """See the messages that wait to be sent."""
    messages = await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    return messages.all()


@router.get("/{order_id}", response_model=OrderOut, responses=problem(404))
async def read_order(order: OwnOrderDep) -> Order:
    """Read one of your orders."""
    return order


@router.post("/{order_id}/cancel", response_model=OrderOut, responses=problem(404, 409))
async def cancel_order(order: OwnOrderDep, session: SessionDep, news: NewsDep) -> Order:
    """Cancel an order that has not been shipped yet."""
    await change_status(session, news, order, OrderStatus.cancelled)
    return order


@router.put(
    "/{order_id}/status", response_model=OrderOut, responses=problem(404, 409), dependencies=[STAFF_ONLY]
)
async def update_status(change: StatusChange, order: OrderDep, session: SessionDep, news: NewsDep) -> Order:
    """Ship, deliver or cancel an order."""
    await change_status(session, news, order, change.status)
    return order
