"""The whole document: what is in it, in which order, and what is refused."""

import json
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from vivace import APIRouter, Body, FastAPI
from vivace.encoders import jsonable_encoder
from vivace.openapi.document import as_json
from vivace.openapi.models import OpenAPI
from vivace.openapi.utils import get_openapi
from vivace.routing import iter_route_contexts

INFO = {"title": "Shop", "version": "1"}


class Item(BaseModel):
    name: str


def create(item: Item) -> None: ...


def test_an_empty_document() -> None:
    document = get_openapi(title="Shop", version="1", routes=[])

    assert (
        json.dumps(document) == '{"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": {}}'
    )


def test_parts_stand_in_the_order_of_the_specification() -> None:
    app = FastAPI(
        title="Shop",
        version="1",
        summary="All of it",
        description="More",
        terms_of_service="https://shop.example/terms",
        contact={"email": "me@shop.example", "x-room": 3, "name": "Me"},
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/v1"}, {"url": "https://shop.example", "description": "Live"}],
        openapi_tags=[{"name": "a", "externalDocs": {"url": "https://shop.example"}, "description": None}],
        openapi_external_docs={"url": "https://docs.shop.example"},
    )
    app.post("/items")(create)
    app.webhooks.post("sold")(create)
    document = app.openapi()

    assert list(document) == [
        "openapi",
        "info",
        "servers",
        "paths",
        "webhooks",
        "components",
        "tags",
        "externalDocs",
    ]
    assert document["info"] == {
        "title": "Shop",
        "summary": "All of it",
        "description": "More",
        "termsOfService": "https://shop.example/terms",
        "contact": {"name": "Me", "email": "me@shop.example", "x-room": 3},
        "license": {"name": "MIT", "identifier": "MIT"},
        "version": "1",
    }
    assert document["tags"] == [{"name": "a", "externalDocs": {"url": "https://shop.example/"}}]
    assert list(document["paths"]) == ["/items"]
    assert list(document["webhooks"]) == ["sold"]
    assert list(document["components"]["schemas"]) == ["HTTPValidationError", "Item", "ValidationError"]


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"tags": [{"description": "nameless"}]}, "tags.0.name"),
        ({"contact": {"email": "nobody"}}, "info.contact.email"),
        ({"servers": [{"description": "nowhere"}]}, "servers.0.url"),
        ({"external_docs": {"description": "nowhere"}}, "externalDocs.url"),
        ({"license_info": {"url": "https://a.example"}}, "info.license.name"),
    ],
)
def test_a_part_that_is_wrong_is_refused_by_its_place(part: Any, place: str) -> None:
    with pytest.raises(ValidationError, match=place.replace(".", r"\.")):
        get_openapi(title="Shop", version="1", routes=[], **part)


def test_empty_parts_are_left_out() -> None:
    empty: Any = {
        "summary": "",
        "contact": {},
        "license_info": {},
        "servers": [],
        "tags": [],
        "external_docs": {},
    }

    assert get_openapi(title="Shop", version="1", routes=[], **empty) == get_openapi(
        title="Shop", version="1", routes=[]
    )


def test_one_path_holds_the_methods_of_several_routes() -> None:
    app = FastAPI()
    app.post("/items/{name}")(create)
    app.put("/items/{name}")(create)

    assert list(app.openapi()["paths"]) == ["/items/{name}"]
    assert set(app.openapi()["paths"]["/items/{name}"]) == {"post", "put"}


def test_a_converter_is_not_part_of_a_path() -> None:
    app = FastAPI()

    @app.get("/files/{path:path}")
    def read(path: str) -> None: ...

    assert list(app.openapi()["paths"]) == ["/files/{path}"]


def test_a_router_is_documented_once_for_each_way_to_reach_it() -> None:
    inner, outer, app = APIRouter(tags=["inner"]), APIRouter(prefix="/outer"), FastAPI()
    inner.get("/items")(lambda: None)
    outer.include_router(inner, prefix="/a", tags=["a"])
    outer.include_router(inner, prefix="/b", include_in_schema=False)
    app.include_router(outer)
    app.include_router(inner, deprecated=True)

    paths = app.openapi()["paths"]
    assert {path: item["get"]["tags"] for path, item in paths.items()} == {
        "/outer/a/items": ["a", "inner"],
        "/items": ["inner"],
    }
    assert paths["/items"]["get"]["deprecated"] is True


def test_route_contexts_may_be_chosen_from() -> None:
    router, app = APIRouter(), FastAPI()
    router.get("/public")(lambda: None)
    router.get("/private")(lambda: None)
    app.include_router(router, prefix="/api")
    chosen = [context for context in iter_route_contexts(app.routes) if context.path == "/api/public"]

    assert list(get_openapi(title="Shop", version="1", routes=chosen)["paths"]) == ["/api/public"]


def test_what_is_not_an_http_route_of_ours_has_no_place() -> None:
    app = FastAPI()
    app.mount("/static", lambda scope, receive, send: None)
    app.add_route("/plain", lambda request: None)

    @app.websocket("/ws")
    async def ws() -> None: ...

    @app.get("/hidden", include_in_schema=False)
    def hidden() -> None: ...

    assert app.openapi()["paths"] == {}


# ---- the last step ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        {"x-a": None, "x-b": {"c": None, "d": [None, {"e": None}]}},
        {"x-a": {"_sa_state": 1, "_safe": 2, "_s": 3}},
        {"tags": [{"name": "a", "x-none": None}]},
        {"components": {"schemas": {"A": {"default": None, "maximum": 3, "title": "A", "$ref": "#/x"}}}},
        {"components": {"schemas": {"A": {"enum": [None, 1], "examples": [{"a": None}], "const": None}}}},
        {"paths": {"/a": {"get": {"responses": {"200": {"description": "", "x-f": 1.5}}}}}},
        {"paths": {"/a": {"get": {"parameters": [{"name": "q", "in": "query", "example": None}]}}}},
        {"paths": {"/a": {"x-any": {1: {"b": (1, 2)}}}}},
        {"paths": {"/a": 3}},
    ],
)
def test_plain_data_comes_out_as_the_encoder_would_have_it(written: dict[str, Any]) -> None:
    document = {"openapi": "3.1.0", "info": INFO, **written}
    expected = jsonable_encoder(OpenAPI(**document), by_alias=True, exclude_none=True)

    assert json.dumps(as_json(document)) == json.dumps(expected)


def test_an_example_loses_its_nulls() -> None:
    app = FastAPI()

    @app.post("/")
    def post(
        item: Annotated[Item, Body(openapi_examples={"a": {"value": {"name": None, "n": [None]}}})],
    ) -> None: ...

    body = app.openapi()["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"] == {"a": {"value": {"n": [None]}}}


def test_a_schema_of_the_users_own_is_checked() -> None:
    app = FastAPI()

    class Wrong(BaseModel):
        size: Annotated[int, Field(json_schema_extra={"maxLength": -1})]

    @app.post("/")
    def post(wrong: Wrong) -> None: ...

    with pytest.raises(ValidationError, match="maxLength"):
        app.openapi()


def test_the_document_is_the_same_each_time() -> None:
    app = FastAPI()
    app.post("/items")(create)
    first = json.dumps(app.openapi())
    app.openapi_schema = None

    assert json.dumps(app.openapi()) == first
