"""Forms: inputs, files, models, optional models and unions of models, alone and together."""

import asyncio
from collections import deque
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, Json, Tag, model_validator
from starlette.datastructures import FormData

from vivace._compile.forms import needs_file_reads, read_file_bytes, read_form_values
from vivace._plan.forms import is_empty_file, normalize_form_model, prepare_form_annotation
from vivace.datastructures import UploadFile
from vivace.param_functions import Body, File, Form

from .declared import failures, fields_of, form, no_file, read_body, upload


class Profile(BaseModel):
    name: str
    age: int = 0
    tags: list[str] = Field(default_factory=list)


# --- inputs


def test_an_empty_input_was_not_filled_in():
    def endpoint(
        a: Annotated[str, Form()],
        b: Annotated[int | None, Form()] = 3,
        c: Annotated[list[str], Form()] = ["x"],  # noqa: B006
    ): ...

    answer = read_body(endpoint, form("a=&b=&c="))
    assert answer[0] == {"b": 3, "c": [""]}
    assert failures(answer) == [("missing", ("body", "a"))]


def test_the_last_value_counts_and_a_sequence_takes_all():
    def endpoint(a: Annotated[int, Form()], b: Annotated[set[int], Form()], c: Annotated[tuple, Form()]): ...

    assert read_body(endpoint, form("a=1&a=2&b=1&b=2&c=x")) == ({"a": 2, "b": {1, 2}, "c": ("x",)}, [])


def test_one_input_is_a_key_too():
    def endpoint(a: Annotated[int, Form()]): ...

    assert read_body(endpoint, form("a=1")) == ({"a": 1}, [])
    assert failures(read_body(endpoint, form("a=x"))) == [("int_parsing", ("body", "a"))]


def test_an_input_has_a_name_even_where_the_body_is_not_embedded():
    def endpoint(a: Annotated[int, Form()]): ...

    fields = fields_of(endpoint)["body"]
    assert read_form_values(fields, form("a=1&b=2"), False) == ({"a": 1}, [])
    assert failures(read_form_values(fields, form(""), False)) == [("missing", ("body", "a"))]


def test_the_first_alias_that_was_filled_in_counts():
    def endpoint(a: Annotated[int, Form(validation_alias=AliasChoices("x", "y"))]): ...

    assert read_body(endpoint, form("x=&y=2")) == ({"a": 2}, [])
    assert failures(read_body(endpoint, form("y=z"))) == [("int_parsing", ("body", "y"))]
    assert failures(read_body(endpoint, form("y="))) == [("missing", ("body", "x"))]


def test_json_in_an_input():
    def endpoint(
        a: Annotated[Json[list[int]], Form()], b: Annotated[Json[Profile] | None, Form()] = None
    ): ...

    assert read_body(endpoint, form('a=[1]&b={"name": "Rick"}')) == (
        {"a": [1], "b": Profile(name="Rick")},
        [],
    )


def test_a_file_sent_for_json_is_an_error_and_not_a_crash():
    def endpoint(a: Annotated[Json[list[int]], Form()], b: Annotated[int, Form()] = 1): ...

    assert failures(read_body(endpoint, form("", ("a", upload(b"[1]"))))) == [("json_type", ("body", "a"))]


# --- files


def test_files_as_bytes_and_as_uploads_in_the_order_sent():
    def endpoint(
        content: Annotated[bytes, File()],
        file: Annotated[UploadFile, File(alias="content")],
        contents: Annotated[list[bytes], File()],
        files: Annotated[list[UploadFile], File(alias="contents")],
        name: Annotated[str, Form()] = "",
    ): ...

    first, second = upload(b"one", "1"), upload(b"two", "2")
    values, errors = read_body(
        endpoint, form("", ("content", first), ("contents", first), ("contents", second))
    )
    assert errors == []
    assert values["content"] == b"one"
    assert values["file"] is first
    assert values["contents"] == [b"one", b"two"]
    assert values["files"] == [first, second]


def test_sequences_of_bytes_are_built_as_declared():
    def endpoint(
        a: Annotated[set[bytes], File()],
        b: Annotated[frozenset[bytes] | None, File()],
        c: Annotated[deque[bytes], File()],
        d: Annotated[list, File()],
    ): ...

    body = FormData([(name, upload(b"x")) for name in "abcd"] + [("a", "text")])
    assert read_body(endpoint, body) == (
        {"a": {b"x", b"text"}, "b": {b"x"}, "c": deque([b"x"]), "d": [b"x"]},
        [],
    )


