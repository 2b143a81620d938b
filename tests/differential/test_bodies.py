"""JSON bodies: every kind of model and type, single, several and embedded, with good, wrong, missing and extra data."""


# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar
from uuid import UUID

import pytest
from pydantic import (
    AliasChoices,
    AliasGenerator,
    AliasPath,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    computed_field,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from .oracle import Question, compare, compare_openapi, labels, post, post_json
from .recorder import seen

T = TypeVar("T")


class Kind(Enum):
    small = "s"
    large = "l"


class Image(BaseModel):
    url: str
    name: str | None = None


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    tax: float | None = None
    tags: set[str] = set()
    images: list[Image] = []
    kind: Kind = Kind.small


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: int
    flag: bool = False


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    number: int


class Aliased(BaseModel):
    model_config = ConfigDict(alias_generator=AliasGenerator(alias=to_camel))
    first_name: str
    second: int = Field(0, validation_alias=AliasChoices("second-1", "second-2"))
    deep: int = Field(0, validation_alias=AliasPath("outer", "inner", 0))
    out: int = Field(0, serialization_alias="OUT")


class Checked(BaseModel):
    low: int
    high: int

    @field_validator("low")
    @classmethod
    def not_seven(cls, value: int) -> int:
        if value == 7:
            raise ValueError("seven is taken")
        assert value != 8, "eight too"
        return value

    @model_validator(mode="after")
    def ordered(self) -> "Checked":
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self

    @computed_field
    @property
    def width(self) -> int:
        return self.high - self.low


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int = 0


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "hound"]
    name: str


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


def pet_tag(value: Any) -> str | None:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return {"c": "cat", "d": "dog"}.get(str(kind)[:1])


Called = Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(pet_tag)]


@dataclass
class Point:
    x: int
    y: int = 0
    labels: list[str] = field(default_factory=list)


@pydantic_dataclass
class Sized:
    size: int = Field(ge=0)


class Movie(TypedDict, total=False):
    name: str
    year: int


class Pair(NamedTuple):
    left: int
    right: str = "r"


class Numbers(RootModel[list[int]]):
    pass


class Everything(BaseModel):
    moment: datetime
    day: date = date(2032, 1, 1)
    span: timedelta = timedelta(hours=1)
    price: Decimal = Decimal("1.50")
    key: UUID | None = None
    raw: bytes = b""
    table: dict[int, list[tuple[int, str]]] = {}
    anything: Any = None


KINDS: dict[str, Any] = {
    "item": Item,
    "strict": Strict,
    "open": Open,
    "aliased": Aliased,
    "checked": Checked,
    "tree": Tree,
    "page": Page[Item],
    "pet": Pet,
    "called": Called,
    "union": Cat | Item,
    "optional": Item | None,
    "point": Point,
    "sized": Sized,
    "movie": Movie,
    "pair": Pair,
    "root": Numbers,
    "everything": Everything,
    "list": list[Item],
    "set": set[int],
    "dict": dict[str, int],
    "keys": dict[int, Kind],
    "bare dict": dict,
    "bare list": list,
    "tuple": tuple[int, str],
    "sequence": Sequence[Point],
    "int": int,
    "str": str,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "none": None,
    "any": Any,
    "datetime": datetime,
    "literal": Literal["a", 1, None],
    "scalars": int | str | None,
}

