"""Parameters that may be anything."""

from vivace import FastAPI

app = FastAPI()


@app.get("/items/{item_id}")  # V202 V202
async def read_item(item_id, q=None) -> str:
    return f"{item_id} {q}"
