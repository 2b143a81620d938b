"""A JSON body may go from bytes to its value in one call only where nobody can tell.

For each type that the predicate lets through, and many a text, the one pass either refuses (then the long way is
gone, and answers) or gives exactly what the long way gives: `json.loads`, then validation of the Python data.
"""

import dataclasses
import json
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import VERSION as PYDANTIC_VERSION
from pydantic import (
    AliasChoices,
    AliasPath,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    OnErrorOmit,
    PrivateAttr,
    RootModel,
    SecretStr,
    Strict,
    Tag,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_validator,
    with_config,
)
from starlette.exceptions import HTTPException
from typing_extensions import TypedDict

from tests.plan import json_texts
from vivace import Body, Depends, FastAPI
from vivace._compile import runtime
from vivace._plan.fields import ModelField
from vivace._plan.shortcut import reads_json_alike
from vivace.exceptions import RequestValidationError
from vivace.testclient import TestClient

T = TypeVar("T")


class Color(Enum):
    red = "red"


class Size(IntEnum):
    small = 1


class Leaf(BaseModel):
    a: int = 1
    b: list[float] = []
    c: set[int] = Field(default_factory=set)


class Tree(BaseModel):
    name: str
    leaf: Leaf | None = None
    children: list["Tree"] = []


class Aliased(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)
    x: int = Field(0, alias="y")
    z: int = Field(0, validation_alias=AliasChoices("z", "zz"))


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "wolf"]
    born: date | None = None


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5
    tags: list[str] = dataclasses.field(default_factory=list)


class Options(TypedDict, total=False):
    when: datetime
    size: int


class Box(BaseModel, Generic[T]):
    item: T


class Numbers(RootModel[list[int]]):
    pass


class Computed(BaseModel):
    x: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> Decimal:
        return Decimal(self.x * 2)


class Serialized(BaseModel):
    x: int

    @field_serializer("x")
    def write(self, value: int) -> str:
        return str(value)


class Strict_(BaseModel):
    model_config = ConfigDict(strict=True)
    day: date


@with_config(ConfigDict(strict=True))
class StrictDict(TypedDict):
    day: date


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")
    x: int = 0


class Coercing(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    text: str


class Deferred(BaseModel):
    model_config = ConfigDict(defer_build=True)
    when: date | str


class NamedLikeAKey(BaseModel):
    """Its fields are called what parts of Pydantic's schemas are called."""

    default: date | str
    ref: Decimal = Decimal(0)
    type: str = "any"


class NamedLikeAKeyButFine(BaseModel):
    default: int
    type: Literal["model"] = "model"
    schema_: str = Field("", alias="schema")


class Pathed(BaseModel):
    x: int = Field(0, validation_alias=AliasPath("a", 1))


class PostInit(BaseModel):
    x: int

    def model_post_init(self, context: Any) -> None: ...


class Private(BaseModel):
    x: int
    _y: int = PrivateAttr(0)


class OwnInit(BaseModel):
    x: int

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)


@dataclasses.dataclass
class PostInitData:
    x: int

    def __post_init__(self) -> None: ...


class Validated(BaseModel):
    x: int

    @field_validator("x")
    @classmethod
    def check(cls, value: int) -> int:
        return value


class Prepared(BaseModel):
    x: int

    @model_validator(mode="before")
    @classmethod
    def prepare(cls, value: Any) -> Any:
        return value


class Made(BaseModel):
    x: UUID = Field(default_factory=lambda: UUID(int=0))


class Pair(NamedTuple):
    x: int


def name_of(annotation: Any) -> str:
    return getattr(annotation, "__name__", None) or str(annotation)


def field_of(annotation: Any) -> ModelField:
    info = Body()
    info.annotation = annotation
    return ModelField(info, "x")


# --- which types ------------------------------------------------------------------------------------------------------