VALUES: list[Any] = [
    {"name": "n", "price": 1.5},
    {
        "name": "n", "price": 1, "tax": None, "tags": ["a", "b", "a"], "images": [{"url": "u"}], "kind": "l",
        "more": 1,
    },
    {"name": 3, "price": -1, "tags": "a", "images": [{}, {"url": 1}, 3], "kind": "x"}, {"number": 1},
    {"number": "1", "flag": 1, "extra": {}}, {"number": 1.0, "extra": [1]},
    {"firstName": "f", "second-2": 2, "outer": {"inner": [5]}, "out": 1, "OUT": 2},
    {"first_name": "f", "second": 2}, {"low": 1, "high": 3}, {"low": 3, "high": 1}, {"low": 7, "high": 9},
    {"low": 8, "high": 9, "width": 0}, {"value": 1, "children": [{"value": 2, "children": [{"value": "x"}]}]},
    {"items": [{"name": "n", "price": 1}, {}], "total": "3"}, {"kind": "cat"}, {"kind": "dog", "name": "d"},
    {"kind": "hound"}, {"kind": "cow"}, {"kind": None, "lives": 1}, {"lives": 1}, {"x": 1, "labels": ["a"]},
    {"x": "1", "y": None}, {"size": -1}, {"size": 3}, {"year": "1999"}, {"left": 1},
    {
        "moment": "2032-04-23T10:20:30+02:30", "span": "PT5S", "price": "2.345", "key": "x", "raw": "ü",
        "table": {"1": [[1, "a"], [2]]},
    },
    {
        "moment": 1494012444.5, "day": "2032-02-30", "key": "c892496f-b1fd-4b91-bdb8-b46f92df1716",
        "anything": {"a": [None]},
    },
    [], [1, 2, 2], ["a", 1], [1, "a"], [{"name": "n", "price": 1}, {"name": "m"}], [{"x": 1}],
    {"1": "s", "x": "l"}, {"1": 2}, {}, 0, 1, -1.5, 2**70, 1e300, "", "a", "1", "text ü☃", True, False, None,
]  # fmt: skip


def by_kind(fw):
    """One endpoint for every kind of body: alone, embedded, optional, and beside another."""
    app = fw.FastAPI()

    def declare(name: str, kind: Any) -> None:
        @app.post(f"/alone/{name}")
        async def alone(body: Annotated[kind, fw.Body()]):
            return seen(body=body)

        @app.put(f"/embedded/{name}")
        def embedded(body: Annotated[kind, fw.Body(embed=True)]):
            return seen(body=body)

        @app.patch(f"/default/{name}")
        async def default(body: Annotated[Optional[kind], fw.Body()] = None):  # noqa: UP045 - None | None fails
            return seen(body=body)

        @app.post(f"/two/{name}")
        async def two(body: Annotated[kind, fw.Body()], other: Annotated[int, fw.Body()] = 7):
            return seen(body=body, other=other)

        @app.post(f"/back/{name}")
        async def back(body: Annotated[kind, fw.Body()]) -> kind:
            return body

    for name, kind in KINDS.items():
        declare(name, kind)
    return app


@pytest.mark.parametrize("name", KINDS)
def test_alone(name: str) -> None:
    compare(by_kind, *(post_json(f"/alone/{name}", value) for value in VALUES))


@pytest.mark.parametrize("name", KINDS)
def test_returned(name: str) -> None:
    compare(by_kind, *(post_json(f"/back/{name}", value) for value in VALUES))


@pytest.mark.parametrize("name", KINDS)
def test_embedded(name: str) -> None:
    compare(by_kind, *(post_json(f"/embedded/{name}", {"body": value}, method="PUT") for value in VALUES))
    compare(by_kind, *(post_json(f"/embedded/{name}", value, method="PUT") for value in VALUES))


@pytest.mark.parametrize("name", KINDS)
def test_default(name: str) -> None:
    compare(
        by_kind, post(f"/default/{name}", method="PATCH"), post(f"/default/{name}", method="PATCH", kind=None)
    )
    compare(by_kind, *(post_json(f"/default/{name}", value, method="PATCH") for value in VALUES))


@pytest.mark.parametrize("name", KINDS)
def test_beside_another(name: str) -> None:
    compare(
        by_kind,
        *(
            post_json(f"/two/{name}", {"body": value, "other": other})
            for value in VALUES
            for other in (1, "x")
        ),
    )
    compare(
        by_kind,
        *(post_json(f"/two/{name}", {"body": value}) for value in VALUES[:5]),
        post_json(f"/two/{name}", [1]),
    )


def test_openapi_by_kind() -> None:
    compare_openapi(by_kind)


