"""One endpoint, four mistakes; and one that is meant."""

import time
import urllib.request

from vivace import FastAPI

app = FastAPI(debug=True)  # vivace: ignore[V302]


@app.get("/report")  # V201 V202
async def report(day):
    time.sleep(2)  # V101
    with urllib.request.urlopen("http://127.0.0.1/report") as answer:  # V101
        return answer.read()


@app.get("/old-report")
async def old_report(day):  # vivace: ignore
    time.sleep(2)  # vivace: ignore[V101, V303]
    return day
