"""From a declared parameter to its node: where it is read from, by the rules of `_plan/parameters.py`."""

import functools
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import pytest
from pydantic import AliasChoices, BaseModel, Field, Json
from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.requests import HTTPConnection
from typing_extensions import TypeAliasType

from vivace import (
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
    WebSocket,
)
from vivace._plan.dependencies import build_root
from vivace._plan.nodes import CallKind, ParameterPlan, Special
from vivace._plan.parameters import EMPTY, classify
from vivace.params import Depends as DependsValue
from vivace.responses import HTMLResponse
from vivace.security import SecurityScopes

T = TypeVar("T")


class Color(Enum):
    red = "red"


class Model(BaseModel):
    x: int


class Page(BaseModel, Generic[T]):
    items: list[T]


@dataclass
class Data:
    x: int


def get_db() -> Any: ...


def declared(annotation: Any = EMPTY, default: Any = EMPTY, *, path: str = "/") -> Any:
    """The node of the parameter `x: annotation = default` of an endpoint under `path`."""
    parameter = inspect.Parameter(
        "x", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation, default=default
    )
    return classify(parameter, frozenset(["x"]) if "{x}" in path else frozenset())


IN_PATH = "/{x}"

PLACES: list[tuple[str, Any]] = [
    # Named in the path.
    ("path", declared(path=IN_PATH)),
    ("path", declared(int, path=IN_PATH)),
    ("path", declared(Color, path=IN_PATH)),
    ("path", declared(int | None, path=IN_PATH)),
    ("path", declared(Annotated[int, Path(ge=1)], path=IN_PATH)),
    ("path", declared(Annotated[int, Field(ge=1)], path=IN_PATH)),
    ("path", declared(int, Path(), path=IN_PATH)),
    # Scalars are looked for in the query.
    ("query", declared()),
    ("query", declared(int)),
    ("query", declared(int, 3)),
    ("query", declared(str | None, None)),
    ("query", declared(int | str)),
    ("query", declared(Color)),
    ("query", declared(Literal["a"])),
    ("query", declared(date)),
    ("query", declared(UUID)),
    ("query", declared(Decimal)),
    ("query", declared(bytes)),
    ("query", declared(Any)),
    ("query", declared(Annotated[int, Field(ge=1)])),
    ("query", declared(Annotated[int, "a note"])),
    # What has parts is looked for in the body.
    ("body", declared(Model)),
    ("body", declared(Model | None, None)),
    ("body", declared(Page[int])),
    ("body", declared(Data)),
    ("body", declared(list[int])),
    ("body", declared(list[Model])),
    ("body", declared(set[str] | None, None)),
    ("body", declared(tuple[int, str])),
    ("body", declared(Sequence[int])),
    ("body", declared(dict[str, int])),
    ("body", declared(Mapping[str, int])),
    ("body", declared(int | list[int])),
    # A marker says where.
    ("query", declared(Annotated[list[int], Query()])),
    ("query", declared(list[int], Query())),
    ("query", declared(Annotated[Model, Query()])),
    ("query", declared(Annotated[Json[list[int]], Query()])),
    ("header", declared(Annotated[str, Header()])),
    ("header", declared(Annotated[Model, Header()])),
    ("cookie", declared(Annotated[str, Cookie()])),
    ("body", declared(Annotated[int, Body()])),
    ("body", declared(Annotated[str, Form()])),
    ("body", declared(Annotated[bytes, File()])),
    ("body", declared(int, Body(3))),
    # The last of several markers wins.
    ("header", declared(Annotated[int, Query(), Header()])),
]


@pytest.mark.parametrize(("place", "node"), PLACES)
def test_where_a_parameter_is_read(place: str, node: Any) -> None:
    assert isinstance(node, ParameterPlan)
    assert node.location == place


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (UploadFile, "File"),
        (UploadFile | None, "File"),
        (list[UploadFile], "File"),
        (Model, "Body"),
        (Annotated[Model, Form()], "Form"),
        (Annotated[bytes, File()], "File"),
        (Annotated[UploadFile, Form()], "Form"),
        (int, "Query"),
        (Annotated[int, Query()], "Query"),
    ],
)
def test_the_marker_that_a_declaration_stands_for(annotation: Any, kind: str) -> None:
    assert type(declared(annotation).info).__name__ == kind


@pytest.mark.parametrize(
    ("annotation", "special"),
    [
        (Request, Special.REQUEST),
        (WebSocket, Special.WEBSOCKET),
        (HTTPConnection, Special.CONNECTION),
        (Response, Special.RESPONSE),
        (HTMLResponse, Special.RESPONSE),
        (BackgroundTasks, Special.BACKGROUND),
        (StarletteBackgroundTasks, Special.BACKGROUND),
        (SecurityScopes, Special.SCOPES),
        (Annotated[Request, "a note"], Special.REQUEST),
    ],
)
def test_parts_of_the_request(annotation: Any, special: Special) -> None:
    assert declared(annotation) is special
    assert declared(annotation, path=IN_PATH) is special  # even if the path has that name


