"""`time.sleep` on the event loop."""

import time

from vivace import FastAPI

app = FastAPI()


@app.get("/slow")
async def slow() -> str:
    time.sleep(1)  # V101
    return "done"


@app.get("/fine")
def fine() -> str:
    time.sleep(0.1)
    return "done, in a thread"
