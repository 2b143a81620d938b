"""BlackSheep, which binds parameters by their types; Pydantic has the constraints."""

from blacksheep import Application, Content, FromJSON, Request, Response, json
from pydantic import ValidationError

from benchmarks.peers.order import ItemQuery, Order, receipt

app = Application()


@app.router.get("/")
async def hello() -> Response:
    return json({"message": "Hello, World!"})


@app.router.get("/items/{item_id}")
async def read_item(item_id: int, q: str | None = None, limit: int = 10, in_stock: bool = False) -> Response:
    query = ItemQuery(item_id=item_id, q=q, limit=limit, in_stock=in_stock)
    return json(query.model_dump())


@app.router.post("/orders")
async def create_order(order: FromJSON[Order]) -> Response:
    body = receipt(order.value).model_dump_json().encode()
    return Response(201, content=Content(b"application/json", body))


@app.exception_handler(ValidationError)
async def refuse(app: Application, request: Request, error: ValidationError) -> Response:
    return json({"detail": str(error)}, 422)
