"""W3: a nested JSON body becomes a model, and another model becomes the answer."""

from benchmarks.apps._framework import FastAPI
from benchmarks.peers.order import Order, Receipt, receipt

app = FastAPI()


@app.post("/orders", status_code=201)
async def create_order(order: Order) -> Receipt:
    return receipt(order)
