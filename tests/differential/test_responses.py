"""Responses: models and their filters, return annotations, status codes, response classes, encoders, cookies."""


# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

import math
from collections import deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address, IPv6Network
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    SecretStr,
    computed_field,
    field_serializer,
    model_serializer,
)
from typing_extensions import TypedDict

from .oracle import Build, Question, compare, compare_openapi, compare_refusal, get, labels
from .recorder import record


class Colour(Enum):
    red = "r"


class Level(IntEnum):
    low = 1


class Item(BaseModel):
    name: str
    price: float = 10.5
    tags: list[str] = []
    note: str | None = None
    aliased: int = Field(1, alias="al-ias")


class User(BaseModel):
    name: str
    secret: SecretStr = SecretStr("s")


class UserInDb(User):
    password: str = "p"


class Nested(BaseModel):
    user: User
    items: dict[str, Item] = {}


class Rich(BaseModel):
    model_config = ConfigDict(ser_json_timedelta="float", ser_json_bytes="base64", use_enum_values=True)
    moment: datetime = datetime(2032, 4, 23, 10, 20, tzinfo=UTC)
    span: timedelta = timedelta(hours=1)
    raw: bytes = b"\x00\xff"
    price: Decimal = Decimal("1.50")
    colour: Colour = Colour.red
    inf: float = math.inf

    @computed_field(alias="Computed")
    @property
    def computed(self) -> str:
        return "c"

    @field_serializer("price")
    def as_cents(self, value: Decimal) -> int:
        return int(value * 100)


class Wrapped(BaseModel):
    value: int

    @model_serializer
    def wrap(self) -> dict[str, Any]:
        return {"wrapped": self.value, "unsorted": [3, 1]}


@dataclass
class Point:
    x: int
    y: float = 0.5
    labels: list[str] = field(default_factory=lambda: ["l"])


class Movie(TypedDict, total=False):
    name: str
    year: int


class WithAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
    price: int = 0


Row = namedtuple("Row", "left right")
Cents = Annotated[int, PlainSerializer(lambda value: value / 100)]

VALUES: dict[str, Callable[[], Any]] = {
    "none": lambda: None, "true": lambda: True, "int": lambda: 2**70, "float": lambda: 1e22,
    "negative zero": lambda: -0.0, "str": lambda: 'ü☃\u2028"\\\x00/</script>', "surrogate": lambda: "\ud800",
    "bytes": lambda: b"text", "bad bytes": lambda: b"\xff", "list": lambda: [1, [2, (3,)], {4}],
    "dict": lambda: {"b": 1, "a": {1: None, False: 2, None: 3, 1.5: 4}}, "nan": lambda: math.nan,
    "inf": lambda: [math.inf, -math.inf], "item": lambda: Item(name="n", **{"al-ias": 3}),
    "items": lambda: [Item(name="a"), Item(name="b", tags=["t"])], "user": lambda: UserInDb(name="u"),
    "nested": lambda: Nested(user=UserInDb(name="u"), items={"k": Item(name="n", note="x")}),
    "rich": lambda: Rich(), "wrapped": lambda: Wrapped(value=1), "point": lambda: Point(1),
    "points": lambda: {"p": [Point(1, 2)]}, "movie": lambda: {"name": "m", "year": 1},
    "row": lambda: Row(1, Item(name="n")), "set": lambda: {1}, "frozenset": lambda: frozenset("a"),
    "deque": lambda: deque([1, 2]), "generator": lambda: (n for n in range(3)), "range": lambda: range(3),
    "datetime": lambda: datetime(2032, 1, 2, 3, 4, 5, 600), "aware": lambda: datetime(2032, 1, 2, tzinfo=UTC),
    "date": lambda: date(2032, 1, 2), "time": lambda: time(3, 4),
    "timedelta": lambda: timedelta(days=1, microseconds=5),
    "decimal": lambda: [Decimal("1"), Decimal("1.50"), Decimal("1E+3")], "uuid": lambda: UUID(int=1),
    "enum": lambda: Colour.red, "intenum": lambda: Level.low, "path": lambda: PurePosixPath("a/b"),
    "address": lambda: [IPv4Address("1.2.3.4"), IPv6Network("::/64")],
    "url": lambda: AnyUrl("http://a.example"), "secret": lambda: SecretStr("x"),
    "namespace": lambda: SimpleNamespace(a=1, b=Item(name="n")), "object": lambda: object(),
    "complex": lambda: 1j, "class": lambda: Item,
    "module key": lambda: {Colour.red: 1, Level.low: 2, UUID(int=2): 3, date(2032, 1, 2): 4},
    "private": lambda: {"_sa_instance": 1, "kept": 2}, "root": lambda: RootModel[list[int]]([1]),
    "exception": lambda: ValueError("v"), "recursive": lambda: _recursive(),
    "tuple keys": lambda: {(1, 2): 3}, "attributes": lambda: SimpleNamespace(name="n", price=3),
    "wrong": lambda: {"name": 3, "price": "x"}, "extra": lambda: {"name": "n", "extra": 1, "al-ias": 5},
    "by name": lambda: {"name": "n", "aliased": 5}, "subclass list": lambda: [UserInDb(name="u")],
    "constructed": lambda: Item.model_construct(name=3, price="p"),
}  # fmt: skip


