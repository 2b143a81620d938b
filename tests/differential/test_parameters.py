"""Path, query, header and cookie parameters: every type with good, odd and absent values, declared in every way."""

# ruff: noqa: B006 - mutable defaults are what users write
# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from collections import deque
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address
from pathlib import PurePath
from typing import Annotated, Any, Literal, NewType, Optional, Union
from urllib.parse import quote
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    Json,
    PositiveInt,
    SecretStr,
    StrictInt,
    StringConstraints,
)
from typing_extensions import TypeAliasType

from .oracle import Build, Question, compare, compare_openapi, compare_refusal, get, labels
from .recorder import seen


class Colour(str, Enum):  # noqa: UP042 - the older way, still the usual one
    red = "red"
    green = "light green"


class Level(IntEnum):
    low = 1
    high = 2


UserId = NewType("UserId", int)
Percent = TypeAliasType("Percent", Annotated[int, Field(ge=0, le=100)])

TYPES: dict[str, Any] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "bytes": bytes,
    "datetime": datetime,
    "date": date,
    "time": time,
    "timedelta": timedelta,
    "uuid": UUID,
    "decimal": Decimal,
    "colour": Colour,
    "level": Level,
    "literal": Literal["a", "1", 1],
    "address": IPv4Address,
    "purepath": PurePath,
    "url": AnyUrl,
    "email": EmailStr,
    "secret": SecretStr,
    "json": Json[list[int]],
    "positive": PositiveInt,
    "strict": StrictInt,
    "newtype": UserId,
    "alias": Percent,
    "any": Any,
    "optional": int | None,
    "oldoptional": Optional[int],  # noqa: UP045 - the other spelling must work too
    "union": Union[int, str],  # noqa: UP007
    "either": int | bool | datetime,
    "short": Annotated[str, StringConstraints(max_length=3, to_upper=True, strip_whitespace=True)],
    "even": Annotated[int, AfterValidator(lambda value: value * 2)],
    "before": Annotated[int, BeforeValidator(lambda value: len(value))],
}

NOT_IN_PATHS = {"json"}

TEXTS = (
    "1", "", "0", "-3", "1.5", "true", "a", "red", "light green", " 7 ", "1_000", "٣",
    "12345678901234567890123", "nan", "inf", "1e400", "2032-04-23T10:20:30.400+02:30", "2032-04-23", "10:20",
    "P3DT12H30M5S", "c892496f-b1fd-4b91-bdb8-b46f92df1716", "127.0.0.1", "[1, 2]", "http://a.example/x",
    "a@example.com", "grün ☃", "null", "x" * 200, "9" * 4400, "a\x00b", "%ff", "+1",
)  # fmt: skip

HEADER_TEXTS = tuple(text for text in TEXTS if "\x00" not in text)


def by_type(fw):
    """One endpoint for every type and place."""
    app = fw.FastAPI()

    def declare(name: str, kind: Any) -> None:
        @app.get(f"/query/{name}")
        async def query(value: Annotated[kind, fw.Query()]):
            return seen(value=value)

        @app.get(f"/header/{name}")
        async def header(value: Annotated[kind, fw.Header()]):
            return seen(value=value)

        @app.get(f"/cookie/{name}")
        def cookie(value: Annotated[kind, fw.Cookie()]):
            return seen(value=value)

    def declare_path(name: str, kind: Any) -> None:
        @app.get(f"/path/{name}/{{value}}")
        def path(value: kind):
            return seen(value=value)

    for name, kind in TYPES.items():
        declare(name, kind)
        if name not in NOT_IN_PATHS:
            declare_path(name, kind)
    return app


def in_query(name: str) -> list[Question]:
    """No value, each text, and two values."""
    return [
        get(f"/query/{name}"),
        *(get(f"/query/{name}?value={quote(text)}") for text in TEXTS),
        get(f"/query/{name}?value=1&value=2"),
    ]


@pytest.mark.parametrize("name", TYPES)
def test_query_by_type(name: str) -> None:
    compare(by_type, *in_query(name))


