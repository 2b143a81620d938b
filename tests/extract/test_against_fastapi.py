"""The same declarations and the same data, read by FastAPI and by vivace: values, errors and their order are equal.

Each endpoint is declared twice, with each framework's markers, by one function of a namespace `fw`. Names and values
are drawn from small pools, so that aliases, repetitions, extras and empty inputs meet often.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from functools import cache, partial
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NamedTuple

import fastapi
import fastapi.dependencies.utils as fastapi_utils
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    model_validator,
)
from pydantic_core import PydanticUndefined
from starlette.datastructures import FormData, Headers, QueryParams

import vivace.param_functions
from vivace._compile.extract import request_params_to_args
from vivace._compile.forms import needs_file_reads, read_form_values
from vivace._compile.jsonbody import read_json_body, request_body_to_args
from vivace._plan.body import should_embed
from vivace._plan.fields import ModelField
from vivace.datastructures import UploadFile

from .declared import Endpoint, fields_of, no_file, upload

Run = Callable[[Coroutine[Any, Any, Any]], Any]
VIVACE = SimpleNamespace(**vars(vivace.param_functions), UploadFile=UploadFile)

CONFIGS: list[ConfigDict] = [
    {},
    {"extra": "allow"},
    {"extra": "forbid"},
    {"validate_by_name": True},
    {"populate_by_name": True, "extra": "forbid"},
    {"validate_by_alias": False, "extra": "allow"},
    {"loc_by_alias": False, "extra": "forbid"},
]


def models(fw: Any, config: ConfigDict) -> list[type[BaseModel]]:
    """Models with every kind of field, name and default; they note what they are validated from."""

    class Base(BaseModel):
        model_config = config
        plain: int = 0
        tags: list[str] = []
        numbers: set[int] | None = None
        json_list: Json[list[int]] = None  # type: ignore[assignment]
        json_maybe: Json[list[int]] | None = None

        @model_validator(mode="before")
        @classmethod
        def note(cls, value: Any) -> Any:
            SEEN.append(dict(value) if isinstance(value, dict) else value)
            return value

    class Named(Base):
        a_b: int
        x_y: str = "d"
        X_Y: int | None = None

    class Aliased(Base):
        a_b: int = Field(alias="a-b")
        x_y: int = Field(3, alias="x_y", ge=1)
        chosen: list[int] = Field([], validation_alias=AliasChoices("first", "x_y"))

    class Chosen(Base):
        a_b: int = Field(validation_alias=AliasChoices("First", "second", "third"))
        others: list[int] = Field([], validation_alias=AliasChoices("third", "second"))
        deep: int = Field(3, validation_alias=AliasPath("items", 0))
        either: str = Field("d", validation_alias=AliasChoices("X-Y", AliasPath("items", 1)))

    class Filed(Base):
        upload: fw.UploadFile | None = None
        uploads: list[fw.UploadFile] = fw.File([])
        content: bytes = fw.File(b"", validation_alias=AliasChoices("second", "plain"))
        contents: set[bytes] = fw.File({b"d"}, alias="tags")

    return [Named, Aliased, Chosen, Filed]


SEEN: list[Any] = []
NAMES = [
    *("plain", "tags", "numbers", "json_list", "json_maybe", "a_b", "a-b", "A_B", "x_y", "x-y", "X_Y", "X-Y"),
    *("first", "First", "second", "third", "items", "upload", "uploads", "kind", "other", ""),
]
TEXTS = ["1", "2", "", "x", "[1]", "null"]


def parameters(fw: Any, mark: Callable[..., Any]) -> list[Endpoint]:
    """Endpoints whose parameters are all of one location."""

    def scalars(
        plain: Annotated[int, mark()],
        a_b: Annotated[int | None, mark()] = None,
        x_y: Annotated[str, mark(min_length=2)] = "d",
        first: Annotated[int, mark(alias="a-b")] = 0,
        second: Annotated[int, mark(validate_default=True)] = "x",  # type: ignore[assignment]
        items: Annotated[Any, mark(validation_alias=AliasPath("other", 0))] = 3,
    ): ...

    def sequences(
        tags: Annotated[list[str], mark()],
        numbers: Annotated[set[int] | None, mark()] = None,
        items: Annotated[tuple[int, int], mark()] = (1, 2),
        first: Annotated[deque[int], mark(default_factory=deque)] = ...,  # type: ignore[assignment]
        second: Annotated[list[int], mark(validate_default=True)] = ["x"],  # type: ignore[list-item]  # noqa: B006
        plain: Annotated[int | list[int], mark()] = 3,
        json_list: Annotated[Json[list[int]], mark()] = None,  # type: ignore[assignment]
    ): ...

    def choices(
        plain: Annotated[int, mark(alias="other", validation_alias=AliasChoices("First", "second", "third"))],
        tags: Annotated[list[int], mark(validation_alias=AliasChoices("third", "second"))],
        x_y: Annotated[int, mark(validation_alias="X_Y")],
        items: Annotated[int, mark(validation_alias=AliasChoices("x-y", AliasPath("other", 0)))] = 1,
    ): ...

    return [scalars, sequences, choices]


def with_models(fw: Any, mark: Callable[..., Any], model: type[BaseModel]) -> list[Endpoint]:
    """Endpoints that read a model, from any location."""
    default = model.model_construct(a_b=1)

    def required(data: Annotated[model, mark()]): ...  # type: ignore[valid-type]

    def nullable(data: Annotated[model | None, mark()]): ...  # type: ignore[valid-type]

    def mixed(
        data: Annotated[model | None, mark()] = None,  # type: ignore[valid-type]
        again: Annotated[model, BeforeValidator(dict), mark()] = None,  # type: ignore[valid-type]
        a_b: Annotated[int, mark()] = 7,
        tags: Annotated[list[int], mark()] = [1],  # noqa: B006
    ): ...

    def checked(data: Annotated[model | None, mark(validate_default=True)] = default): ...  # type: ignore[valid-type]

    return [required, nullable, mixed, checked]


class Text(BaseModel):
    kind: Literal["1", "x"]
    plain: int = 0
    tags: list[str] = []


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["2"]
    tags: str = "d"


def forms(fw: Any) -> list[Endpoint]:
    """Endpoints that read inputs and files of a form."""

    def files(
        upload: Annotated[fw.UploadFile, fw.File()],
        uploads: Annotated[list[fw.UploadFile], fw.File()],
        plain: Annotated[bytes, fw.File()] = b"d",
        tags: Annotated[list[bytes], fw.File()] = [],  # noqa: B006
        numbers: Annotated[frozenset[bytes] | None, fw.File(max_length=1)] = None,
        a_b: Annotated[fw.UploadFile | bytes, fw.File()] = b"",
        x_y: Annotated[list[fw.UploadFile | bytes], fw.File()] = [],  # noqa: B006
        first: Annotated[list, fw.File()] = [],  # noqa: B006
        second: Annotated[Any, fw.File()] = 1,
        third: Annotated[bytes | str, fw.File()] = "",
        items: Annotated[tuple[bytes, ...], fw.File()] = (),
        kind: Annotated[bytes, fw.Form()] = b"",
    ): ...

    def one(plain: Annotated[int, fw.Form()]): ...

    def one_list(tags: Annotated[list[bytes], fw.File()]): ...

    def body_and_form(plain: Annotated[int, fw.Body()], tags: Annotated[list[str], fw.Form()]): ...

    return [files, one, one_list, body_and_form]


def unions(fw: Any, model: type[BaseModel]) -> list[Endpoint]:
    """Endpoints that read one of several models from a form."""

    def smart(data: Annotated[model | Text, fw.Form()]): ...  # type: ignore[valid-type]

    def tagged(
        data: Annotated[Text | Closed | None, fw.Form(discriminator="kind")] = None,
        other: Annotated[model | Closed, fw.Form(union_mode="left_to_right")] = None,  # type: ignore[valid-type]
        plain: Annotated[int, fw.Form()] = 3,
    ): ...

    def validated(data: Annotated[model | Text | None, BeforeValidator(dict), fw.Form()]): ...  # type: ignore[valid-type]

    return [smart, tagged, validated]


def bodies(fw: Any, model: type[BaseModel]) -> list[Endpoint]:
    """Endpoints that read a body as JSON."""

    def whole(data: model): ...  # type: ignore[valid-type]

    def maybe(data: model | None = None): ...  # type: ignore[valid-type]

    def embedded(plain: Annotated[model, fw.Body(embed=True)]): ...  # type: ignore[valid-type]

    def several(data: model, plain: Annotated[int, fw.Body()] = 3, kind: Text | Closed | None = None): ...  # type: ignore[valid-type]

    def union(data: Annotated[Text | Closed, fw.Body(discriminator="kind")]): ...

    def items(data: list[int]): ...

    def raw(data: Annotated[bytes, fw.Body()]): ...

    return [whole, maybe, embedded, several, union, items, raw, *parameters(fw, fw.Body)]


# --- asking both


class Pair(NamedTuple):
    """One endpoint, as each framework understood it."""

    name: str
    theirs: list[Any]
    ours: list[ModelField]
    embed: bool


@cache
def pairs(location: str, kind: str, index: int = 0, config: int = 0, **options: Any) -> list[Pair]:
    """The endpoints of one kind, declared with both frameworks."""

    def declare(fw: Any) -> list[Endpoint]:
        mark = partial(getattr(fw, MARKS[location]), **options)
        if kind == "parameters":
            return parameters(fw, mark)
        if kind == "forms":
            return forms(fw)
        model = models(fw, CONFIGS[config])[index]
        if kind == "models":
            return with_models(fw, mark, model)
        return unions(fw, model) if kind == "unions" else bodies(fw, model)

    found = []
    for theirs, ours in zip(declare(fastapi), declare(VIVACE), strict=True):
        dependant = fastapi_utils.get_dependant(path="/", call=theirs)
        expected = dependant.body_params if location == "body" else getattr(dependant, f"{location}_params")
        embed = fastapi_utils._should_embed_body_fields(expected) if location == "body" else False
        found.append(Pair(ours.__name__, expected, fields_of(ours)[location], embed))
    return found


def comparable(answer: Any) -> str:
    """The two declare classes and uploads of their own, which differ in their address only."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(answer))


