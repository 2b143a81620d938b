"""What the emitters ask of a field, and what may be inlined."""

import copy
import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Json
from starlette.datastructures import Headers, QueryParams

from vivace import params
from vivace._compile.extract import (
    default_of,
    has_constant_default,
    is_simple_scalar,
    is_simple_sequence,
    location_of,
    missing,
    multidict_extras,
    multidict_value,
    reader_for,
    validation_alias,
    wire_name,
)
from vivace._compile.forms import form_reader_for
from vivace._plan.fields import ModelField
from vivace._plan.forms import flat_fields, model_fields, param_aliases
from vivace.param_functions import Body, Cookie, Form, Header, Query

from .declared import field_of


class Model(BaseModel):
    a_b: int = 0
    tags: list[str] = []


class Color(Enum):
    RED = "red"


def declared(annotation: Any, default: Any = ...) -> ModelField:
    def scalar(some_name): ...

    scalar.__annotations__["some_name"] = annotation
    if default is not ...:
        scalar.__defaults__ = (default,)
    return field_of(scalar)


@pytest.mark.parametrize(
    ("annotation", "simple"),
    [
        (int, "scalar"),
        (int | None, "scalar"),
        (Annotated[str, Header()], "scalar"),
        (Annotated[Json[int], Query()], "scalar"),
        (Annotated[int, Query(validation_alias="x")], "scalar"),
        (Annotated[list[int], Query()], "sequence"),
        (Annotated[set[str] | None, Header()], "sequence"),
        (Annotated[list[int], Cookie()], None),
        (Annotated[Json[list[int]], Query()], None),
        (Annotated[int, Query(validation_alias=AliasChoices("x", "y"))], None),
        (Annotated[Model, Query()], None),
        (Annotated[Model | None, Header()], None),
    ],
)
def test_what_one_lookup_can_find(annotation, simple):
    field = declared(annotation)
    assert is_simple_scalar(field) == (simple == "scalar")
    assert is_simple_sequence(field) == (simple == "sequence")


@pytest.mark.parametrize(
    ("annotation", "location", "name"),
    [
        (int, "query", "some_name"),
        (Annotated[int, Header()], "header", "some-name"),
        (Annotated[int, Header(convert_underscores=False)], "header", "some_name"),
        (Annotated[int, Header(alias="X_Name")], "header", "X_Name"),
        (Annotated[int, Cookie(validation_alias="x")], "cookie", "x"),
        (Annotated[int, Query(alias="z", validation_alias=AliasChoices("x", "y"))], "query", "x"),
        (Annotated[int, Body()], "body", "some_name"),
        (Annotated[int, Form(alias="x")], "body", "x"),
    ],
)
def test_where_a_value_is_found(annotation, location, name):
    field = declared(annotation)
    assert (location_of(field), wire_name(field)) == (location, name)


@pytest.mark.parametrize(
    "default",
    [None, 1, 1.5, True, "x", b"x", (), Color.RED, Decimal(1), datetime.date(2020, 1, 1)],
)
def test_a_default_that_can_be_shared(default):
    field = declared(Any, default)
    assert has_constant_default(field)
    assert missing(field) == (default, [])


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (Annotated[list[int], Query()], [1]),
        (Any, ([],)),
        (Annotated[int, Query(validate_default=True)], 1),
        (Annotated[int, Query(default_factory=int)], ...),
        (int, ...),
    ],
)
def test_a_default_that_needs_a_call(annotation, default):
    assert not has_constant_default(declared(annotation, default))


def test_what_a_missing_value_comes_to():
    required = declared(Annotated[int, Header()])
    assert missing(required)[1][0]["loc"] == ("header", "some-name")
    default = [1]
    optional = declared(Annotated[list[int], Query()], default)
    assert missing(optional) == (default, [])
    assert missing(optional)[0] is not default
    assert default_of(optional) is not default
    assert missing(declared(Annotated[Model | None, Query()]))[1][0]["loc"] == ("query",)


def test_a_field_has_one_reader_and_its_copy_another():
    field = declared(int)
    assert reader_for(field) is reader_for(field)
    other = copy.copy(field)
    other.field_info = params.Query(annotation=str, alias="other")
    assert reader_for(other).read(QueryParams("other=x")) == ("x", [])
    assert reader_for(field).field is field

    form = declared(Annotated[int, Form()])
    assert form_reader_for(form) is form_reader_for(form)
    assert form_reader_for(copy.copy(form)) is not form_reader_for(form)


def test_flat_fields_are_those_of_the_models():
    plain = declared(int)
    assert flat_fields([plain, declared(Annotated[Model | None, Query()])]) == [plain, *model_fields(Model)]


def test_names_in_headers():
    a_b, tags = model_fields(Model)
    assert param_aliases(a_b, convert_underscores=True) == [("a_b", "a-b")]
    assert param_aliases(a_b) == [("a_b", "a_b")]
    assert param_aliases(tags, convert_underscores=True) == [("tags", "tags")]


def test_fields_take_their_models_configuration_unless_their_type_has_its_own():
    class Outer(BaseModel):
        model_config = ConfigDict(validate_by_name=True)
        text: str = Field(alias="t")
        inner: Model = Field(alias="i")
        inners: list[Model] = Field(alias="l")

    assert [param_aliases(field) for field in model_fields(Outer)] == [
        [("t", "t"), ("text", "text")],
        [("i", "i")],
        [("l", "l"), ("inners", "inners")],
    ]
    for field in model_fields(Outer):
        assert field.type_adapter is not None


def test_the_pieces_that_others_import():
    field = declared(Annotated[list[int], Query(alias="x")])
    assert validation_alias(field) == "x"
    assert multidict_value(field, QueryParams("x=1&x=2"), "x") == ["1", "2"]
    assert multidict_value(declared(int), QueryParams("x=1&x=2"), "x") == "2"
    extras = multidict_extras(QueryParams("a=1&b=1&b=2&c=3"), {"c"})
    assert dict(extras) == {"a": "1", "b": ["1", "2"]}
    assert dict(multidict_extras(Headers({"a": "1"}), set())) == {"a": "1"}