SCALARS: list[Any] = [int, float, bool, str, date, datetime, time, timedelta, UUID]
ALIKE: list[Any] = [
    *SCALARS,
    *(scalar | None for scalar in SCALARS),
    Literal["a", 1, True, None],
    Literal[Color.red, Size.small],
    Annotated[int, Field(ge=3, multiple_of=3)],
    Annotated[float, Field(allow_inf_nan=False)],
    Annotated[float, Field(gt=0, multiple_of=0.1)],
    Annotated[str, Field(pattern="^a", max_length=3)],
    Annotated[list[int], Field(max_length=2)],
    list[int],
    set[float],
    frozenset[str],
    list[list[date | None]],
    Leaf,
    Tree,
    list[Tree],
    Aliased,
    Pet,
    list[Pet],
    Point,
    Options,
    Box[int],
    Box[Leaf],
    Numbers,
    Computed,
    Serialized,
    Forbidding,
    NamedLikeAKeyButFine,
]
NOT_ALIKE: list[Any] = [
    # Another member of a union may win: in JSON, a text is as good a date as it is a `str`.
    date | str,
    int | str,
    list[int | str],
    Box[date | str],
    Deferred,
    NamedLikeAKey,
    # Read from the text rather than from Python's float or str.
    Decimal,
    bytes,
    Any,
    object,
    list,
    set,
    dict,
    dict[str, int],
    tuple[int, str],
    Sequence[int],
    Iterable[int],
    deque[int],
    Pair,
    AnyUrl,
    SecretStr,
    Color,
    Size,
    Annotated[int, Json],
    Coercing,
    # Strict means another thing in JSON, which has no dates.
    Annotated[date, Strict()],
    Strict_,
    list[Strict_],
    StrictDict,
    Extra,
    Pathed,
    list[OnErrorOmit[int]],
    # The user's code would run before the dependencies.
    PostInit,
    PostInitData,
    Private,
    OwnInit,
    Validated,
    Prepared,
    Made,
    Annotated[int, BeforeValidator(lambda value: value)],
    Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(lambda value: "cat")],
]


# Earlier ones take the first of two equal keys.
IS_LAST_KEY_WINNING = tuple(map(int, PYDANTIC_VERSION.split(".")[:2])) >= (2, 11)


@pytest.mark.parametrize("annotation", ALIKE, ids=name_of)
def test_types_that_are_read_alike(annotation: Any) -> None:
    assert reads_json_alike(field_of(annotation)) is IS_LAST_KEY_WINNING


@pytest.mark.parametrize("annotation", NOT_ALIKE, ids=name_of)
def test_types_that_may_not_be(annotation: Any) -> None:
    assert not reads_json_alike(field_of(annotation))


# --- the same value ---------------------------------------------------------------------------------------------------

JSON = {"headers": [(b"content-type", b"application/json")]}


def state(value: Any) -> Any:
    """A value with the types of all its parts, and which fields of models were set."""
    if isinstance(value, BaseModel):
        return (type(value), state(vars(value)), state(value.model_extra), value.model_fields_set)
    if dataclasses.is_dataclass(value):
        return (type(value), {k: state(v) for k, v in vars(value).items()})
    if isinstance(value, dict):
        return (dict, [(k, state(v)) for k, v in value.items()])
    if isinstance(value, list):
        return [state(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return (type(value), sorted(repr(state(item)) for item in value))
    return (type(value), repr(value))  # tells -0.0 from 0.0, and NaN from nothing


def in_one_pass(field: ModelField, raw: bytes) -> Any:
    """The value of a JSON body if one pass gives it, and `MISSING` if the long way has to."""
    try:
        return runtime.read_whole(JSON, raw, True, field.validator.validate_json, lambda scope: {})[0]
    except (RequestValidationError, HTTPException):  # from the long way: it cannot parse the body
        return runtime.MISSING


def check(field: ModelField, raw: bytes) -> None:
    """What comes in one pass is what comes the long way."""
    value = in_one_pass(field, raw)
    if value is not runtime.MISSING:
        expected, errors = field.validate(json.loads(raw))
        assert not errors
        assert state(value) == state(expected)


@pytest.mark.skipif(not IS_LAST_KEY_WINNING, reason="no type goes this way")
@pytest.mark.parametrize("annotation", ALIKE, ids=name_of)
def test_every_text_gives_the_same_value(annotation: Any) -> None:
    field = field_of(annotation)
    for raw in json_texts.ALL:
        check(field, raw)
    assert any(
        in_one_pass(field, raw) is not runtime.MISSING for raw in json_texts.ALL
    )  # else this would show nothing


@pytest.mark.parametrize("annotation", [date | str, Coercing, Strict_, NamedLikeAKey], ids=name_of)
def test_the_texts_would_show_a_difference(annotation: Any) -> None:
    field = field_of(annotation)
    values = [(raw, in_one_pass(field, raw)) for raw in json_texts.ALL]
    assert [
        raw
        for raw, value in values
        if value is not runtime.MISSING and state(value) != state(field.validate(json.loads(raw))[0])
    ]


# Types made of types.
SIMPLE = st.sampled_from([*SCALARS, Literal["a", 1], Leaf, Aliased, Pet, Options, Point])


def types_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda item: list[item]),  # type: ignore[valid-type]
        inner.map(lambda item: item | None),
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3).map(
            lambda fields: create_model("Model", **{name: (item, ...) for name, item in fields.items()})  # type: ignore[call-overload]
        ),
    )


