"""A path parameter that was renamed in one place only."""

from typing import Annotated

from vivace import FastAPI, Path

app = FastAPI()


@app.get("/items/{id}")  # V002
async def read_item(item_id: Annotated[int, Path()]) -> int:
    return item_id