def _recursive() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


MODELS: dict[str, Any] = {
    "item": Item, "user": User, "nested": Nested, "rich": Rich, "wrapped": Wrapped, "point": Point,
    "movie": Movie, "attributes": WithAttributes, "list of items": list[Item], "list of users": list[User],
    "union": Item | User, "optional": Item | None, "dict": dict[str, Any], "any": Any, "int": int,
    "str": str, "bytes": bytes, "float": float, "cents": Cents, "datetime": datetime, "set": set[int],
    "tuple": tuple[int, str], "union with list": int | list[Item] | None, "root": RootModel[list[int]],
    "secret": SecretStr, "colour": Colour,
}  # fmt: skip


def unmodelled(fw):
    """Every value without a response model, from an async and a sync endpoint."""
    app = fw.FastAPI()

    def declare(name: str, make: Callable[[], Any]) -> None:
        app.get(f"/{name}")(make)

        @app.get(f"/async/{name}")
        async def endpoint():
            return make()

        @app.get(f"/json/{name}")
        async def response():
            return fw.responses.JSONResponse(make())

        @app.get(f"/encoder/{name}")
        async def encoded():
            return fw.responses.PlainTextResponse(
                repr(fw.encoders.jsonable_encoder(make(), exclude_none=True, by_alias=False))
            )

    for name, make in VALUES.items():
        declare(name, make)
    return app


@pytest.mark.parametrize("name", VALUES)
def test_unmodelled(name: str) -> None:
    compare(
        unmodelled,
        *(get(f"{prefix}/{name.replace(' ', '%20')}") for prefix in ("", "/async", "/json", "/encoder")),
    )


def modelled(fw):
    """Every value through every model, declared as `response_model` and as return annotation."""
    app = fw.FastAPI()

    def declare(name: str, kind: Any) -> None:
        @app.get(f"/model/{name}/{{value}}", response_model=kind)
        async def model(value: str):
            return VALUES[value]()

        @app.get(f"/annotated/{name}/{{value}}")
        def annotated(value: str) -> kind:
            return VALUES[value]()

    for name, kind in MODELS.items():
        declare(name, kind)
    return app


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("how", ["model", "annotated"])
def test_modelled(name: str, how: str) -> None:
    compare(modelled, *(get(f"/{how}/{name}/{value}".replace(" ", "%20")) for value in VALUES))


def test_openapi_modelled() -> None:
    compare_openapi(modelled)


FILTERS: dict[str, dict[str, Any]] = {
    "none": {}, "unset": {"response_model_exclude_unset": True},
    "defaults": {"response_model_exclude_defaults": True},
    "exclude none": {"response_model_exclude_none": True}, "names": {"response_model_by_alias": False},
    "include": {"response_model_include": {"name", "tags"}},
    "include list": {"response_model_include": ["name"]},
    "exclude": {"response_model_exclude": {"price", "al-ias"}},
    "exclude field": {"response_model_exclude": {"aliased"}},
    "deep include": {"response_model_include": {"user": {"name"}, "name": True}},
    "deep exclude": {"response_model_exclude": {"items": {"__all__": {"tags"}}, "user": True}},
    "indices": {"response_model_exclude": {0: True}},
    "everything": {
        "response_model_exclude_unset": True, "response_model_exclude_none": True,
        "response_model_by_alias": False, "response_model_exclude": {"price"},
    },
}  # fmt: skip


