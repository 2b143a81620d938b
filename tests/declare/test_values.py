"""Defaults, uploads, and the small functions of `utils`."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import fastapi.utils
import pytest
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile as StarletteUploadFile

from vivace import utils
from vivace.datastructures import Default, DefaultPlaceholder, UploadFile, get_value_or_default
from vivace.exceptions import FastAPIDeprecationWarning, FastAPIError
from vivace.params import Query


def test_a_default_is_as_true_and_as_equal_as_its_value() -> None:
    assert Default("a") == Default("a")
    assert Default("a") != "a"
    assert Default("a")
    assert not Default("")


def test_the_first_choice_counts_or_else_the_first_default() -> None:
    assert get_value_or_default(Default(1), Default(2), 3, 4) == 3
    assert get_value_or_default(None, 1) is None
    assert isinstance(first := get_value_or_default(Default(1), Default(2)), DefaultPlaceholder)
    assert first.value == 1


def test_an_upload_is_an_upload_of_starlette() -> None:
    adapter = TypeAdapter(UploadFile)
    upload = StarletteUploadFile(io.BytesIO(b"data"))
    assert adapter.validate_python(upload) is upload
    assert adapter.json_schema() == {"type": "string", "contentMediaType": "application/octet-stream"}
    with pytest.raises(ValidationError, match="Expected UploadFile, received: <class 'str'>"):
        adapter.validate_python("text")


@pytest.mark.anyio
async def test_an_upload_is_a_file() -> None:
    upload = UploadFile(io.BytesIO(b"data"), size=4, filename="a.txt")
    assert await upload.read(2) == b"da"
    await upload.seek(4)
    await upload.write(b" and more")
    await upload.seek(0)
    assert await upload.read() == b"data and more"
    await upload.close()
    assert upload.file.closed


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("path", ["/", "/{a}", "/{a}/{b:path}", "/{a}-{b}/{a}"])
def test_path_parameters(path: str) -> None:
    assert utils.get_path_param_names(path) == fastapi.utils.get_path_param_names(path)


@pytest.mark.parametrize(
    ("main", "update", "merged"),
    [
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [1]}, {"a": [2]}, {"a": [1, 2]}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": {"b": [1]}}, {"a": {"b": [2]}, "c": None}, {"a": {"b": [1, 2]}, "c": None}),
    ],
)
def test_merging_dictionaries(main: dict[str, Any], update: dict[str, Any], merged: dict[str, Any]) -> None:
    utils.deep_dict_update(main, update)
    assert main == merged


@pytest.mark.parametrize("status", [None, "default", "4XX", 100, 199, 200, "204", 205, 304, 422])
def test_statuses_with_a_body(status: int | str | None) -> None:
    ours = utils.is_body_allowed_for_status_code(status)
    assert ours is fastapi.utils.is_body_allowed_for_status_code(status)


def test_the_name_of_an_operation() -> None:
    route: Any = SimpleNamespace(name="read", path_format="/items/{item-id}", methods={"GET"})
    assert utils.generate_unique_id(route) == "read_items__item_id__get"
    with pytest.warns(FastAPIDeprecationWarning, match="use generate_unique_id"):
        old = utils.generate_operation_id_for_path(name="read", path="/items/{item-id}", method="GET")
    assert old == "read_items__item_id__get"


def test_making_a_field() -> None:
    field = utils.create_model_field("limit", int, default=3, alias="max")
    assert (field.name, field.alias, field.default) == ("limit", "max", 3)
    assert field.validate("5", {}, loc=("query", "max")) == (5, [])
    assert utils.create_model_field("q", str, field_info=Query(alias="query")).alias == "query"


def test_a_field_of_an_unknown_type() -> None:
    class Unknown: ...

    with pytest.raises(
        FastAPIError, match=r"Invalid args for response field! .*Unknown.* `response_model=None`"
    ):
        utils.create_model_field("unknown", Unknown)
