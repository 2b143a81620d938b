"""A synchronous database driver in an async dependency."""

import sqlite3
from collections.abc import AsyncIterator
from typing import Annotated

from vivace import Depends, FastAPI

app = FastAPI()


async def get_connection() -> AsyncIterator[sqlite3.Connection]:
    connection = sqlite3.connect("shop.db")  # V101
    yield connection
    connection.close()  # V101


@app.get("/items")
async def read_items(connection: Annotated[sqlite3.Connection, Depends(get_connection)]) -> int:
    return connection.total_changes