FIELDS = st.recursive(SIMPLE, types_of, max_leaves=4).map(field_of)


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """JSON objects in text, with equal keys now and then."""
    keys = st.sampled_from(["a", "b", "c", "x", "y", "z", "zz", "kind", "when", "size"])
    pairs = st.lists(st.tuples(keys, values), max_size=4)
    return pairs.map(lambda items: "{" + ",".join(f'"{key}":{value}' for key, value in items) + "}")


SCALAR_TEXTS = st.one_of(
    st.sampled_from(json_texts.NUMBERS),
    st.sampled_from(["true", "false", "null", "[]", "{}", '"cat"', '"dog"']),
    st.sampled_from(json_texts.STRINGS).map(json.dumps),
    st.floats().map(json.dumps),
    st.integers().map(str),
    st.text(max_size=5).map(json.dumps),
    st.datetimes().map(lambda moment: json.dumps(moment.isoformat())),
)
TEXT = st.recursive(
    SCALAR_TEXTS,
    lambda inner: st.one_of(
        objects(inner), st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(field=FIELDS, text=TEXT)
def test_any_text_gives_the_same_value(field: ModelField, text: str) -> None:
    if reads_json_alike(field):
        check(field, text.encode("utf-8", "surrogatepass"))


# --- in an application ------------------------------------------------------------------------------------------------


def test_the_users_code_runs_after_the_dependencies() -> None:
    calls: list[str] = []

    class Noting(BaseModel):
        x: int = Field(default_factory=lambda: calls.append("default factory") or 1)  # type: ignore[func-returns-value]

        def model_post_init(self, context: Any) -> None:
            calls.append("post init")

    async def dependency() -> None:
        calls.append("dependency")

    app = FastAPI(openapi_url=None)

    @app.post("/", dependencies=[Depends(dependency)])
    async def endpoint(body: Noting) -> None: ...

    assert TestClient(app).post("/", json={}).status_code == 200
    assert calls == ["dependency", "default factory", "post init"]


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "x"),
    [
        (b'{"x": 1}', "application/json", 200, 1),
        (b'{"x": "1"}', "application/json", 200, 1),
        (b'\xef\xbb\xbf{"x": 1}', "application/json", 200, 1),  # the long way
        ('{"x": 1}'.encode("utf-16"), "application/json", 200, 1),
        (b'{"x": 1}', "application/problem+json; charset=utf-8", 200, 1),
        (b'{"x": 1}', "text/plain", 422, "model_attributes_type"),
        (b'{"x": 1}', "", 422, "model_attributes_type"),
        (b"", "application/json", 422, "missing"),
        (b'{"x": ', "application/json", 422, "json_invalid"),
        (b'{"x": "a"}', "application/json", 422, "int_parsing"),
    ],
)
def test_bodies(raw: bytes, content_type: str, status: int, x: Any) -> None:
    app = FastAPI(openapi_url=None)

    @app.post("/")
    async def endpoint(body: Forbidding) -> int:
        return body.x

    response = TestClient(app).post("/", content=raw, headers={"content-type": content_type})
    assert response.status_code == status
    assert (response.json() if status == 200 else response.json()["detail"][0]["type"]) == x
