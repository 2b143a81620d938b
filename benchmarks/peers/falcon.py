"""Falcon's ASGI side: its own converters for path and query, Pydantic for the body."""

from falcon import HTTP_201, HTTPUnprocessableEntity
from falcon.asgi import App, Request, Response
from pydantic import ValidationError

from benchmarks.peers.order import Order, receipt


class Hello:
    async def on_get(self, request: Request, response: Response) -> None:
        response.media = {"message": "Hello, World!"}


class Item:
    async def on_get(self, request: Request, response: Response, item_id: int) -> None:
        q = request.get_param("q")
        if q is not None and not 2 <= len(q) <= 50:
            raise HTTPUnprocessableEntity(description="q has 2 to 50 characters")
        response.media = {
            "item_id": item_id,
            "q": q,
            "limit": request.get_param_as_int("limit", min_value=1, max_value=100, default=10),
            "in_stock": request.get_param_as_bool("in_stock", default=False),
        }


class Orders:
    async def on_post(self, request: Request, response: Response) -> None:
        order = Order.model_validate_json(await request.stream.read())
        response.status = HTTP_201
        response.content_type = "application/json"
        response.data = receipt(order).model_dump_json().encode()


async def refuse(request: Request, response: Response, error: ValidationError, parameters: object) -> None:
    raise HTTPUnprocessableEntity(description=str(error))


app = App()
app.req_options.keep_blank_qs_values = True  # `limit=` is an integer that is none, not an absent one
app.add_error_handler(ValidationError, refuse)
app.add_route("/", Hello())
app.add_route("/items/{item_id:int(min=1, max=1000000)}", Item())
app.add_route("/orders", Orders())