@pytest.mark.parametrize("name", [name for name in TYPES if name not in NOT_IN_PATHS])
def test_path_by_type(name: str) -> None:
    compare(by_type, *(get(f"/path/{name}/{quote(text, safe='')}") for text in TEXTS))


@pytest.mark.parametrize("name", TYPES)
def test_header_by_type(name: str) -> None:
    values = (text.encode() for text in HEADER_TEXTS)
    compare(by_type, get(f"/header/{name}"), *(get(f"/header/{name}", ("value", value)) for value in values))
    compare(
        by_type,
        get(f"/header/{name}", ("value", "1"), ("value", "2")),
        get(f"/header/{name}", ("VALUE", b"\xff")),
    )


@pytest.mark.parametrize("name", TYPES)
def test_cookie_by_type(name: str) -> None:
    values = (text.encode() for text in HEADER_TEXTS)
    compare(
        by_type,
        get(f"/cookie/{name}"),
        *(get(f"/cookie/{name}", ("cookie", b"value=" + value)) for value in values),
    )


def test_openapi_by_type() -> None:
    compare_openapi(by_type)


COLLECTIONS: dict[str, Any] = {
    "list": list[int],
    "bare": list,
    "strings": list[str],
    "set": set[int],
    "frozenset": frozenset[str],
    "tuple": tuple[int, ...],
    "pair": tuple[int, str],
    "deque": deque[int],
    "sequence": Sequence[int],
    "optional": list[int] | None,
    "items optional": list[int | None],
    "union": list[int] | list[str],
    "scalar or list": int | list[int],
    "enum": list[Colour],
    "literal": set[Literal["a", "b"]],
    "constrained": Annotated[list[Annotated[int, Field(ge=2)]], Field(max_length=2)],
    "any": list[Any],
    "bytes": list[bytes],
}


def collections(fw):
    """Several values under one name, required and with defaults."""
    app = fw.FastAPI()

    def declare(name: str, kind: Any) -> None:
        @app.get(f"/required/{name}")
        async def required(value: Annotated[kind, fw.Query()]):
            return seen(value=value)

        @app.get(f"/default/{name}")
        async def default(value: Annotated[kind, fw.Query()] = ["7"]):
            value.append("8") if isinstance(value, list) else None
            return seen(value=value)

        @app.get(f"/header/{name}")
        async def header(value: Annotated[kind, fw.Header(alias="x-value")]):
            return seen(value=value)

    for name, kind in COLLECTIONS.items():
        declare(name, kind)
    return app


SEVERAL = (
    "",
    "?value=1",
    "?value=1&value=2",
    "?value=",
    "?value=a&value=b&value=a",
    "?value=1&value=1&value=x",
    "?value=null",
    "?value=1,2",
    "?value[]=1",
    "?VALUE=1",
)


@pytest.mark.parametrize("place", ["required", "default"])
@pytest.mark.parametrize("name", COLLECTIONS)
def test_collections_in_query(name: str, place: str) -> None:
    compare(collections, *(get(f"/{place}/{quote(name)}{query}") for query in SEVERAL))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_collections_in_headers(name: str) -> None:
    target = f"/header/{quote(name)}"
    values = ([], ["1"], ["1", "2"], ["a", "b", "a"], ["1, 2"], [""])
    compare(collections, *(get(target, *(("x-value", value) for value in several)) for several in values))


def test_openapi_collections() -> None:
    compare_openapi(collections)


