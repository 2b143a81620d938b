"""How the shop reaches its database: the engine, the tables, and one session per request."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from vivace.requests import HTTPConnection

Sessions = async_sessionmaker[AsyncSession]


class Base(DeclarativeBase):
    """The tables of the shop register themselves here."""


def create_engine(url: str) -> AsyncEngine:
    """Return an engine whose SQLite connections enforce foreign keys and let readers work beside a writer."""
    engine = create_async_engine(url)

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()

    return engine


async def create_tables(connection: AsyncConnection) -> None:
    """Create the tables that do not exist yet. A shop that grows would use Alembic from here on."""
    # Of several workers that start at once, one writes and the others wait until its transaction is over.
    await connection.exec_driver_sql("BEGIN IMMEDIATE")
    await connection.run_sync(Base.metadata.create_all)


def get_sessions(connection: HTTPConnection) -> Sessions:
    """Dependency: the session factory, for work that outlives the request."""
    sessions: Sessions = connection.app.state.sessions
    return sessions


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Dependency: a session for this request. What the endpoint has not committed is rolled back."""
    async with get_sessions(connection)() as session:
        yield session
