"""Bodies parsed as JSON: one value, an object of values, or none at all."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, Json
from pydantic_core import PydanticUndefined as NO_BODY

from vivace._compile.jsonbody import read_json_body
from vivace.param_functions import Body

from .declared import failures, fields_of, read_body


class Item(BaseModel):
    name: str
    price: int = 1


def test_one_parameter_is_the_body():
    def endpoint(item: Item): ...

    assert read_body(endpoint, {"name": "a"}) == ({"item": Item(name="a")}, [])
    assert failures(read_body(endpoint, {"price": "x"})) == [
        ("missing", ("body", "name")),
        ("int_parsing", ("body", "price")),
    ]
    assert failures(read_body(endpoint, [1])) == [("model_attributes_type", ("body",))]


def test_no_body_and_null_are_not_the_same():
    def optional(item: Item | None = Item(name="default")): ...

    def required(item: Item): ...

    assert read_body(optional, NO_BODY)[0] == {"item": Item(name="default")}
    assert read_body(optional, None) == ({"item": None}, [])
    assert failures(read_body(required, NO_BODY)) == [("missing", ("body",))]
    assert failures(read_body(required, None)) == [("model_attributes_type", ("body",))]


def test_an_invalid_body_leaves_none_behind():
    def endpoint(item: Item): ...

    assert read_body(endpoint, 3)[0] == {"item": None}


def test_several_parameters_are_keys():
    def endpoint(item: Item, count: Annotated[int, Body()] = 2): ...

    assert read_body(endpoint, {"item": {"name": "a"}, "other": 1}) == (
        {"item": Item(name="a"), "count": 2},
        [],
    )
    assert failures(read_body(endpoint, {"item": {}, "count": None})) == [
        ("missing", ("body", "item", "name")),
        ("int_type", ("body", "count")),
    ]


def test_one_parameter_may_be_a_key():
    def endpoint(item: Annotated[Item, Body(embed=True)]): ...

    assert read_body(endpoint, {"item": {"name": "a"}}) == ({"item": Item(name="a")}, [])
    assert failures(read_body(endpoint, {"name": "a"})) == [("missing", ("body", "item"))]


def test_a_key_stays_a_key_where_the_endpoint_does_not_embed():
    def override(item: Annotated[Item, Body(embed=True)]): ...

    fields = fields_of(override)["body"]
    assert read_json_body(fields, {"item": {"name": "a"}}, embed=False) == ({"item": Item(name="a")}, [])


@pytest.mark.parametrize("body", [None, [1], "text", 3])
def test_what_has_no_keys_lacks_even_optional_ones(body):
    def endpoint(a: Annotated[int, Body()] = 1, b: Annotated[int, Body()] = 2): ...

    assert failures(read_body(endpoint, body)) == [("missing", ("body", "a")), ("missing", ("body", "b"))]


@pytest.mark.parametrize("body", [NO_BODY, b"", b"not json", {}])
def test_defaults_stand_in_for_a_body_that_is_not_there(body):
    def endpoint(a: Annotated[int, Body()] = 1, b: Annotated[list[int], Body()] = [2]): ...  # noqa: B006

    assert read_body(endpoint, body) == ({"a": 1, "b": [2]}, [])


def test_the_first_alias_that_is_a_key_counts():
    def endpoint(a: Annotated[int | None, Body(validation_alias=AliasChoices("x", "y"), embed=True)]): ...

    assert read_body(endpoint, {"y": 2}) == ({"a": 2}, [])
    assert read_body(endpoint, {"y": 2, "x": None}) == ({"a": None}, [])
    assert failures(read_body(endpoint, {"y": "z"})) == [("int_parsing", ("body", "y"))]
    assert failures(read_body(endpoint, {"a": 1})) == [("missing", ("body", "x"))]


def test_tagged_unions():
    class Cat(BaseModel):
        kind: Literal["cat"]
        lives: int

    class Dog(BaseModel):
        kind: Literal["dog"]

    def endpoint(pet: Annotated[Cat | Dog, Body(discriminator="kind")]): ...

    assert read_body(endpoint, {"kind": "dog"}) == ({"pet": Dog(kind="dog")}, [])
    assert failures(read_body(endpoint, {"kind": "cat"})) == [("missing", ("body", "cat", "lives"))]
    assert failures(read_body(endpoint, {"kind": "cow"})) == [("union_tag_invalid", ("body",))]


def test_json_within_json():
    def endpoint(a: Annotated[Json[list[int]], Body(embed=True)]): ...

    assert read_body(endpoint, {"a": "[1]"}) == ({"a": [1]}, [])
    assert failures(read_body(endpoint, {"a": [1]})) == [("json_type", ("body", "a"))]


def test_raw_bytes():
    def endpoint(data: Annotated[bytes, Body()]): ...

    assert read_body(endpoint, b"\xff") == ({"data": b"\xff"}, [])


def test_defaults_are_fresh_and_validated_on_demand():
    def endpoint(
        a: Annotated[list[int], Body()] = [1],  # noqa: B006
        b: Annotated[int, Body(validate_default=True)] = "x",  # type: ignore[assignment]
    ): ...

    answer = read_body(endpoint, {})
    assert failures(answer) == [("int_parsing", ("body", "b"))]
    assert answer[0]["a"] is not fields_of(endpoint)["body"][0].field_info.default


def test_anything():
    def endpoint(a: Annotated[Any, Body()]): ...

    assert read_body(endpoint, {"x": [1]}) == ({"a": {"x": [1]}}, [])