def declarations(fw):
    """One value, declared in every way there is."""
    app = fw.FastAPI()

    @app.get("/bare")
    async def bare(a, b: int, c=3, d: int = 4, e: str | None = None, f: int = None):  # type: ignore[assignment] # noqa: RUF013
        return seen(a=a, b=b, c=c, d=d, e=e, f=f)

    @app.get("/assigned")
    async def assigned(
        a: int = fw.Query(),
        b: int = fw.Query(...),
        c: int = fw.Query(3),
        d: int | None = fw.Query(None),
        e: list[int] = fw.Query([1]),
    ):
        return seen(a=a, b=b, c=c, d=d, e=e)

    @app.get("/annotated")
    async def annotated(
        a: Annotated[int, fw.Query()],
        b: Annotated[int, fw.Query(ge=1)] = 0,
        c: Annotated[int, fw.Query(le=6)] = 5,
        d: Annotated[str, Field(max_length=2), fw.Query(alias="D")] = "long default",
        e: Annotated[int, fw.Query(), Field(ge=3)] = 3,
    ):
        return seen(a=a, b=b, c=c, d=d, e=e)

    @app.get("/factory")
    async def factory(
        a: Annotated[list[int], fw.Query(default_factory=list)], b: int = fw.Query(default_factory=lambda: 3)
    ):
        a.append(1)
        return seen(a=a, b=b)

    @app.get("/keywords")
    async def keywords(*, a: int, b: int = 2, c: Annotated[int, fw.Header()]):
        return seen(a=a, b=b, c=c)

    @app.get("/validated")
    async def validated(
        a: Annotated[int, fw.Query(validate_default=True)] = "7",
        b: Annotated[int, fw.Query(validate_default=True)] = "x",
    ):  # type: ignore[assignment]
        return seen(a=a, b=b)

    @app.get("/param")
    async def param(q: str | None = fw.params.Param(default=None)):
        return seen(q=q)

    @app.get("/rest")
    async def rest(*args, **kwargs):
        return seen(args=args, kwargs=kwargs)

    return app


DECLARED: list[Question] = [
    *(
        get(f"/bare{q}") for q in (
            "", "?a=1", "?a=1&b=2", "?b=x", "?a=&b=&c=&d=&e=&f=", "?a=1&b=2&c=x&d=x&e=x&f=x",
            "?a=1&a=2&b=3&b=4",
        )
    ),
    *(get(f"/assigned{q}") for q in ("", "?a=1&b=2", "?a=1&b=2&c=x&d=x&e=x", "?a=1&b=2&d=&e=1&e=2")),
    *(
        get(f"/annotated{q}") for q in (
            "", "?a=1", "?a=1&b=0", "?a=1&d=abc", "?a=1&D=abc", "?a=1&D=ab&e=2", "?a=1&e=4&c=7",
        )
    ),
    *(get(f"/factory{q}") for q in ("", "", "?a=3&b=4", "?a=x&b=x")), get("/keywords?a=1"),
    get("/keywords?a=1&b=3", ("c", "4")), get("/keywords", ("c", "x")), get("/validated"),
    get("/validated?b=2"), get("/validated?a=x&b=3"), get("/param"), get("/param?q=1"), get("/rest"),
    get("/rest?args=1&kwargs=2"),
]  # fmt: skip


@pytest.mark.parametrize("question", DECLARED, ids=labels(DECLARED))
def test_declarations(question: Question) -> None:
    compare(declarations, question)


def test_openapi_declarations() -> None:
    compare_openapi(declarations)


def names(fw):
    """Aliases, validation aliases and how header names are made."""
    app = fw.FastAPI()

    @app.get("/query")
    async def query(
        a: Annotated[int, fw.Query(alias="item-query")],
        b: Annotated[int, fw.Query(validation_alias="b.b")] = 0,
        c: Annotated[int, fw.Query(validation_alias=AliasChoices("c1", "c2"))] = 0,
        d: Annotated[int, fw.Query(alias="d1", validation_alias="d2", serialization_alias="d3")] = 0,
        größe: int = 0,
        e: Annotated[int, fw.Query(alias='quo"te')] = 0,
        f: Annotated[int, fw.Query(alias="class")] = 0,
        g: Annotated[str, fw.Query(alias="")] = "",
    ):
        return seen(a=a, b=b, c=c, d=d, größe=größe, e=e, f=f, g=g)

    @app.get("/header")
    async def header(
        x_token: Annotated[str, fw.Header()],
        x_kept: Annotated[str, fw.Header(convert_underscores=False)] = "none",
        user_agent: Annotated[str | None, fw.Header()] = None,
        a: Annotated[str | None, fw.Header(alias="X_Alias")] = None,
        b: Annotated[str | None, fw.Header(validation_alias=AliasChoices("x-one", "x-two"))] = None,
        UPPER: Annotated[str | None, fw.Header()] = None,
        c: Annotated[list[str] | None, fw.Header(validation_alias=AliasChoices("x-many", "x_many"))] = None,
    ):
        return seen(x_token=x_token, x_kept=x_kept, user_agent=user_agent, a=a, b=b, UPPER=UPPER, c=c)

    @app.get("/cookie")
    async def cookie(
        a: Annotated[str | None, fw.Cookie(alias="__Secure-a")] = None,
        b: Annotated[int | None, fw.Cookie(validation_alias=AliasChoices("b1", "b2"))] = None,
        c_d: Annotated[str | None, fw.Cookie()] = None,
    ):
        return seen(a=a, b=b, c_d=c_d)

    @app.get("/same")
    async def same(
        a: Annotated[str, fw.Query(alias="x")],
        b: Annotated[int, fw.Query(alias="x")],
        x: Annotated[str, fw.Header()] = "",
    ):
        return seen(a=a, b=b, x=x)

    return app


