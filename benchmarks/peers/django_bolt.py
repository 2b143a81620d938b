"""django-bolt on its own server in Rust, with msgspec: `python -m benchmarks.peers.django_bolt PORT`."""

import sys

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        BOLT_API=["benchmarks.peers.django_bolt:api"],
        INSTALLED_APPS=["django_bolt"],
        ROOT_URLCONF="benchmarks.peers.django_bolt",
        SECRET_KEY="not one",
    )
    django.setup()

from django_bolt import BoltAPI
from django_bolt.exceptions import HTTPException

from benchmarks.peers.order_msgspec import Order, Receipt, receipt

urlpatterns: list[object] = []
api = BoltAPI(enable_logging=False)


@api.get("/")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@api.get("/items/{item_id}")
async def read_item(
    item_id: int, q: str | None = None, limit: int = 10, in_stock: bool = False
) -> dict[str, int | str | bool | None]:
    # Query(ge=...) is accepted and not looked at, so the constraints are written out.
    if not (1 <= item_id <= 1_000_000 and 1 <= limit <= 100 and (q is None or 2 <= len(q) <= 50)):
        raise HTTPException(422, detail="item_id, limit or q is out of bounds")
    return {"item_id": item_id, "q": q, "limit": limit, "in_stock": in_stock}


@api.post("/orders", status_code=201)
async def create_order(order: Order) -> Receipt:
    return receipt(order)


if __name__ == "__main__":
    from django.core.management import call_command

    call_command("runbolt", host="127.0.0.1", port=int(sys.argv[1]), no_admin=True)