def test_texts_and_files_mixed_keep_their_order():
    def endpoint(a: Annotated[list[bytes], File()], b: Annotated[list[Any], Form()]): ...

    file = upload(b"two")
    body = FormData([("a", "one"), ("b", file), ("a", file), ("b", "x")])
    assert read_body(endpoint, body) == ({"a": [b"one", b"two"], "b": [file, "x"]}, [])


def test_an_empty_file_input_was_not_filled_in():
    def endpoint(
        a: Annotated[UploadFile | None, File()] = None,
        b: Annotated[list[bytes], File()] = [],  # noqa: B006
        c: Annotated[bytes, File()] = b"default",
    ): ...

    body = FormData([(name, no_file()) for name in "abc"])
    assert read_body(endpoint, body) == ({"a": None, "b": [], "c": b"default"}, [])
    body = FormData([("b", no_file()), ("b", upload(b"x"))])
    assert read_body(endpoint, body)[0]["b"] == [b"x"]


def test_an_empty_file_with_a_name_is_a_file():
    assert is_empty_file(no_file())
    assert not is_empty_file(upload(b"", "empty.txt"))
    assert not is_empty_file("")


def test_only_files_declared_as_bytes_are_read():
    def reads(a: Annotated[bytes, File()]): ...

    def reads_in_model(a: Annotated[WithContent, Form()]): ...

    def keeps(
        a: Annotated[UploadFile, File()], b: Annotated[bytes, Form()], c: Annotated[Profile, Form()]
    ): ...

    assert needs_file_reads(fields_of(reads)["body"])
    assert needs_file_reads(fields_of(reads_in_model)["body"])
    assert not needs_file_reads(fields_of(keeps)["body"])
    file = upload(b"x")
    body = form("b=text&name=Rick", ("a", file))
    values, errors = read_form_values(fields_of(keeps)["body"], body, True)
    assert (values, errors) == ({"a": file, "b": b"text", "c": Profile(name="Rick")}, [])


class WithContent(BaseModel):
    content: bytes = File(alias="upload")
    copies: list[bytes] = File([])


def test_files_of_a_model_are_read():
    def endpoint(data: Annotated[WithContent, Form()]): ...

    body = form("", ("upload", upload(b"one")), ("copies", upload(b"two")), ("copies", no_file()))
    values, errors = read_body(endpoint, body)
    assert errors == []
    assert values["data"].model_dump() == {"content": b"one", "copies": [b"two"]}


def test_reading_leaves_the_position_where_it_was():
    file = upload(b"hello")
    file.file.seek(2)
    assert asyncio.run(read_file_bytes(file)) == b"llo"
    assert file.file.tell() == 2


def test_reading_that_fails_leaves_the_position_where_it_was(monkeypatch):
    file = upload(b"hello")

    async def fail(size: int = -1) -> bytes:
        file.file.read(3)
        raise OSError("disk")

    monkeypatch.setattr(file, "read", fail)
    with pytest.raises(OSError, match="disk"):
        asyncio.run(read_file_bytes(file))
    assert file.file.tell() == 0


# --- models


def test_a_model_is_read_field_by_field():
    def endpoint(profile: Annotated[Profile, Form()]): ...

    values, errors = read_body(endpoint, form("name=Rick&age=&tags=&tags=x&other=1"))
    assert (values, errors) == ({"profile": Profile(name="Rick", tags=["", "x"])}, [])
    assert values["profile"].model_fields_set == {"name", "tags"}
    assert failures(read_body(endpoint, form("name="))) == [("missing", ("body", "name"))]


def test_several_models_and_inputs_share_a_form():
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")
        token: str

    def endpoint(
        profile: Annotated[Profile, Form()], closed: Annotated[Closed, Form()], token: Annotated[str, Form()]
    ): ...

    answer = read_body(endpoint, form("name=Rick&token=a&token=b"))
    assert answer[0] == {"profile": Profile(name="Rick"), "token": "b"}
    assert failures(answer) == [("extra_forbidden", ("body", "name"))]


def test_what_a_before_validator_sees():
    seen: list[dict[str, Any]] = []

    class Curious(Profile):
        @model_validator(mode="before")
        @classmethod
        def look(cls, value: dict[str, Any]) -> dict[str, Any]:
            seen.append(value)
            return value

    def endpoint(profile: Annotated[Curious, Form()]): ...

    read_body(endpoint, form("extra=1&tags=a&name=Rick&age=&extra=2&empty="))
    assert list(seen[0].items()) == [("name", "Rick"), ("tags", ["a"]), ("extra", ["1", "2"]), ("empty", "")]


