"""The document is made on first use, kept, and yours to change."""

from typing import Any

from vivace import FastAPI
from vivace.openapi.utils import get_openapi
from vivace.testclient import TestClient


def shop() -> FastAPI:
    app = FastAPI(title="Shop", version="1.0.0")

    @app.get("/items", tags=["items"], summary="All items", response_description="The items")
    async def items(limit: int = 10) -> list[str]:
        """What we sell.

        In any order.
        \f
        Not for the document.
        """
        return []

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> None: ...

    return app


def test_an_operation() -> None:
    (paths,) = [shop().openapi()["paths"]]
    assert list(paths) == ["/items"]
    operation = paths["/items"]["get"]
    assert operation["tags"] == ["items"]
    assert operation["summary"] == "All items"
    assert operation["description"] == "What we sell.\n\nIn any order."
    assert operation["operationId"] == "items_items_get"
    assert operation["parameters"] == [
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "default": 10, "title": "Limit"},
        }
    ]
    assert operation["responses"]["200"]["description"] == "The items"
    assert operation["responses"]["422"]["description"] == "Validation Error"


def test_the_document_is_kept() -> None:
    app = shop()
    assert app.openapi() is app.openapi() is app.openapi_schema


def test_a_late_route_is_in_the_document() -> None:
    app = shop()
    app.openapi()

    @app.get("/late")
    async def late() -> None: ...

    assert "/late" in app.openapi()["paths"]


def test_a_function_of_your_own_makes_it() -> None:
    app = shop()

    def my_openapi() -> dict[str, Any]:
        document = get_openapi(title="My shop", version="3.0.0", routes=app.routes)
        document["info"]["x-logo"] = {"url": "/logo.png"}
        return document

    app.openapi = my_openapi  # type: ignore[method-assign]
    assert TestClient(app).get("/openapi.json").json()["info"] == {
        "title": "My shop",
        "version": "3.0.0",
        "x-logo": {"url": "/logo.png"},
    }


def test_it_may_be_changed_in_place() -> None:
    app = shop()
    app.openapi()["info"]["x-logo"] = "/logo.png"
    assert TestClient(app).get("/openapi.json").json()["info"]["x-logo"] == "/logo.png"


def test_an_operation_with_additions_of_your_own() -> None:
    app = FastAPI()

    @app.post("/raw", openapi_extra={"requestBody": {"content": {"text/csv": {}}, "required": True}})
    async def raw() -> None: ...

    assert app.openapi()["paths"]["/raw"]["post"]["requestBody"] == {
        "content": {"text/csv": {}},
        "required": True,
    }


def test_webhooks_are_only_described() -> None:
    app = FastAPI()

    @app.webhooks.post("order-placed")
    async def order_placed(number: int) -> None: ...

    assert list(app.openapi()["webhooks"]) == ["order-placed"]
    assert TestClient(app).post("/order-placed?number=1").status_code == 404