NAMED: list[Question] = [
    *(
        get(f"/query{q}") for q in (
            "", "?item-query=1", "?a=1", "?item-query=1&b=2", "?item-query=1&b.b=2", "?item-query=1&c1=1",
            "?item-query=1&c2=2", "?item-query=1&c1=1&c2=2", "?item-query=1&c=1",
            "?item-query=1&d1=1&d2=2&d3=3", "?item-query=1&d1=1", "?item-query=1&gr%C3%B6%C3%9Fe=5",
            "?item-query=1&quo%22te=5", "?item-query=1&class=x", "?item-query=1&=x",
            "?item-query=x&b.b=x&c1=x&d2=x",
        )
    ),
    get("/header"), get("/header", ("x-token", "a")), get("/header", ("x_token", "a")),
    get("/header", ("X-TOKEN", "a")), get("/header", ("x-token", "a"), ("x-token", "b")),
    get("/header", ("x-token", "a"), ("x_kept", "k"), ("x-kept", "no")),
    get("/header", ("x-token", "a"), ("user-agent", "me"), ("x_alias", "A")),
    get("/header", ("x-token", "a"), ("x-two", "2")),
    get("/header", ("x-token", "a"), ("x-one", "1"), ("x-two", "2"), ("upper", "U")),
    get("/header", ("x-token", b"\xe4\xff")),
    get("/header", ("x-token", "a"), ("x_many", "1"), ("x_many", "2")),
    get("/header", ("x-token", "a"), ("x-many", "1"), ("x_many", "2")), get("/cookie"),
    get("/cookie", ("cookie", "__Secure-a=1; b1=2; c_d=3")),
    get("/cookie", ("cookie", "b2=2;c_d=\"q\\054\"")), get("/cookie", ("cookie", "c_d=1; c_d=2")),
    get("/cookie", ("cookie", "c_d=1"), ("cookie", "c_d=2")), get("/cookie", ("cookie", "c_d")),
    get("/cookie", ("cookie", "; ;=;c_d= x ;b1=x")), get("/cookie", ("cookie", "c-d=1")),
    get("/cookie", ("cookie", b"c_d=\xff")), get("/same?x=1"), get("/same?x=a", ("x", "h")), get("/same"),
]  # fmt: skip


@pytest.mark.parametrize("question", NAMED, ids=labels(NAMED))
def test_names(question: Question) -> None:
    compare(names, question)


def test_openapi_names() -> None:
    compare_openapi(names)


