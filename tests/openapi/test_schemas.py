"""Types to definitions: which models are defined, under which names, and what stands where a field is used."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from pydantic import BaseModel, Field, Json, WithJsonSchema, computed_field, create_model
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic.fields import FieldInfo

from vivace._plan.fields import ModelField
from vivace.openapi.schemas import Schemas, build_schemas, flat_models, has_computed_fields, normalized_name

T = TypeVar("T")


class Color(Enum):
    red = "red"


class Customer(BaseModel):
    name: str


class Order(BaseModel):
    customer: Customer | None = None
    colors: dict[str, list[Color]] = {}
    parts: list[Order] = []


class Page(BaseModel, Generic[T]):
    items: list[T]


class Square(BaseModel):
    side: int

    @computed_field
    @property
    def area(self) -> int:
        return self.side**2


class Drawing(BaseModel):
    squares: list[Square] | None = None


@pydantic_dataclass
class Circle:
    radius: int

    @computed_field
    @property
    def width(self) -> int:
        return 2 * self.radius


@dataclasses.dataclass
class Shelf:
    order: Order


def field(annotation: Any, name: str = "value", mode: Any = "validation", **attributes: Any) -> ModelField:
    return ModelField(FieldInfo(annotation=annotation, **attributes), name, mode)


def names(schemas: Schemas) -> list[str]:
    return list(schemas.definitions)


# ---- which models ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "models"),
    [
        (int, []),
        (Customer, [Customer]),
        (list[Customer], [Customer]),
        (dict[Color, Customer | None], [Color, Customer]),
        (Annotated[Customer, "metadata"], [Customer]),
        (Order, [Order, Customer, Color]),
        (Page[Customer], [Page[Customer], Customer]),
        (type[Customer], [Customer]),
        (Shelf, []),
        (Literal["a"], []),
    ],
)
def test_models_are_found_once_each_through_types_and_fields(annotation: Any, models: list[Any]) -> None:
    assert flat_models([annotation]) == models


def test_known_models_stand_first_and_are_not_looked_into() -> None:
    assert flat_models([list[Order]], known=[Order]) == [Order]


def test_a_model_is_defined_although_its_own_schema_hides_it() -> None:
    hidden = field(Annotated[Customer, WithJsonSchema({"type": "string"})])
    schemas = build_schemas([hidden])

    assert schemas.of(hidden) == {"type": "string", "title": "Value"}
    assert names(schemas) == ["Customer"]


def test_what_pydantic_finds_by_itself_is_defined_too() -> None:
    assert names(build_schemas([field(Shelf)])) == ["Color", "Customer", "Order", "Shelf"]


# ---- names -----------------------------------------------------------------------------------------------------------


def test_two_models_of_one_name_are_told_apart_by_their_modules() -> None:
    mine, yours = (
        create_model("Item", __module__="mine", a=(int, 1)),
        create_model("Item", __module__="yours"),
    )
    schemas = build_schemas([field(mine), field(yours)])

    assert names(schemas) == ["mine__Item", "yours__Item"]


def test_two_models_of_one_module_and_name_are_counted() -> None:
    first, second = (
        create_model("Item", __module__="shop", a=(int, 1)),
        create_model("Item", __module__="shop"),
    )
    used = [field(first), field(second)]
    schemas = build_schemas(used)

    assert [schemas.of(each)["$ref"].rpartition("/")[2] for each in used] == [
        "shop__Item__1",
        "shop__Item__2",
    ]
    assert "a" in schemas.definitions["shop__Item__1"]["properties"]


def test_brackets_of_generic_models_become_underscores() -> None:
    assert names(build_schemas([field(Page[Customer])])) == ["Customer", "Page_Customer_"]
    assert normalized_name("Page[Item, str]") == "Page_Item__str_"


def test_a_form_feed_ends_the_public_part_of_a_docstring() -> None:
    model = create_model("Item", __doc__="For all.\n\f\nFor us.")

    assert build_schemas([field(model)]).definitions["Item"]["description"] == "For all.\n"


# ---- input and output ------------------------------------------------------------------------------------------------


def test_a_model_that_differs_by_direction_is_defined_twice() -> None:
    schemas = build_schemas([field(Drawing), field(Drawing, mode="serialization")])

    assert names(schemas) == ["Drawing-Input", "Drawing-Output", "Square-Input", "Square-Output"]
    assert "area" not in schemas.definitions["Square-Input"]["properties"]
    assert schemas.definitions["Square-Output"]["required"] == ["side", "area"]


def test_one_schema_for_both_directions_if_told_so_except_for_computed_fields() -> None:
    model = create_model("Item", a=(int, 1))
    together = build_schemas([field(model), field(model, mode="serialization")], separate_input_output=False)
    assert names(together) == ["Item"]
    assert "required" not in together.definitions["Item"]

    apart = build_schemas([field(Square), field(Square, mode="serialization")], separate_input_output=False)
    assert names(apart) == ["Square-Input", "Square-Output"]


@pytest.mark.parametrize(
    ("annotation", "computed"),
    [(Square, True), (list[Drawing], True), (Circle, True), (Order, False), (Shelf, False), (int, False)],
)
def test_computed_fields_are_seen_through_models(annotation: Any, computed: bool) -> None:
    assert has_computed_fields(field(annotation)) is computed


# ---- where a field is used -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "title"),
    [
        (field(int, "item_id"), "Item Id"),
        (field(int, "item_id", alias="item-id"), "Item-Id"),
        (field(int, "item_id", validation_alias="item"), "Item"),
        (field(int, "item_id", title="Number"), "Number"),
        (field(Annotated[int, Field(title="Inner")], "item_id"), "Item Id"),
        (field(Customer | None, "customer"), "Customer"),
    ],
)
def test_a_schema_is_titled_after_its_alias(used: ModelField, title: str) -> None:
    assert build_schemas([used]).of(used)["title"] == title


def test_the_caller_may_know_the_alias_better() -> None:
    used = field(int, "item_id")

    assert build_schemas([used]).of(used, alias="x_item")["title"] == "X Item"


def test_a_reference_keeps_its_own_title() -> None:
    used = field(Customer)

    assert build_schemas([used]).of(used) == {"$ref": "#/components/schemas/Customer"}


@pytest.mark.parametrize(
    ("annotation", "config", "encoding"),
    [
        (bytes, {}, None),
        (bytes, {"val_json_bytes": "base64"}, "base64"),
        (bytes, {"val_json_bytes": "hex"}, None),
    ],
)
def test_bytes_are_described_by_media_type(annotation: Any, config: Any, encoding: str | None) -> None:
    model = create_model("File", __config__=config, data=(annotation, ...))
    described = build_schemas([field(model)]).definitions["File"]["properties"]["data"]

    assert described["contentMediaType"] == "application/octet-stream"
    assert described.get("contentEncoding") == encoding
    assert "format" not in described


def test_a_value_sent_as_json_text_is_described_as_such() -> None:
    used = field(Json[Customer])
    schema = build_schemas([used]).of(used)

    assert schema["contentMediaType"] == "application/json"
    assert schema["contentSchema"] == {"$ref": "#/components/schemas/Customer"}


# ---- sharing ---------------------------------------------------------------------------------------------------------


def adapters_built(fields: list[ModelField]) -> int:
    build_schemas(fields)
    return sum("type_adapter" in vars(each) for each in fields)


def test_fields_that_look_alike_are_generated_once() -> None:
    alike = [field(int, name, default=1, description="Which") for name in ("a", "b", "c")]
    alike += [field(Annotated[list[int | None], "x"].__origin__, name) for name in ("d", "e")]

    assert adapters_built(alike) == 2


def test_what_one_caller_does_to_a_schema_is_nobody_elses_business() -> None:
    first, second = field(int, "first"), field(int, "second")
    schemas = build_schemas([first, second])
    schemas.of(first)["minimum"] = 3

    assert schemas.of(first) == {"type": "integer", "title": "First"}
    assert schemas.of(second) == {"type": "integer", "title": "Second"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (field(int, default=1), field(int, default=True)),
        (field(float, default=1), field(float, default=1.0)),
        (field(int, default=0), field(int)),
        (field(int, ge=1), field(int, ge=2)),
        (field(int | str), field(str | int)),
        (field(Literal[1]), field(Literal[True])),
        (field(int, title="A"), field(int)),
        (field(int, examples=[1]), field(int)),
        (field(int, json_schema_extra={"x": 1}), field(int)),
        (field(str, pattern="a"), field(str, pattern="b")),
        (field(Annotated[int, WithJsonSchema({})]), field(int)),
    ],
)
def test_fields_that_differ_are_generated_apart(one: ModelField, other: ModelField) -> None:
    alone = [repr(build_schemas([each]).of(each)) for each in (one, other)]
    together = build_schemas([one, other])

    assert [repr(together.of(each)) for each in (one, other)] == alone
    assert alone[0] != alone[1]