def filtered(fw):
    """`response_model_include` and its siblings, with a model, a list, a union and without any model."""
    app = fw.FastAPI()

    def declare(name: str, options: dict[str, Any]) -> None:
        for kind, model in {
            "item": Item,
            "nested": Nested,
            "items": list[Item],
            "any": Any,
            "union": Item | Nested,
            "no": None,
        }.items():

            @app.get(f"/{name}/{kind}/{{value}}", response_model=model, **options)
            async def endpoint(value: str):
                return VALUES[value]()

    for name, options in FILTERS.items():
        declare(name, options)
    return app


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("kind", ["item", "nested", "items", "any", "union", "no"])
def test_filters(name: str, kind: str) -> None:
    values = ("item", "items", "nested", "extra", "by name", "dict")
    compare(filtered, *(get(f"/{name}/{kind}/{value}".replace(" ", "%20")) for value in values))


def test_openapi_filtered() -> None:
    compare_openapi(filtered)


CODES = (200, 201, 202, 203, 204, 205, 206, 226, 300, 304, 307, 400, 404, 418, 422, 500, 503, 599)


def codes(fw):
    """Status codes with every kind of content, those without a body included."""
    app = fw.FastAPI()

    def declare(code: int) -> None:
        @app.get(f"/value/{code}", status_code=code)
        async def value():
            return {"a": 1}

        @app.get(f"/none/{code}", status_code=code)
        def none():
            return None

        @app.get(f"/annotated/{code}", status_code=code)
        def annotated() -> None:
            return None

        @app.get(f"/response/{code}")
        async def response():
            return fw.Response(status_code=code)

        @app.get(f"/json/{code}")
        async def json():
            return fw.responses.JSONResponse({"a": 1}, code)

        @app.get(f"/changed/{code}")
        async def changed(response: fw.Response):
            response.status_code = code
            return {"a": 1}

        @app.head(f"/value/{code}", status_code=code)
        async def head():
            return {"a": 1}

    for code in CODES:
        declare(code)
    return app


@pytest.mark.parametrize("code", CODES)
def test_codes(code: int) -> None:
    kinds = ("value", "none", "annotated", "response", "json", "changed")
    compare(codes, *(get(f"/{kind}/{code}") for kind in kinds), get(f"/value/{code}", method="HEAD"))


def test_openapi_codes() -> None:
    compare_openapi(codes)


def classes(fw):
    """Response classes: returned, declared, as default of the application and of routers, and of one's own."""
    responses = fw.responses
    app = fw.FastAPI()
    text_router = fw.APIRouter(prefix="/text", default_response_class=responses.PlainTextResponse)
    own_app = fw.FastAPI(default_response_class=responses.HTMLResponse)

    class Own(fw.Response):
        media_type = "application/x-own"

        def render(self, content: Any) -> bytes:
            record("render", type(content).__name__)
            return repr(content).encode()

    class Indented(responses.JSONResponse):
        def render(self, content: Any) -> bytes:
            return b"-> " + super().render(content)

    declared = {
        "json": responses.JSONResponse, "text": responses.PlainTextResponse, "html": responses.HTMLResponse,
        "redirect": responses.RedirectResponse, "plain": fw.Response, "own": Own, "indented": Indented,
        "streaming": responses.StreamingResponse, "file": responses.FileResponse,
    }  # fmt: skip
    contents: dict[str, Any] = {
        "text": "text ü",
        "bytes": b"bytes",
        "dict": {"a": [1]},
        "none": None,
        "item": Item(name="n"),
        "list": ["a", "b"],
        "number": 3,
        "missing file": "/nonexistent",
    }

    def declare(name: str, response_class: Any) -> None:
        for content, value in contents.items():

            @app.get(f"/{name}/{content}", response_class=response_class)
            async def endpoint(value: Annotated[Any, fw.Depends(lambda value=value: value)]):
                return value

            @app.get(
                f"/{name}/{content}/modelled",
                response_class=response_class,
                response_model=Item,
                status_code=201,
            )
            def modelled():
                return contents["item"]

    for name, response_class in declared.items():
        declare(name, response_class)

    def returned(make: Callable[[], Any]) -> Callable[[], Any]:
        async def endpoint() -> Any:
            return make()

        return endpoint

    made: dict[str, Callable[[], Any]] = {
        "redirect": lambda: responses.RedirectResponse("/a b?ü=1", 303),
        "cookies": lambda: _with_cookies(responses.JSONResponse({})),
        "headers": lambda: fw.Response("x", headers={"X-Own": "ü", "content-type": "a/b"}),
        "stream": lambda: responses.StreamingResponse(iter([b"a", "b"]), media_type="text/x"),
        "own length": lambda: fw.Response(b"abc", headers={"content-length": "3"}),
        "empty": lambda: fw.Response(), "html": lambda: responses.HTMLResponse("<p>"),
        "bad header": lambda: fw.Response(headers={"x": "☃"}),
        "background": lambda: fw.Response(background=_task()),
    }  # fmt: skip
    for name, make in made.items():
        app.get(f"/made/{name}")(returned(make))
        text_router.get(f"/made/{name}")(returned(make))

    for target in (text_router, own_app):
        for content, value in contents.items():
            target.get(f"/{content}")(returned(lambda value=value: value))
    app.include_router(text_router)
    app.include_router(text_router, prefix="/html", default_response_class=responses.HTMLResponse)
    app.mount("/mounted", own_app)
    return app


