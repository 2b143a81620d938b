"""409: an endpoint raises an `HTTPException` with a header of its own."""

from benchmarks.apps._framework import FastAPI, HTTPException

app = FastAPI()


@app.get("/orders/{order_id}/cancel")
async def cancel(order_id: int) -> None:
    raise HTTPException(409, f"Order {order_id} is on its way", headers={"X-Order": str(order_id)})