def with_notes(ask: Callable[[], Any]) -> tuple[Any, list[Any]]:
    SEEN.clear()
    return ask(), list(SEEN)


def check_parameters(endpoints: list[Pair], source: Any) -> None:
    for pair in endpoints:
        known = with_notes(partial(fastapi_utils.request_params_to_args, pair.theirs, source))
        answer = with_notes(partial(request_params_to_args, pair.ours, source))
        assert comparable(answer) == comparable(known), pair.name


def check_body(run: Run, endpoints: list[Pair], body: Any) -> None:
    for pair in endpoints:
        embed = should_embed(pair.ours)
        assert embed == pair.embed
        try:
            known = with_notes(
                lambda p=pair: run(fastapi_utils.request_body_to_args(p.theirs, body, p.embed))
            )
        except TypeError:
            continue  # FastAPI fails on a file for a Json field; here it is a validation error (test_forms.py)
        answer = with_notes(lambda p=pair: run(request_body_to_args(p.ours, body, p.embed)))
        assert comparable(answer) == comparable(known), pair.name
        if not isinstance(body, FormData):
            assert comparable(read_json_body(pair.ours, body, embed)) == comparable(known[0])
        elif not needs_file_reads(pair.ours):
            assert comparable(read_form_values(pair.ours, body, embed)) == comparable(known[0])


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run a coroutine to its end, all in one event loop."""
    with asyncio.Runner() as runner:
        yield runner.run


names, texts, configs = st.sampled_from(NAMES), st.sampled_from(TEXTS), st.integers(0, len(CONFIGS) - 1)
items = st.lists(st.tuples(names, texts), max_size=8)
files = st.sampled_from([upload(b"one", "1"), upload(b"two", "2"), upload(b"", "empty"), no_file()])
form_bodies = st.lists(st.tuples(names, texts | files), max_size=9).map(FormData)
json_values = st.sampled_from([*TEXTS, 1, None, [], [1], ["x"], {}, {"a_b": 1}, {"kind": "2"}])
json_bodies = st.dictionaries(names, json_values, max_size=8) | st.sampled_from(
    [PydanticUndefined, None, [], [1], "text", b"", b"{}", 3, True]
)
SOURCES = {
    "query": items.map(QueryParams),
    "header": items.map(lambda pairs: Headers(raw=[(n.lower().encode(), v.encode()) for n, v in pairs])),
    "cookie": items.map(dict),
}
MARKS = {"query": "Query", "header": "Header", "cookie": "Cookie", "body": "Form"}

many = settings(max_examples=80, deadline=None)


@pytest.mark.parametrize("location", SOURCES)
@many
@given(data=st.data())
def test_parameters(location: str, data: st.DataObject) -> None:
    check_parameters(pairs(location, "parameters"), data.draw(SOURCES[location]))


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("location", SOURCES)
@many
@given(data=st.data(), config=configs)
def test_parameter_models(location: str, index: int, data: st.DataObject, config: int) -> None:
    options = {"convert_underscores": data.draw(st.booleans())} if location == "header" else {}
    check_parameters(pairs(location, "models", index, config, **options), data.draw(SOURCES[location]))


@many
@given(body=form_bodies)
def test_forms(run: Run, body: FormData) -> None:
    check_body(run, [*pairs("body", "forms"), *pairs("body", "parameters")], body)


@pytest.mark.parametrize("kind", ["models", "unions"])
@pytest.mark.parametrize("index", range(4))
@many
@given(body=form_bodies, config=configs)
def test_form_models(run: Run, kind: str, index: int, body: FormData, config: int) -> None:
    check_body(run, pairs("body", kind, index, config), body)


@many
@given(body=json_bodies | form_bodies, config=configs)
def test_json_bodies(run: Run, body: Any, config: int) -> None:
    check_body(run, pairs("body", "bodies", 0, config), body)
