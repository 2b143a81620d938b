"""Parameters: name, place, whether required, schema and examples; models spread out; one of each name."""

from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, Field

from vivace import Cookie, Depends, Header, Path, Query

from .documents import parameters_of


def endpoint(annotation: Any, default: Any = ...) -> Any:
    if default is ...:

        def required(value_of: annotation) -> None: ...

        return required

    def optional(value_of: annotation = default) -> None: ...

    return optional


@pytest.mark.parametrize(
    ("declared", "default", "parameter"),
    [
        (int, ..., {"name": "value_of", "in": "query", "required": True}),
        (int, 3, {"name": "value_of", "in": "query", "required": False}),
        (Annotated[int, Query(alias="x-y")], ..., {"name": "x-y", "in": "query", "required": True}),
        (Annotated[int, Header()], ..., {"name": "value-of", "in": "header", "required": True}),
        (
            Annotated[int, Header(convert_underscores=False)],
            ...,
            {"name": "value_of", "in": "header", "required": True},
        ),
        (Annotated[int, Header(alias="x_y")], ..., {"name": "x_y", "in": "header", "required": True}),
        (Annotated[int, Cookie()], None, {"name": "value_of", "in": "cookie", "required": False}),
        (
            Annotated[int, Query(validation_alias=AliasChoices("first", "second"))],
            ...,
            {"name": "first", "in": "query", "required": True},
        ),
        (
            Annotated[int, Query(description="How many", deprecated=True)],
            ...,
            {"name": "value_of", "in": "query", "required": True, "description": "How many", "deprecated": True},
        ),
        (
            Annotated[int, Query(openapi_examples={"few": {"value": 1, "summary": None}})],
            ...,
            {"name": "value_of", "in": "query", "required": True, "examples": {"few": {"value": 1}}},
        ),
    ],
)  # fmt: skip
def test_a_parameter_is_described(declared: Any, default: Any, parameter: dict[str, Any]) -> None:
    (described,) = parameters_of(endpoint(declared, default))

    assert described.pop("schema")["type"] == "integer"
    assert described == parameter


def test_constraints_and_examples_stand_in_the_schema() -> None:
    (described,) = parameters_of(endpoint(Annotated[int, Query(ge=1, le=9, examples=[3], title="Size")]))

    assert described["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "title": "Size",
        "examples": [3],
    }


def test_a_hidden_parameter_is_left_out() -> None:
    assert parameters_of(endpoint(Annotated[int, Query(include_in_schema=False)])) == []


def test_places_come_in_order() -> None:
    def read(
        c: Annotated[int, Cookie()], h: Annotated[int, Header()], q: int, p: Annotated[int, Path()]
    ) -> None: ...

    assert [(p["in"], p["name"]) for p in parameters_of(read, path="/{p}")] == [
        ("path", "p"),
        ("query", "q"),
        ("header", "h"),
        ("cookie", "c"),
    ]


class Filters(BaseModel):
    sort_by: str
    page: int = Field(default=1, ge=1, description="Counted from one")
    tag: str = Field(default="", alias="TAG")


@pytest.mark.parametrize(
    ("marker", "names"),
    [
        (Query(), ["sort_by", "page", "TAG"]),
        (Cookie(), ["sort_by", "page", "TAG"]),
        (Header(), ["sort-by", "page", "TAG"]),
        (Header(convert_underscores=False), ["sort_by", "page", "TAG"]),
        (Query(include_in_schema=False), []),
    ],
)
def test_a_model_is_spread_into_its_fields(marker: Any, names: list[str]) -> None:
    assert [p["name"] for p in parameters_of(endpoint(Annotated[Filters, marker]))] == names


def test_the_fields_of_a_model_bring_what_they_say() -> None:
    page = parameters_of(endpoint(Annotated[Filters, Query()]))[1]

    assert page == {
        "name": "page",
        "in": "query",
        "required": False,
        "schema": {
            "type": "integer",
            "minimum": 1,
            "description": "Counted from one",
            "default": 1,
            "title": "Page",
        },
        "description": "Counted from one",
    }


def test_no_field_of_a_model_that_may_be_left_out_is_required() -> None:
    optional = parameters_of(endpoint(Annotated[Filters | None, Query()], None))
    needed = parameters_of(endpoint(Annotated[Filters | None, Query()]))

    assert [p["required"] for p in optional] == [False, False, False]
    assert [p["required"] for p in needed] == [True, False, False]


def test_of_one_name_the_required_one_stands_in_the_place_of_the_first() -> None:
    def dependency(limit: int) -> None: ...

    def read(
        first: int, used: Annotated[None, Depends(dependency)], limit: str = "", last: int = 0
    ) -> None: ...

    limit = parameters_of(read)[1]

    assert [p["name"] for p in parameters_of(read)] == ["first", "limit", "last"]
    assert limit["required"] is True
    assert limit["schema"]["type"] == "integer"


def test_one_name_in_two_places_is_two_parameters() -> None:
    def read(q: Annotated[int, Query(alias="id")], h: Annotated[int, Header(alias="id")]) -> None: ...

    assert [(p["in"], p["name"]) for p in parameters_of(read)] == [("query", "id"), ("header", "id")]
