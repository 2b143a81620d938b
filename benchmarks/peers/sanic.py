"""Sanic on its own server, with Pydantic called by hand: `python -m benchmarks.peers.sanic PORT`."""

import sys

from pydantic import ValidationError
from sanic import HTTPResponse, Request, Sanic, json, raw

from benchmarks.peers.order import ItemQuery, Order, receipt

app = Sanic("benchmark")


@app.get("/")
async def hello(request: Request) -> HTTPResponse:
    return json({"message": "Hello, World!"})


@app.get("/items/<item_id>")
async def read_item(request: Request, item_id: str) -> HTTPResponse:
    texts = {name: values[0] for name, values in request.args.items()}
    return json(ItemQuery.model_validate({**texts, "item_id": item_id}).model_dump())


@app.post("/orders")
async def create_order(request: Request) -> HTTPResponse:
    order = Order.model_validate_json(request.body)
    return raw(receipt(order).model_dump_json(), status=201, content_type="application/json")


@app.exception(ValidationError)
async def refuse(request: Request, error: ValidationError) -> HTTPResponse:
    return json({"detail": str(error)}, status=422)


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False, motd=False)