def constraints(fw):
    """Bounds, lengths, patterns and the rest of what a marker takes."""
    app = fw.FastAPI()

    @app.get("/numbers")
    async def numbers(
        ge: Annotated[int, fw.Query(ge=3)] = 3,
        gt: Annotated[int, fw.Query(gt=3)] = 4,
        le: Annotated[float, fw.Query(le=3)] = 3,
        lt: Annotated[float, fw.Query(lt=3)] = 2,
        both: Annotated[int, fw.Query(ge=1, le=5, multiple_of=2)] = 2,
        finite: Annotated[float, fw.Query(allow_inf_nan=False)] = 1,
        digits: Annotated[Decimal, fw.Query(max_digits=4, decimal_places=2)] = Decimal(1),
        strict: Annotated[int, fw.Query(strict=True)] = 1,
    ):
        return seen(ge=ge, gt=gt, le=le, lt=lt, both=both, finite=finite, digits=digits, strict=strict)

    @app.get("/strings")
    async def strings(
        short: Annotated[str, fw.Query(max_length=3)] = "",
        long: Annotated[str, fw.Query(min_length=3)] = "",
        pattern: Annotated[str, fw.Query(pattern="^[a-z]+$")] = "a",
        many: Annotated[list[str], fw.Query(min_length=1, max_length=2)] = ["a"],
        fast: Annotated[list[int], fw.Query(fail_fast=True)] = [1],
        left: Annotated[int | str, fw.Query(union_mode="left_to_right")] = 1,
        optional: Annotated[str | None, fw.Query(min_length=2)] = None,
    ):
        return seen(
            short=short, long=long, pattern=pattern, many=many, fast=fast, left=left, optional=optional
        )

    @app.get("/documented")
    async def documented(
        a: Annotated[
            str, fw.Query(title="A", description="Über *a*\n\nmore", deprecated=True, examples=["x", None])
        ] = "d",
        b: Annotated[str, fw.Query(include_in_schema=False)] = "hidden",
        c: Annotated[str, fw.Query(json_schema_extra={"x-own": {"z": 1, "a": 2}})] = "c",
        d: Annotated[str, fw.Query(openapi_examples={"one": {"summary": "One", "value": "1"}})] = "d",
    ):
        return seen(a=a, b=b, c=c, d=d)

    @app.get("/path/{low}/{high}")
    async def path(
        low: Annotated[int, fw.Path(ge=1, title="Low")], high: Annotated[float, fw.Path(lt=10.5, gt=0)]
    ):
        return seen(low=low, high=high)

    return app


CONSTRAINED: list[Question] = [
    *(
        get(f"/numbers?{name}={value}") for name in (
            "ge", "gt", "le", "lt", "both", "finite", "digits", "strict",
        ) for value in ("2", "3", "4", "6", "inf", "2.125", "x")
    ),
    *(
        get(f"/strings?{q}") for q in (
            "short=abc", "short=abcd", "short=%C3%BC%C3%BC%C3%BC", "long=ab", "long=abc", "pattern=a1",
            "pattern=", "pattern=ab%0A", "many=a", "many=a&many=b&many=c", "fast=x&fast=y&fast=1", "left=1",
            "left=x", "optional=a", "optional=", "optional=ab",
        )
    ),
    get("/documented"), get("/documented?b=seen"),
    *(get(f"/path/{p}") for p in ("1/1", "0/0", "1/10.5", "x/y", "1/nan", "1/-inf")),
]  # fmt: skip


@pytest.mark.parametrize("question", CONSTRAINED, ids=labels(CONSTRAINED))
def test_constraints(question: Question) -> None:
    compare(constraints, question)


def test_openapi_constraints() -> None:
    compare_openapi(constraints)


class Filter(BaseModel):
    limit: int = Field(100, gt=0, le=100)
    order_by: Literal["created_at", "updated_at"] = "created_at"
    tags: list[str] = []
    colour: Colour | None = None
    aliased: int = Field(0, alias="al-ias")


class StrictFilter(Filter):
    model_config = ConfigDict(extra="forbid")


class OpenFilter(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)
    needed: int
    other: str = Field("o", validation_alias=AliasChoices("other-1", "other-2"))
    deep: str = Field("d", validation_alias=AliasPath("deep", 1))


