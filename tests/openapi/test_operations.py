"""An operation: metadata, body, callbacks, and what the user adds last."""

from copy import deepcopy
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from vivace import APIRouter, Body, Depends, FastAPI, File, Form, UploadFile
from vivace.openapi.merge import merged
from vivace.security import HTTPBearer

from .documents import document_of, operation_of


class Tag(Enum):
    shop = "shop"


class Item(BaseModel):
    name: str


ITEM = {"$ref": "#/components/schemas/Item"}


def read_item() -> None:
    """Read one.

    In full.
    """


# ---- metadata --------------------------------------------------------------------------------------------------------


def test_metadata_comes_from_the_function_and_the_options() -> None:
    operation = operation_of(read_item, path="/items", tags=["a", Tag.shop], deprecated=True)

    assert {
        key: operation[key] for key in ("tags", "summary", "description", "operationId", "deprecated")
    } == {
        "tags": ["a", "shop"],
        "summary": "Read Item",
        "description": "Read one.\n\nIn full.",
        "operationId": "read_item_items_get",
        "deprecated": True,
    }


def test_the_user_may_name_everything() -> None:
    operation = operation_of(read_item, summary="One", description="Two", operation_id="three")

    assert [operation[key] for key in ("summary", "description", "operationId")] == ["One", "Two", "three"]


def test_an_id_that_is_taken_is_reported_with_the_function_that_takes_it() -> None:
    app = FastAPI()
    app.get("/a", operation_id="same")(read_item)
    app.get("/b", operation_id="same")(read_item)

    with pytest.warns(
        UserWarning, match=r"^Duplicate Operation ID same for function read_item at .*test_operations"
    ):
        app.openapi()


# ---- bodies ----------------------------------------------------------------------------------------------------------


def json_body(item: Item) -> None: ...


def optional_body(item: Item | None = None) -> None: ...


def two_values(item: Item, note: Annotated[str, Body(min_length=1)]) -> None: ...


def example_body(item: Annotated[Item, Body(openapi_examples={"one": {"value": {"name": "x"}}})]) -> None: ...


def own_media_type(item: Annotated[Item, Body(media_type="application/vnd.item+json")]) -> None: ...


def form(name: Annotated[str, Form()]) -> None: ...


def upload(file: UploadFile) -> None: ...


def raw(data: Annotated[bytes, File()]) -> None: ...


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        (json_body, {"required": True, "content": {"application/json": {"schema": ITEM}}}),
        (
            optional_body,
            {"content": {"application/json": {"schema": {"anyOf": [ITEM, {"type": "null"}], "title": "Item"}}}},
        ),
        (
            two_values,
            {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body_two_values__post"}}},
            },
        ),
        (
            example_body,
            {
                "required": True,
                "content": {"application/json": {"schema": ITEM, "examples": {"one": {"value": {"name": "x"}}}}},
            },
        ),
        (own_media_type, {"required": True, "content": {"application/vnd.item+json": {"schema": ITEM}}}),
        (
            form,
            {
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Body_form__post"}}
                },
            },
        ),
        (
            upload,
            {
                "required": True,
                "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Body_upload__post"}}},
            },
        ),
        (
            raw,
            {
                "required": True,
                "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Body_raw__post"}}},
            },
        ),
    ],
)  # fmt: skip
def test_a_body_is_described(endpoint: Any, body: dict[str, Any]) -> None:
    assert operation_of(endpoint, method="POST")["requestBody"] == body


def test_methods_without_a_body_show_none() -> None:
    assert "requestBody" in operation_of(json_body, method="GET")
    assert "requestBody" not in operation_of(json_body, method="OPTIONS")


# ---- callbacks -------------------------------------------------------------------------------------------------------

invoices = APIRouter()


@invoices.post("{$callback_url}/paid")
def paid(item: Item, credentials: Annotated[Any, Depends(HTTPBearer())]) -> None: ...


@invoices.post("{$callback_url}/quiet", include_in_schema=False)
def quiet(limit: int) -> None: ...


def test_callbacks_are_operations_under_their_name_and_expression() -> None:
    document = document_of(read_item, callbacks=invoices.routes)
    callbacks = document["paths"]["/"]["get"]["callbacks"]

    assert list(callbacks) == ["paid", "quiet"]
    assert callbacks["paid"]["{$callback_url}/paid"]["post"]["requestBody"]["content"] == {
        "application/json": {"schema": ITEM}
    }
    assert callbacks["quiet"] == {"{$callback_url}/quiet": {}}
    assert callbacks["paid"]["{$callback_url}/paid"]["post"]["security"] == [{"HTTPBearer": []}]
    assert list(document["components"]) == ["schemas"]


# ---- what the user adds ----------------------------------------------------------------------------------------------


def test_extra_is_merged_all_the_way_down() -> None:
    extra: dict[str, Any] = {
        "x-rate-limit": 3,
        "tags": ["more"],
        "requestBody": {"content": {"application/json": {"schema": {"x-a": 1}, "example": {"name": "x"}}}},
        "responses": {"200": {"description": "Fine"}},
    }
    before = deepcopy(extra)
    operation = operation_of(json_body, method="POST", tags=["one"], openapi_extra=extra)

    assert operation["x-rate-limit"] == 3
    assert operation["tags"] == ["one", "more"]
    assert operation["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {**ITEM, "x-a": 1}, "example": {"name": "x"}}},
    }
    assert operation["responses"]["200"]["description"] == "Fine"
    assert extra == before


def test_extra_of_one_route_is_not_in_another() -> None:
    app = FastAPI()
    parameters = [{"name": "extra", "in": "query", "schema": {"type": "string"}}]

    def read(limit: int) -> None: ...

    app.get("/a", openapi_extra={"parameters": parameters})(read)
    app.get("/b")(read)
    paths = app.openapi()["paths"]

    assert [p["name"] for p in paths["/a"]["get"]["parameters"]] == ["limit", "extra"]
    assert [p["name"] for p in paths["/b"]["get"]["parameters"]] == ["limit"]


@pytest.mark.parametrize(
    ("base", "update", "both"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": [1]}, {"a": [2]}, {"a": [1, 2]}),
        ({"a": {"x": 1}}, {"a": 3}, {"a": 3}),
        ({"a": [1]}, {"a": {"x": 1}}, {"a": {"x": 1}}),
    ],
)
def test_merged(base: dict[str, Any], update: dict[str, Any], both: dict[str, Any]) -> None:
    before = deepcopy((base, update))

    assert merged(base, update) == both
    assert (base, update) == before