@pytest.mark.parametrize(
    "node",
    [
        declared(Any, Depends(get_db)),
        declared(Annotated[Any, Depends(get_db)]),
        declared(Annotated[Request, Depends(get_db)]),
        declared(Annotated[Model, Depends(get_db)]),
        declared(Any, Security(get_db, scopes=["a"])),
        declared(Any, Depends(get_db), path=IN_PATH),
    ],
)
def test_dependencies(node: Any) -> None:
    assert isinstance(node, DependsValue)
    assert node.dependency is get_db


def test_a_bare_depends_takes_the_annotation() -> None:
    assert declared(Annotated[Data, Depends()]).dependency is Data
    assert declared(Data, Depends()).dependency is Data


# --- what is kept of a declaration ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "default"),
    [
        (declared(int), PydanticUndefined),
        (declared(int, 3), 3),
        (declared(int, Query(3)), 3),
        (declared(Annotated[int, Query()], 3), 3),
        (declared(int | None, None), None),
        (declared(int | None), PydanticUndefined),  # optional is the value, not the parameter
        (declared(int, ...), PydanticUndefined),
        (declared(int, 3, path=IN_PATH), PydanticUndefined),  # the same function may serve a path without it
    ],
)
def test_defaults(node: ParameterPlan, default: Any) -> None:
    assert node.field.default is default or node.field.default == default
    assert node.field.required is (default is PydanticUndefined)


@pytest.mark.parametrize(
    ("node", "alias"),
    [
        (declared(int), "x"),
        (declared(Annotated[int, Query(alias="y")]), "y"),
        (declared(Annotated[int, Field(alias="y")]), "y"),
        (declared(Annotated[str, Header()]), "x"),
    ],
)
def test_aliases(node: ParameterPlan, alias: str) -> None:
    assert (node.name, node.alias) == ("x", alias)


@pytest.mark.parametrize(
    ("marker", "alias"),
    [
        (Header(), "x-token-id"),
        (Header(convert_underscores=False), "x_token_id"),
        (Header(alias="X_Token"), "X_Token"),
        (Query(), "x_token_id"),
        (Cookie(), "x_token_id"),
    ],
)
def test_underscores_become_hyphens_in_headers_only(marker: Any, alias: str) -> None:
    def endpoint(x_token_id: Annotated[str, marker]) -> None: ...

    root = build_root(endpoint, "/", ())
    assert [parameter.alias for parameter in root.parameters] == [alias]


def test_of_alias_choices_the_path_has_one() -> None:
    def endpoint(item: Annotated[int, Path(validation_alias=AliasChoices("id", "item_id"))]) -> None: ...

    (parameter,) = build_root(endpoint, "/items/{item_id}", ()).path
    assert parameter.alias == "item_id"


Alias = TypeAliasType("Alias", Annotated[int, Header()])


def test_type_aliases_are_seen_through() -> None:
    assert declared(Alias).location == "header"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement is of Python 3.12")
def test_type_statements_are_seen_through() -> None:
    namespace = {"Annotated": Annotated, "Header": Header}
    exec("type Token = Annotated[str, Header()]", namespace)
    assert declared(namespace["Token"]).location == "header"


def test_string_annotations_are_evaluated_where_they_were_written() -> None:
    def endpoint(color: "Color", model: "Model | None" = None, request: "Request" = None) -> None: ...  # type: ignore[assignment]

    root = build_root(endpoint, "/", ())
    assert [parameter.field.field_info.annotation for parameter in root.query] == [Color]
    assert [parameter.name for parameter in root.body] == ["model"]
    assert root.specials == (("request", Special.REQUEST),)


# --- how a callable is called -----------------------------------------------------------------------------------------


class Callable_:
    def __call__(self) -> None: ...


class AsyncCallable:
    async def __call__(self) -> None: ...


class YieldingCallable:
    async def __call__(self) -> Any:
        yield


def sync() -> None: ...


async def asynchronous() -> None: ...


def generator() -> Any:
    yield


async def async_generator() -> Any:
    yield


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (sync, CallKind.SYNC),
        (asynchronous, CallKind.ASYNC),
        (generator, CallKind.GENERATOR),
        (async_generator, CallKind.ASYNC_GENERATOR),
        (Model, CallKind.SYNC),
        (Callable_(), CallKind.SYNC),
        (AsyncCallable(), CallKind.ASYNC),
        (YieldingCallable(), CallKind.ASYNC_GENERATOR),
        (AsyncCallable, CallKind.SYNC),  # the class makes an instance
        (AsyncCallable().__call__, CallKind.ASYNC),
        (functools.partial(asynchronous), CallKind.ASYNC),
        (functools.partial(functools.partial(generator)), CallKind.GENERATOR),
        (functools.partial(AsyncCallable()), CallKind.ASYNC),
        (wrapped(asynchronous), CallKind.ASYNC),  # decorators often hide `async`
        (wrapped(async_generator), CallKind.ASYNC_GENERATOR),
        (wrapped(sync), CallKind.SYNC),
        (lambda: None, CallKind.SYNC),
    ],
)
def test_call_kinds(call: Any, kind: CallKind) -> None:
    root = build_root(sync, "/", [Depends(call)])
    assert root.dependencies[0].kind is kind
