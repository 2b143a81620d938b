"""An endpoint that keeps a core busy for some milliseconds: for `benchmarks.scaling`."""

from benchmarks.apps._framework import FastAPI

app = FastAPI()


@app.get("/busy")
async def busy() -> int:
    return sum(number * number for number in range(60_000))
