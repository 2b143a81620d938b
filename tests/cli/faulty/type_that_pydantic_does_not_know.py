"""A parameter of a class that nothing can be validated as."""

from vivace import FastAPI

app = FastAPI()


class Connection:
    pass


@app.get("/items")  # V001
async def read_items(connection: Connection) -> int:
    return 1
