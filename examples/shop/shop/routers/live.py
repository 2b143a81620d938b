"""What happens right now: stock levels and order progress as server-sent events, and a chat."""

import asyncio
from collections.abc import AsyncIterable
from datetime import timedelta
from typing import Annotated

from pydantic import ValidationError
from vivace import APIRouter, Header, WebSocket, WebSocketException, status
from vivace.sse import EventSourceResponse, ServerSentEvent

from ..checkout import NEXT_STATUSES
from ..dependencies import ChatNameDep, NewsDep, OwnOrderDep, SessionDep, SettingsDep, VisitorDep
from ..errors import problem
from ..events import Numbered
from ..schemas import ChatIn, ChatMessage, OrderProgress, Token
from ..security import CHAT_TICKET, create_token

router = APIRouter(prefix="/live", tags=["live"])

TICKET_LIFETIME = timedelta(minutes=1)


@router.get("/stock", response_class=EventSourceResponse)
async def follow_stock(
    news: NewsDep, last_event_id: Annotated[int | None, Header()] = None
) -> AsyncIterable[ServerSentEvent]:
    """Follow all stock levels. A browser that was cut off comes back with the number it saw last."""
    with news.stock.subscribe(after=last_event_id) as subscription:
        yield ServerSentEvent(comment="connected")
        while True:
            number, level = await subscription.get()
            yield ServerSentEvent(data=level, event="stock", id=str(number))


@router.get("/orders/{order_id}", response_class=EventSourceResponse, responses=problem(404))
async def follow_order(
    order: OwnOrderDep, session: SessionDep, news: NewsDep
) -> AsyncIterable[ServerSentEvent]:
    """Follow one of your orders until it is delivered or cancelled."""
    with news.orders.subscribe() as subscription:
        # Read again, now that nothing can be missed, and give the connection back: this may take days.
        await session.refresh(order)
        await session.close()
        progress = OrderProgress(order_id=order.id, status=order.status)
        yield ServerSentEvent(data=progress, event="status")
        while NEXT_STATUSES[progress.status]:
            _, latest = await subscription.get()
            if latest.order_id == order.id:
                progress = latest
                yield ServerSentEvent(data=progress, event="status")


@router.post("/tickets")
async def create_chat_ticket(user: VisitorDep, settings: SettingsDep) -> Token:
    """Get a ticket for the chat, good for a minute.

    Browsers cannot send an Authorization header with a WebSocket, and what stands in its URL ends up in
    logs. The ticket may: it opens nothing else, and not for long.
    """
    return create_token(user.username, {CHAT_TICKET}, TICKET_LIFETIME, settings)


@router.websocket("/chat")
async def chat(websocket: WebSocket, username: ChatNameDep, news: NewsDep) -> None:
    """Talk to whoever is in the shop: send `{"text": "…"}`, and receive what everybody says."""
    await websocket.accept()
    with news.chat.subscribe() as subscription:
        forwarding = asyncio.create_task(forward(subscription, websocket))
        try:
            async for text in websocket.iter_text():
                try:
                    message = ChatIn.model_validate_json(text)
                except ValidationError as exc:
                    await websocket.send_json({"errors": exc.errors(include_url=False, include_input=False)})
                else:
                    news.chat.publish(ChatMessage(username=username, text=message.text))
        except KeyError:  # There is no text in a binary message.
            raise WebSocketException(status.WS_1003_UNSUPPORTED_DATA, "Send text, please.") from None
        finally:
            forwarding.cancel()


async def forward(subscription: asyncio.Queue[Numbered[ChatMessage]], websocket: WebSocket) -> None:
    """Send on what is said in the chat, for as long as the connection lasts."""
    while True:
        _, message = await subscription.get()
        await websocket.send_text(message.model_dump_json())