def declarations(fw):
    """Where bodies come from: annotations alone, markers, aliases, dependencies, methods that seldom have one."""
    app = fw.FastAPI()

    @app.post("/plain")
    async def plain(item: Item):
        return item

    @app.post("/mixed/{item_id}")
    async def mixed(
        item_id: int, item: Item, q: str | None = None, x_token: Annotated[str | None, fw.Header()] = None
    ):
        return seen(item_id=item_id, item=item, q=q, x_token=x_token)

    @app.post("/three")
    async def three(item: Item, point: Point, importance: Annotated[int, fw.Body(gt=0)]):
        return seen(item=item, point=point, importance=importance)

    @app.post("/alias")
    async def alias(
        a: Annotated[int, fw.Body(alias="class")],
        b: Annotated[int, fw.Body(validation_alias=AliasChoices("b1", "b2"))] = 0,
        c: Annotated[str, fw.Body(alias='quo"te\n')] = "c",
    ):
        return seen(a=a, b=b, c=c)

    @app.post("/one-alias")
    async def one_alias(a: Annotated[Item, fw.Body(alias="thing")]):
        return seen(a=a)

    @app.post("/defaults")
    async def defaults(
        item: Item = Item(name="d", price=1),
        number: int = fw.Body(3),
        factory: list[int] = fw.Body(default_factory=list),
    ):
        factory.append(number)
        return seen(item=item, number=number, factory=factory)

    @app.post("/optional")
    async def optional(item: Item | None = None, point: Point | None = None):
        return seen(item=item, point=point)

    def body_dependency(item: Item, flag: Annotated[bool, fw.Body()] = False):
        return seen(item=item, flag=flag)

    @app.post("/dependency")
    async def dependency(found: Annotated[dict, fw.Depends(body_dependency)]):
        return found

    @app.post("/dependency-and-own")
    async def dependency_and_own(
        found: Annotated[dict, fw.Depends(body_dependency)], point: Point, item: Item
    ):
        return found | seen(point=point, item=item)

    @app.post("/text")
    async def text(body: Annotated[str, fw.Body(media_type="text/plain")]):
        return seen(body=body)

    @app.post("/binary")
    async def binary(body: Annotated[bytes, fw.Body(media_type="application/octet-stream")]):
        return seen(body=body)

    @app.api_route("/any-method", methods=["GET", "DELETE", "HEAD", "OPTIONS", "POST"])
    async def any_method(item: Item):
        return item

    @app.post("/request")
    async def request(request: fw.Request, item: Item):
        return {"raw": (await request.body()).decode(), "json": await request.json(), "item": item}

    @app.post("/request-only")
    async def request_only(request: fw.Request):
        return {"raw": (await request.body()).decode("latin-1")}

    @app.post("/documented")
    async def documented(
        item: Annotated[
            Item,
            fw.Body(
                title="T",
                description="D *d*",
                examples=[{"name": "e", "price": 2}],
                openapi_examples={"x": {"value": {}}},
                deprecated=True,
            ),
        ],
    ):
        return item

    return app


ITEM = {"name": "n", "price": 1.5}
DECLARED: list[Question] = [
    *(post_json("/plain", v) for v in (ITEM, {"item": ITEM}, [], None, "x", {"name": "n"})), post("/plain"),
    post("/plain", kind=None), post_json("/mixed/3?q=a", ITEM, ("x-token", "t")),
    post_json("/mixed/x?q=a", {}), post("/mixed/x", "{"),
    post_json("/three", {"item": ITEM, "point": {"x": 1}, "importance": 1}),
    post_json("/three", {"importance": 0}), post_json("/three", ITEM), post("/three"),
    post_json("/three", []), post_json("/three", None), post_json("/three", "x"),
    *(
        post_json("/alias", v) for v in (
            {"class": 1}, {"a": 1}, {"class": 1, "b2": 2, 'quo"te\n': "q"}, {"class": "x", "b1": "x", "b": 3},
            {},
        )
    ),
    post_json("/one-alias", ITEM), post_json("/one-alias", {"thing": ITEM}), post_json("/one-alias", {}),
    *(
        post_json("/defaults", v) for v in (
            {}, {"item": ITEM, "number": 4}, {"factory": [1]}, {"number": None}, [], None,
        )
    ),
    post("/defaults"), post("/defaults"),
    *(
        post_json("/optional", v) for v in (
            {}, None, {"item": None}, {"item": ITEM}, {"point": {"x": "y"}}, 3,
        )
    ),
    post("/optional"), post("/optional", kind=None),
    *(
        post_json(p, v) for p in ("/dependency", "/dependency-and-own") for v in (
            {"item": ITEM}, ITEM, {"item": ITEM, "flag": "x", "point": {"x": 1}}, {},
        )
    ),
    *(
        post(p, b, kind=k) for p in ("/text", "/binary") for b in (b"hello", b"\xff", b'"json"', b"") for k in (
            "text/plain", "application/json", "application/octet-stream", None,
        )
    ),
    *(post_json("/any-method", ITEM, method=m) for m in ("GET", "DELETE", "HEAD", "OPTIONS", "POST", "PUT")),
    post("/any-method", method="GET"), post_json("/request", ITEM),
    post("/request", '{ "name":"n",\n"price":2 }'), post("/request-only", b"\xffraw", kind=None),
    post_json("/documented", ITEM),
]  # fmt: skip