def _with_cookies(response: Any) -> Any:
    response.set_cookie(
        "a", "1; x", max_age=3, path="/p", domain="d", secure=True, httponly=True, samesite="strict"
    )
    response.set_cookie("b")
    response.delete_cookie("c")
    return response


def _task() -> Any:
    from starlette.background import BackgroundTask

    return BackgroundTask(record, "task")


CONTENTS = ("text", "bytes", "dict", "none", "item", "list", "number", "missing%20file")


@pytest.mark.parametrize(
    "name", ["json", "text", "html", "redirect", "plain", "own", "indented", "streaming", "file"]
)
def test_classes(name: str) -> None:
    compare(classes, *(get(f"/{name}/{content}{tail}") for content in CONTENTS for tail in ("", "/modelled")))


@pytest.mark.parametrize("prefix", ["/text", "/html/text", "/mounted"])
def test_default_classes(prefix: str) -> None:
    compare(classes, *(get(f"{prefix}/{content}") for content in CONTENTS))


@pytest.mark.parametrize(
    "name",
    ["redirect", "cookies", "headers", "stream", "own length", "empty", "html", "bad header", "background"],
)
def test_made(name: str) -> None:
    path = name.replace(" ", "%20")
    compare(classes, get(f"/made/{path}"), get(f"/text/made/{path}"), get(f"/made/{path}", method="HEAD"))


def test_openapi_classes() -> None:
    compare_openapi(classes)
    compare_openapi(classes, "/mounted/openapi.json")


def documented(fw):
    """What an operation says about its responses."""
    app = fw.FastAPI(responses={500: {"description": "Oh"}}, separate_input_output_schemas=True)

    @app.post(
        "/all",
        response_model=Nested,
        response_description="All of it",
        status_code=201,
        tags=["b", "a"],
        summary="S",
        description="D\fhidden",
        deprecated=True,
        operation_id="op",
        responses={
            404: {"model": User, "description": "None"},
            "default": {"description": "Else"},
            "4XX": {"description": "Bad", "content": {"text/plain": {"example": "x"}}},
            201: {"links": {"next": {"operationId": "op"}}},
            422: {"description": "Own"},
        },
        openapi_extra={"x-extra": {"b": 1, "a": 2}, "tags": ["extra"]},
    )
    async def everything(item: Item) -> dict[str, int]:
        """Ignored, as there is a description."""
        return {"user": {"name": "u"}}  # type: ignore[dict-item]

    @app.get("/docstring")
    async def docstring() -> Item | list[User]:
        """First line.

        * a list
        \f
        hidden
        """
        return []

    @app.get("/hidden", include_in_schema=False)
    async def hidden():
        return 1

    @app.get("/response-annotation")
    async def annotation() -> fw.responses.HTMLResponse:
        return fw.responses.HTMLResponse("h")

    @app.get("/union-of-response", response_model=None)
    async def union() -> fw.Response | dict:
        return {"a": 1}

    return app


DOCUMENTED: list[Question] = [
    get("/docstring"),
    get("/hidden"),
    get("/response-annotation"),
    get("/union-of-response"),
]


@pytest.mark.parametrize("question", DOCUMENTED, ids=labels(DOCUMENTED))
def test_documented(question: Question) -> None:
    compare(documented, question)


def test_openapi_documented() -> None:
    compare_openapi(documented)


def bad_response_model(fw):
    """An annotation that is no field."""
    app = fw.FastAPI()

    @app.get("/")
    async def read() -> fw.FastAPI:
        return app

    return app


def body_where_none_is_allowed(fw):
    """A model for a status code without a body."""
    app = fw.FastAPI()

    @app.get("/", status_code=204)
    async def read() -> int:
        return 1

    return app


def union_with_response(fw):
    """A union of a response and a model."""
    app = fw.FastAPI()

    @app.get("/")
    async def read() -> fw.Response | int:
        return 1

    return app


@pytest.mark.parametrize("build", [bad_response_model, body_where_none_is_allowed, union_with_response])
def test_refused(build: Build) -> None:
    compare_refusal(build)
