"""What endpoints ask for: the short names here say what an endpoint needs, and the functions provide it."""

from typing import Annotated

from jwt import InvalidTokenError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from vivace import Depends, HTTPException, Path, Query, Security, WebSocketException, status
from vivace.security import OAuth2PasswordBearer, SecurityScopes

from .database import Sessions, get_session, get_sessions
from .errors import NotFound
from .events import News, get_news
from .models import Order, Product, User
from .schemas import MAX_ID
from .security import CHAT_TICKET, SCOPES, read_token
from .settings import Settings, get_settings

SettingsDep = Annotated[Settings, Depends(get_settings)]
SessionDep = Annotated[AsyncSession, Depends(get_session)]
SessionsDep = Annotated[Sessions, Depends(get_sessions)]
NewsDep = Annotated[News, Depends(get_news)]

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token", scopes=SCOPES)


async def get_current_user(
    needed: SecurityScopes,
    token: Annotated[str, Depends(oauth2_scheme)],
    session: SessionDep,
    settings: SettingsDep,
) -> User:
    """Return the user whose token came with the request, if it grants the scopes that the endpoint needs."""
    unauthorized = HTTPException(
        status.HTTP_401_UNAUTHORIZED, "The access token is not valid.", {"WWW-Authenticate": "Bearer"}
    )
    try:
        data = read_token(token, settings)
    except InvalidTokenError:
        raise unauthorized from None
    user = await session.scalar(select(User).where(User.username == data.username))
    if user is None:
        raise unauthorized
    if not data.scopes.issuperset(needed.scopes):
        # RFC 6750, section 3.1: who you are is clear, but this token does not reach so far.
        challenge = f'Bearer error="insufficient_scope", scope="{needed.scope_str}"'
        raise HTTPException(
            status.HTTP_403_FORBIDDEN,
            f"This needs a token with the scope {needed.scope_str!r}.",
            {"WWW-Authenticate": challenge},
        )
    return user


VisitorDep = Annotated[User, Security(get_current_user, scopes=["profile"])]
CustomerDep = Annotated[User, Security(get_current_user, scopes=["orders"])]
STAFF_ONLY = Security(get_current_user, scopes=["staff"])


async def get_product(product_id: Annotated[int, Path(ge=1, le=MAX_ID)], session: SessionDep) -> Product:
    """Return the product that the path names."""
    product = await session.get(Product, product_id)
    if product is None:
        raise NotFound("product", product_id)
    return product


async def get_order(order_id: Annotated[int, Path(ge=1, le=MAX_ID)], session: SessionDep) -> Order:
    """Return the order that the path names, whoever it belongs to."""
    order = await session.get(Order, order_id)
    if order is None:
        raise NotFound("order", order_id)
    return order


async def get_own_order(order: Annotated[Order, Depends(get_order)], user: CustomerDep) -> Order:
    """Return the order that the path names. To others than its owner it does not exist."""
    if order.user_id != user.id:
        raise NotFound("order", order.id)
    return order


ProductDep = Annotated[Product, Depends(get_product)]
OrderDep = Annotated[Order, Depends(get_order)]
OwnOrderDep = Annotated[Order, Depends(get_own_order)]


async def get_chat_name(ticket: Annotated[str, Query()], settings: SettingsDep) -> str:
    """Return the name under which the holder of this ticket chats."""
    try:
        data = read_token(ticket, settings)
    except InvalidTokenError:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "The ticket is not valid.") from None
    if CHAT_TICKET not in data.scopes:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "This token is not a chat ticket.")
    return data.username


ChatNameDep = Annotated[str, Depends(get_chat_name)]