def test_alias_choices_that_were_not_filled_in_are_no_extras():
    class Named(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str = Field(validation_alias=AliasChoices("first", "second"))

    def endpoint(named: Annotated[Named, Form()]): ...

    assert read_body(endpoint, form("first=&second=Rick"))[0]["named"].name == "Rick"
    assert failures(read_body(endpoint, form("first=Rick&second="))) == [
        ("extra_forbidden", ("body", "second"))
    ]


def test_an_optional_model_of_which_nothing_was_sent_is_absent():
    def none(profile: Annotated[Profile | None, Form()] = None, token: Annotated[str, Form()] = ""): ...

    def required(profile: Annotated[Profile | None, Form()]): ...

    assert read_body(none, form("token=x")) == ({"profile": None, "token": "x"}, [])
    assert failures(read_body(none, form("age=3"))) == [("missing", ("body", "name"))]
    assert failures(read_body(none, form("name="))) == [("missing", ("body", "name"))]
    assert failures(read_body(required, form(""))) == [("missing", ("body",))]


def test_a_model_that_is_the_body_reads_a_form_as_well():
    def endpoint(profile: Annotated[Profile, Body()]): ...

    assert read_body(endpoint, form("name=Rick&age=3")) == ({"profile": Profile(name="Rick", age=3)}, [])


# --- unions


class Text(BaseModel):
    kind: Literal["text"]
    value: str = "default"


class Items(BaseModel):
    kind: Literal["items"]
    value: list[str]


@pytest.mark.parametrize("marker", [Form(), Form(discriminator="kind")])
def test_each_member_of_a_union_reads_in_its_own_way(marker):
    def endpoint(data: Annotated[Text | Items, marker]): ...

    assert read_body(endpoint, form("kind=text&value=a&value=b"))[0]["data"] == Text(kind="text", value="b")
    assert read_body(endpoint, form("kind=text&value="))[0]["data"] == Text(kind="text")
    assert read_body(endpoint, form("kind=items&value="))[0]["data"] == Items(kind="items", value=[""])


def test_errors_name_the_member():
    def plain(data: Annotated[Text | Items, Form()]): ...

    def tagged(data: Annotated[Annotated[Text, Tag("t")] | Annotated[Items, Tag("i")], Form()]): ...

    def chosen(data: Annotated[Text | Items, Form(discriminator="kind")]): ...

    body = form("kind=items")
    assert ("missing", ("body", "Items", "value")) in failures(read_body(plain, body))
    assert ("missing", ("body", "i", "value")) in failures(read_body(tagged, body))
    assert failures(read_body(chosen, body)) == [("missing", ("body", "items", "value"))]


def test_optional_unions_are_absent_if_no_member_was_sent():
    def endpoint(
        data: Annotated[Text | Items | None, Form(discriminator="kind")] = None,
        name: Annotated[str, Form()] = "",
    ): ...

    assert read_body(endpoint, form("name=x")) == ({"data": None, "name": "x"}, [])
    assert failures(read_body(endpoint, form("value=x"))) == [("union_tag_not_found", ("body",))]


def test_a_validator_of_the_union_sees_the_raw_values():
    seen: list[dict[str, Any]] = []

    def look(value: dict[str, Any]) -> dict[str, Any]:
        seen.append(dict(value))
        return {**value, "value": None} if value["kind"] == "text" else value

    def endpoint(data: Annotated[Text | Items, BeforeValidator(look), Form()]): ...

    assert read_body(endpoint, form("kind=items&value=&more=1&more=2"))[0]["data"].value == [""]
    assert seen == [{"kind": "items", "value": "", "more": ["1", "2"]}]
    assert ("string_type", ("body", "Text", "value")) in failures(read_body(endpoint, form("kind=text")))


@pytest.mark.parametrize(
    ("raw", "fitted"),
    [
        ({"kind": "items", "value": "a"}, {"kind": "items", "value": ["a"]}),
        ({"kind": ["x", "items"], "value": ["a", ""]}, {"kind": "items", "value": ["a", ""]}),
        ({"kind": "", "value": ""}, {"value": [""]}),
        ({"value": None, "kind": []}, {"value": None, "kind": []}),
        ({"other": ["1"], "more": ["1", "2"]}, {"other": "1", "more": ["1", "2"]}),
        (Items(kind="items", value=[]), Items(kind="items", value=[])),
        ("text", "text"),
    ],
)
def test_raw_values_fit_one_member(raw, fitted):
    assert normalize_form_model(raw, model=Items) == fitted


@pytest.mark.parametrize(
    "annotation", [int, Profile, Profile | None, Profile | int, list[Profile], dict, int | str]
)
def test_other_annotations_are_left_alone(annotation):
    assert prepare_form_annotation(annotation) is annotation
