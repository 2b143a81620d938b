"""W1: the smallest answer, JSON. Also the 404 of an app whose routes do not match."""

from benchmarks.apps._framework import FastAPI

app = FastAPI()


@app.get("/")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}
