"""A request with a blocking client, through a name of its own and a session."""

import requests
from requests import get as fetch

from vivace import FastAPI

app = FastAPI()
session = requests.Session()


@app.get("/weather")
async def weather() -> list[str]:
    first = fetch("http://127.0.0.1/weather").text  # V101
    second = session.get("http://127.0.0.1/weather").text  # V101
    return [first, second]
