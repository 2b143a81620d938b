"""Starlette, with Pydantic called by hand."""

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.peers.order import ItemQuery, Order, receipt


async def hello(request: Request) -> Response:
    return JSONResponse({"message": "Hello, World!"})


async def read_item(request: Request) -> Response:
    query = ItemQuery.model_validate({**request.query_params, **request.path_params})
    return JSONResponse(query.model_dump())


async def create_order(request: Request) -> Response:
    order = Order.model_validate_json(await request.body())
    return Response(receipt(order).model_dump_json(), 201, media_type="application/json")


async def refuse(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 422)


app = Starlette(
    routes=[
        Route("/", hello),
        Route("/items/{item_id}", read_item),
        Route("/orders", create_order, methods=["POST"]),
    ],
    exception_handlers={ValidationError: refuse},
)
