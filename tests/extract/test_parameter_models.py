"""Models in the query, headers and cookies: one, several, optional, with extras and aliases."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from starlette.datastructures import Headers, MultiDict, QueryParams

from vivace.param_functions import Cookie, Header, Query

from .declared import failures, headers, read


class Filters(BaseModel):
    term: str
    limit: int = 10
    tags: list[str] = Field(default_factory=list)


class Open(Filters):
    model_config = ConfigDict(extra="allow")


class Closed(Filters):
    model_config = ConfigDict(extra="forbid")


def test_each_field_is_read_by_its_own_name():
    def endpoint(filters: Annotated[Filters, Query()]): ...

    values, errors = read(endpoint, QueryParams("term=a&term=b&tags=x&tags=y&other=1"))
    assert (values, errors) == ({"filters": Filters(term="b", tags=["x", "y"])}, [])
    assert values["filters"].model_fields_set == {"term", "tags"}
    assert failures(read(endpoint, QueryParams("limit=x"))) == [
        ("missing", ("query", "term")),
        ("int_parsing", ("query", "limit")),
    ]


def test_extras_are_allowed_or_forbidden_as_the_model_says():
    def open_(filters: Annotated[Open, Query()]): ...

    def closed(filters: Annotated[Closed, Query()]): ...

    query = QueryParams("one=1&term=a&many=1&many=2")
    assert read(open_, query)[0]["filters"].model_extra == {"one": "1", "many": ["1", "2"]}
    assert failures(read(closed, query)) == [
        ("extra_forbidden", ("query", "one")),
        ("extra_forbidden", ("query", "many")),
    ]


def test_a_validator_before_the_model_sees_the_fields_then_the_rest():
    seen: list[dict[str, Any]] = []

    class Curious(Filters):
        @model_validator(mode="before")
        @classmethod
        def look(cls, value: dict[str, Any]) -> dict[str, Any]:
            seen.append(value)
            return value

    def endpoint(filters: Annotated[Curious, Query()]): ...

    read(endpoint, QueryParams("other=1&tags=x&term=a&more=1&more=2"))
    assert list(seen[0].items()) == [("term", "a"), ("tags", ["x"]), ("other", "1"), ("more", ["1", "2"])]


@pytest.mark.parametrize("source", [QueryParams(""), QueryParams("other=1")])
def test_an_optional_model_of_which_nothing_was_sent_is_absent(source):
    default = Filters(term="default")

    def none(filters: Annotated[Filters | None, Query()] = None): ...

    def copied(filters: Annotated[Filters | None, Query()] = default): ...

    def made(filters: Annotated[Filters | None, Query(default_factory=lambda: Filters(term="made"))]): ...

    def required(filters: Annotated[Filters | None, Query()]): ...

    assert read(none, source) == ({"filters": None}, [])
    assert read(copied, source)[0] == {"filters": default}
    assert read(copied, source)[0]["filters"] is not default
    assert read(made, source)[0]["filters"].term == "made"
    assert read(required, source) == (
        {},
        [{"type": "missing", "loc": ("query",), "msg": "Field required", "input": None}],
    )


def test_an_optional_model_of_which_something_was_sent_must_be_valid():
    def endpoint(filters: Annotated[Filters | None, Query()] = None): ...

    assert failures(read(endpoint, QueryParams("limit=3"))) == [("missing", ("query", "term"))]


def test_extras_count_as_something_if_they_concern_the_model():
    def open_(filters: Annotated[Open | None, Query()] = None): ...

    def closed(filters: Annotated[Closed | None, Query()] = None): ...

    assert failures(read(open_, QueryParams("other=1"))) == [("missing", ("query", "term"))]
    assert failures(read(closed, QueryParams("other=1"))) == [
        ("missing", ("query", "term")),
        ("extra_forbidden", ("query", "other")),
    ]
    assert read(closed, QueryParams("")) == ({"filters": None}, [])


def test_a_default_of_a_model_that_may_not_be_none_is_never_needed():
    def endpoint(filters: Annotated[Filters, Query()] = Filters(term="default")): ...

    assert failures(read(endpoint, QueryParams(""))) == [("missing", ("query", "term"))]


def test_models_and_scalars_of_one_source_are_read_independently():
    def endpoint(
        filters: Annotated[Open, Query()], closed: Annotated[Closed | None, Query()] = None, term: str = ""
    ): ...

    answer = read(endpoint, QueryParams("term=a&term=b&other=1"))
    assert answer[0] == {"filters": Open(term="b", other="1"), "term": "b"}  # type: ignore[call-arg]
    assert failures(answer) == [("extra_forbidden", ("query", "other"))]


class Tokens(BaseModel):
    model_config = ConfigDict(extra="allow")
    x_token: int
    x_literal: int = Field(0, alias="X_Literal")


def test_header_models_read_hyphens_and_say_so_in_errors():
    def endpoint(tokens: Annotated[Tokens, Header()]): ...

    values, errors = read(
        endpoint, headers("X-Token: 1", "x_token: 2", "x_literal: 3", "accept: a", "accept: b")
    )
    assert errors == []
    assert values["tokens"].model_dump() == {"x_token": 1, "x_literal": 3, "accept": ["a", "b"]}
    assert failures(read(endpoint, headers("x_token: 1", "x_literal: x"))) == [
        ("missing", ("header", "x-token")),
        ("int_parsing", ("header", "X_Literal")),
    ]


def test_header_models_may_ask_for_python_names_in_errors():
    class Named(BaseModel):
        model_config = ConfigDict(loc_by_alias=False)
        x_token: int
        item_id: int = Field(alias="x_item")

    def endpoint(tokens: Annotated[Named, Header()]): ...

    assert failures(read(endpoint, headers("x-token: x"))) == [
        ("int_parsing", ("header", "x_token")),
        ("missing", ("header", "item_id")),
    ]


def test_header_models_may_keep_underscores():
    def endpoint(tokens: Annotated[Tokens, Header(convert_underscores=False)]): ...

    values, _ = read(endpoint, headers("X-Token: 1", "x_token: 2"))
    assert values["tokens"].model_dump() == {"x_token": 2, "x_literal": 0, "x-token": "1"}


def test_an_underscored_header_is_not_a_sign_of_an_optional_model():
    def endpoint(tokens: Annotated[Tokens | None, Header()] = None): ...

    assert read(endpoint, headers("x_token: 2")) == ({"tokens": None}, [])


def test_cookies_are_single_values():
    def endpoint(filters: Annotated[Filters, Cookie()]): ...

    assert read(endpoint, {"term": "a", "limit": "3"}) == ({"filters": Filters(term="a", limit=3)}, [])
    assert failures(read(endpoint, {"term": "a", "tags": "x"})) == [("list_type", ("cookie", "tags"))]


class Aliased(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: int = Field(validation_alias=AliasChoices("first", "second"))
    item: int = Field(0, validation_alias=AliasPath("items", 0))


def test_alias_choices_that_were_not_needed_are_extras():
    def endpoint(data: Annotated[Aliased, Query()]): ...

    assert read(endpoint, QueryParams("second=2&items=7&items=8"))[0]["data"].model_dump() == {
        "value": 2,
        "item": 7,
    }
    assert failures(read(endpoint, QueryParams("first=1&second=2"))) == [
        ("extra_forbidden", ("query", "second"))
    ]
    assert failures(read(endpoint, QueryParams("second=x"))) == [("int_parsing", ("query", "second"))]


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (ConfigDict(), {"alias"}),
        (ConfigDict(validate_by_name=True), {"alias", "x-value"}),
        (ConfigDict(populate_by_name=True), {"alias", "x-value"}),
        (ConfigDict(validate_by_alias=False), {"x-value"}),
    ],
)
def test_names_and_aliases_are_used_as_the_model_says(config, names):
    class Model(BaseModel):
        model_config = config
        x_value: list[int] = Field([], alias="alias")

    def endpoint(data: Annotated[Model, Header()]): ...

    found = {
        n for n in ("alias", "x-value", "x_value") if read(endpoint, headers(f"{n}: 1"))[0]["data"].x_value
    }
    assert found == names


def test_a_validator_of_the_parameter_runs_before_the_model():
    def rename(value: dict[str, Any]) -> dict[str, Any]:
        return {"term": value["legacy"]}

    def endpoint(filters: Annotated[Filters, BeforeValidator(rename), Query()]): ...

    assert read(endpoint, QueryParams("legacy=a")) == ({"filters": Filters(term="a")}, [])


class Counting(list[Any]):
    """Counts how many entries were looked at."""

    looked_at = 0

    def __iter__(self):
        for item in super().__iter__():
            self.looked_at += 1
            yield item


@pytest.mark.parametrize("location", ["query", "header"])
def test_a_source_is_passed_over_once_however_many_fields(location: Literal["query", "header"]):
    fields = {f"f{i}": (int, 0) for i in range(50)}
    model = type(
        "Wide",
        (BaseModel,),
        {"__annotations__": {n: t for n, (t, _) in fields.items()}, **dict.fromkeys(fields, 0)},
    )
    mark = Query() if location == "query" else Header()

    def endpoint(data: Annotated[model, mark]): ...  # type: ignore[valid-type]

    items = [(f"other-{i}", "1") for i in range(100)]
    source: Any = (
        MultiDict(items) if location == "query" else Headers(raw=[(k.encode(), v.encode()) for k, v in items])
    )
    source._list = Counting(source._list)
    assert read(endpoint, source)[1] == []
    assert source._list.looked_at <= 3 * len(items)
