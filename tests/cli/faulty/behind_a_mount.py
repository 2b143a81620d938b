"""A route behind an application that is mounted everywhere."""

from vivace import FastAPI

app = FastAPI()
app.mount("/", FastAPI(openapi_url=None))


@app.get("/health")  # V004
async def health() -> str:
    return "well"
