"""Path, query, header and cookie parameters that are one value each."""

from collections import deque
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Json
from starlette.datastructures import QueryParams

from vivace.param_functions import Cookie, Header, Path, Query

from .declared import failures, headers, read

MISSING = {"type": "missing", "msg": "Field required", "input": None}


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("a=1", ({"a": 1, "b": None}, [])),
        ("a=1&a=2&b=3", ({"a": 2, "b": 3}, [])),
        ("", ({"b": None}, [{**MISSING, "loc": ("query", "a")}])),
    ],
)
def test_a_scalar_takes_the_last_value_or_its_default(query, answer):
    def endpoint(a: int, b: int | None = None): ...

    assert read(endpoint, QueryParams(query)) == answer


def test_an_empty_value_is_a_value():
    def endpoint(a: int | None = None, b: str = "default"): ...

    answer = read(endpoint, QueryParams("a=&b="))
    assert answer[0] == {"b": ""}
    assert failures(answer) == [("int_parsing", ("query", "a"))]


def test_a_sequence_takes_every_value():
    def endpoint(
        a: Annotated[list[int], Query()],
        b: Annotated[set[str] | None, Query()] = None,
        c: Annotated[deque[int], Query()] = deque([7]),  # noqa: B006
        d: Annotated[tuple[int, int], Query()] = (1, 2),
        e: Annotated[list, Query()] = ["x"],  # noqa: B006
    ): ...

    values, errors = read(endpoint, QueryParams("a=1&b=x&a=2&b=y&d=3&d=4"))
    assert values == {"a": [1, 2], "b": {"x", "y"}, "c": deque([7]), "d": (3, 4), "e": ["x"]}
    assert errors == []
    assert failures(read(endpoint, QueryParams("a=1&a=&d=1"))) == [
        ("int_parsing", ("query", "a", 1)),
        ("missing", ("query", "d", 1)),
    ]


def test_defaults_are_copied_for_each_request():
    default = ["x"]

    def endpoint(
        a: Annotated[list[str], Query()] = default, b: Annotated[list, Query(default_factory=list)] = ...
    ): ...

    first, _ = read(endpoint, QueryParams(""))
    first["a"].append("y")
    second, _ = read(endpoint, QueryParams(""))
    assert second["a"] == default == ["x"]


def test_a_default_factory_makes_each_default_anew():
    def endpoint(a: Annotated[list[int], Query(default_factory=list)]): ...

    assert read(endpoint, QueryParams(""))[0]["a"] is not read(endpoint, QueryParams(""))[0]["a"]


def test_defaults_are_validated_only_on_demand():
    def endpoint(
        a: Annotated[int, Query()] = "text",  # type: ignore[assignment]
        b: Annotated[int, Query(validate_default=True)] = "3",  # type: ignore[assignment]
        c: Annotated[int, Query(validate_default=True)] = "text",  # type: ignore[assignment]
    ): ...

    answer = read(endpoint, QueryParams(""))
    assert answer[0] == {"a": "text", "b": 3}
    assert failures(answer) == [("int_parsing", ("query", "c"))]


def test_headers_have_hyphens_for_underscores_and_the_first_value_counts():
    def endpoint(
        x_token: Annotated[str, Header()],
        x_tags: Annotated[list[str], Header()],
        x_id: Annotated[str, Header(convert_underscores=False)],
        x_name: Annotated[str, Header(alias="X_Name")],
    ): ...

    assert read(
        endpoint,
        headers("X-Token: a", "X-Token: b", "X-Tags: c", "X-Tags: d", "x_id: 1", "X-Id: 2", "x_name: e"),
    ) == ({"x_token": "a", "x_tags": ["c", "d"], "x_id": "1", "x_name": "e"}, [])
    assert failures(read(endpoint, headers())) == [
        ("missing", ("header", "x-token")),
        ("missing", ("header", "x-tags")),
        ("missing", ("header", "x_id")),
        ("missing", ("header", "X_Name")),
    ]


def test_the_first_alias_that_was_sent_counts():
    def endpoint(
        a: Annotated[int, Query(alias="unused", validation_alias=AliasChoices("first", "second"))],
    ): ...

    assert read(endpoint, QueryParams("second=2&first=1")) == ({"a": 1}, [])
    assert read(endpoint, QueryParams("second=2")) == ({"a": 2}, [])
    assert failures(read(endpoint, QueryParams("first=&second=2"))) == [("int_parsing", ("query", "first"))]
    assert failures(read(endpoint, QueryParams("a=1&unused=2"))) == [("missing", ("query", "first"))]


def test_an_alias_path_is_no_name():
    def endpoint(a: Annotated[int, Query(validation_alias=AliasPath("items", 0))] = 0): ...

    assert read(endpoint, QueryParams("items=3&a=4")) == ({"a": 4}, [])


class Model(BaseModel):
    x: int


def test_json_in_a_text():
    def endpoint(
        a: Annotated[Json[list[int]], Query()],
        b: Annotated[list[Json[int]] | None, Query()] = None,
        c: Annotated[Json[Model], Query()] = None,  # type: ignore[assignment]
    ): ...

    assert read(endpoint, QueryParams("a=[0]&a=[1, 2]&b=3&b=4")) == (
        {"a": [1, 2], "b": [3, 4], "c": None},
        [],
    )
    assert failures(read(endpoint, QueryParams("a=&c={"))) == [
        ("missing", ("query", "a")),
        ("json_invalid", ("query", "c")),
    ]


def test_path_and_cookies_come_as_dicts():
    def path(item_id: Annotated[int, Path(ge=1)], name: str): ...

    assert failures(read(path, {"item_id": "0", "name": "x"}, "/{item_id}/{name}")) == [
        ("greater_than_equal", ("path", "item_id"))
    ]

    def cookies(session: Annotated[int, Cookie()], tags: Annotated[list[str] | None, Cookie()] = None): ...

    assert read(cookies, {"session": "3"}) == ({"session": 3, "tags": None}, [])
    assert failures(read(cookies, {"session": "3", "tags": "a"})) == [("list_type", ("cookie", "tags"))]


def test_nothing_declared_nothing_read():
    def endpoint(a: Annotated[Any, Query()] = 1): ...

    assert read(endpoint, QueryParams("b=2")) == ({"a": 1}, [])
