"""Robyn on its own server in Rust, with Pydantic: `python -m benchmarks.peers.robyn [OPTIONS] PORT`."""

import sys

from pydantic import ValidationError
from robyn import Request, Response, Robyn

from benchmarks.peers.order import ItemQuery, Order, receipt

app = Robyn(__file__)
JSON = {"Content-Type": "application/json"}


@app.get("/")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/items/:item_id")
async def read_item(request: Request) -> dict[str, int | str | bool | None] | Response:
    texts = {name: values[0] for name, values in request.query_params.to_dict().items()}
    try:
        return ItemQuery.model_validate({**texts, **request.path_params}).model_dump()
    except ValidationError as error:
        return Response(422, JSON, error.json())


@app.post("/orders")
async def create_order(request: Request) -> Response:
    try:
        order = Order.model_validate_json(request.body)
    except ValidationError as error:
        return Response(422, JSON, error.json())
    return Response(201, JSON, receipt(order).model_dump_json())


if __name__ == "__main__":
    app.start("127.0.0.1", int(sys.argv[-1]))
