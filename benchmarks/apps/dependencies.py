"""W5: a bearer token and six dependencies, two of them `yield`; two of the six are asked for more than once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from benchmarks.apps._framework import Depends, FastAPI, HTTPException, OAuth2PasswordBearer, Query

app = FastAPI()
bearer = OAuth2PasswordBearer(tokenUrl="token")


@dataclass(frozen=True, slots=True)
class Settings:
    secret: str = "s3cret"


@dataclass(frozen=True, slots=True)
class User:
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Page:
    offset: int
    limit: int


class Session:
    """Stands for a database session: opened before the endpoint, closed after it."""

    def __init__(self) -> None:
        self.open = True

    def user(self, name: str) -> User:
        return User(name, active=True)

    def close(self) -> None:
        self.open = False


SETTINGS = Settings()


async def settings() -> Settings:
    return SETTINGS


async def session() -> AsyncIterator[Session]:
    current = Session()
    try:
        yield current
    finally:
        current.close()


async def current_user(
    token: Annotated[str, Depends(bearer)],
    settings: Annotated[Settings, Depends(settings)],
    session: Annotated[Session, Depends(session)],
) -> User:
    if token != settings.secret:
        raise HTTPException(401, "Unknown token", headers={"WWW-Authenticate": "Bearer"})
    return session.user("ada")


async def active_user(user: Annotated[User, Depends(current_user)]) -> User:
    if not user.active:
        raise HTTPException(403, "This account is closed")
    return user


async def trail(
    user: Annotated[User, Depends(active_user)], session: Annotated[Session, Depends(session)]
) -> AsyncIterator[list[str]]:
    """What the request did, kept until the request is over."""
    entries = [user.name]
    try:
        yield entries
    finally:
        entries.append("open" if session.open else "closed")


async def page(
    offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Page:
    return Page(offset, limit)


@app.get("/reports")
async def read_reports(
    user: Annotated[User, Depends(active_user)],
    page: Annotated[Page, Depends(page)],
    trail: Annotated[list[str], Depends(trail)],
) -> dict[str, str | int]:
    trail.append("reports")
    return {"user": user.name, "offset": page.offset, "limit": page.limit, "trail": len(trail)}