@pytest.mark.parametrize("question", DECLARED, ids=labels(DECLARED))
def test_declarations(question: Question) -> None:
    compare(declarations, question)


def test_openapi_declarations() -> None:
    compare_openapi(declarations)


CONTENT_TYPES = (
    "application/json", "application/JSON", "Application/Json; charset=utf-8", "application/vnd.api+json",
    "application/problem+JSON", "application/json ; a=b", " application/json", "text/json", "text/plain",
    "application/xml", "application/jsonp", "application/+json", "json", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "*/*", "", "application/", "/", ";", "application/json, text/plain",
    "application/json;charset=utf-16", None,
)  # fmt: skip


def strictness(fw):
    """`strict_content_type` on and off, on the application and on routers."""
    app = fw.FastAPI()
    lax = fw.APIRouter(prefix="/lax", strict_content_type=False)
    default = fw.APIRouter(prefix="/default")

    for router in (app, lax, default):

        @router.post("/model")
        async def model(item: Item):
            return item

        @router.post("/any")
        async def anything(body: Annotated[Any, fw.Body()]):
            return seen(body=body)

        @router.post("/maybe")
        async def maybe(item: Item | None = None):
            return seen(item=item)

    app.include_router(lax)
    app.include_router(default)
    return app


@pytest.mark.parametrize("kind", CONTENT_TYPES)
@pytest.mark.parametrize("prefix", ["", "/lax", "/default"])
def test_content_types(kind: str | None, prefix: str) -> None:
    body = json.dumps(ITEM)
    compare(
        strictness,
        *(
            post(f"{prefix}/{name}", text, kind=kind)
            for name in ("model", "any", "maybe")
            for text in (body, "", "null")
        ),
    )


class Left(BaseModel):
    a: int = 0


class Right(BaseModel):
    a: int = 0
    b: int


def unions(fw):
    """Which member of a union is chosen, and what its errors look like."""
    app = fw.FastAPI()

    @app.post("/smart")
    async def smart(body: Left | Right):
        return seen(body=body)

    @app.post("/left")
    async def left(body: Annotated[Left | Right, fw.Body(union_mode="left_to_right")]):
        return seen(body=body)

    @app.post("/list")
    async def several(body: list[Left | Right] | Right | None):
        return seen(body=body)

    @app.post("/nested")
    async def nested(body: dict[str, Pet | list[Pet]]):
        return seen(body=body)

    @app.post("/marked")
    async def marked(body: Annotated[Cat | Dog, fw.Body(discriminator="kind")]):
        return seen(body=body)

    @app.post("/both")
    async def both(a: Left | Right, b: Pet):
        return seen(a=a, b=b)

    return app


UNION_VALUES: list[Any] = [
    {}, {"a": 1}, {"b": 1}, {"a": "1", "b": "2"}, {"a": "x"}, {"b": "x"}, [{}], [{"b": 1}, {"b": "x"}], None,
    3, {"p": {"kind": "cat"}}, {"p": [{"kind": "dog"}]}, {"kind": "cat"}, {"kind": "x"},
    {"a": {"b": 1}, "b": {"kind": "dog", "name": "d"}}, {"a": {}, "b": {}},
]  # fmt: skip


@pytest.mark.parametrize("name", ["smart", "left", "list", "nested", "marked", "both"])
def test_unions(name: str) -> None:
    compare(unions, *(post_json(f"/{name}", value) for value in UNION_VALUES))


def test_openapi_unions() -> None:
    compare_openapi(unions)
