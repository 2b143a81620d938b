"""A path parameter declared as a query parameter."""

from vivace import FastAPI, Query

app = FastAPI()


@app.get("/items/{item_id}")  # V001
async def read_item(item_id: int = Query()) -> int:
    return item_id