def models(fw):
    """Models of parameters, one or several, optional, and with extra fields kept or forbidden."""
    app = fw.FastAPI()

    @app.get("/query")
    async def query(value: Annotated[Filter, fw.Query()]):
        return seen(value=value)

    @app.get("/strict")
    async def strict(value: Annotated[StrictFilter, fw.Query()]):
        return seen(value=value)

    @app.get("/open")
    async def opened(value: Annotated[OpenFilter, fw.Query()]):
        return seen(value=value)

    @app.get("/both")
    async def both(value: Annotated[Filter, fw.Query()], extra: int = 0, limit: int = 5):
        return seen(value=value, extra=extra, limit=limit)

    @app.get("/two")
    async def two(a: Annotated[Filter, fw.Query()], b: Annotated[OpenFilter, fw.Query()]):
        return seen(a=a, b=b)

    @app.get("/optional")
    async def optional(value: Annotated[OpenFilter | None, fw.Query()] = None):
        return seen(value=value)

    @app.get("/header")
    async def header(value: Annotated[Filter, fw.Header()]):
        return seen(value=value)

    @app.get("/strict-header")
    async def strict_header(value: Annotated[StrictFilter, fw.Header(convert_underscores=False)]):
        return seen(value=value)

    @app.get("/cookie")
    async def cookie(value: Annotated[OpenFilter, fw.Cookie()]):
        return seen(value=value)

    @app.get("/default")
    async def default(value: Annotated[Filter, fw.Query()] = Filter(limit=7)):
        return seen(value=value)

    return app


QUERIES = (
    "", "?limit=5", "?limit=0&order_by=x", "?tags=a&tags=b", "?colour=red", "?colour=", "?al-ias=3",
    "?aliased=3", "?extra=1", "?needed=1", "?needed=1&other-2=x&more=1&more=2", "?needed=x&other=y",
    "?needed=1&deep=a&deep=b", "?limit=&tags=&needed=", "?value=1", "?limit=1&limit=2",
)  # fmt: skip
MODELLED: list[Question] = [
    *(
        get(f"/{place}{q}") for place in (
            "query", "strict", "open", "both", "two", "optional", "default",
        ) for q in QUERIES
    ),
    *(
        get(f"/{place}", *headers) for place in ("header", "strict-header") for headers in (
            (), (("limit", "5"),), (("order-by", "updated_at"),), (("order_by", "updated_at"),),
            (("tags", "a"), ("tags", "b")), (("x-more", "1"),), (("limit", "0"), ("colour", "x")),
            (("al-ias", "4"),), (("user-agent", "me"),),
        )
    ),
    *(
        get("/cookie", ("cookie", c)) for c in (
            "needed=1", "needed=1; other-1=a; more=m", "needed=x", "", "deep=x; needed=3",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("question", MODELLED, ids=labels(MODELLED))
def test_models(question: Question) -> None:
    compare(models, question)


def test_openapi_models() -> None:
    compare_openapi(models)


def refused(declare: Callable[[Any], Any], path: str = "/items") -> Build:
    """An application that cannot be built: `declare` makes the annotation (or the default) of its only parameter."""

    def build(fw):
        app = fw.FastAPI()
        kind = declare(fw)

        @app.get(path)
        async def read(value: kind):
            return seen(value=value)

        return app

    return build


REFUSED = {
    "dict in query": refused(lambda fw: Annotated[dict, fw.Query()]),
    "model in path": refused(lambda fw: Annotated[Filter, fw.Path()], "/{value}"),
    "list of models": refused(lambda fw: Annotated[list[Filter], fw.Query()]),
    "list in path": refused(lambda fw: Annotated[list[int], fw.Path()], "/{value}"),
    "default in marker": refused(lambda fw: Annotated[int, fw.Query(3)]),
    "unknown class": refused(lambda fw: fw.FastAPI),
    "query for a path name": refused(lambda fw: Annotated[int, fw.Query()], "/{value}"),
    "factory and default": refused(lambda fw: Annotated[int, fw.Query(3, default_factory=int)]),
    "path default": refused(lambda fw: Annotated[int, fw.Path(default=3)], "/{value}"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused_declarations(reason: str) -> None:
    """A declaration that FastAPI refuses is refused with the same words."""
    compare_refusal(REFUSED[reason])
