"""Two operations under one id."""

from vivace import FastAPI

app = FastAPI()


@app.get("/items", operation_id="items")
async def read_items() -> list[str]:
    return []


@app.post("/items", operation_id="items")  # V003
async def create_item() -> str:
    return "teapot"
