"""`jsonable_encoder` makes the same JSON-ready values as FastAPI's, with every option."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import re
import uuid
from collections import OrderedDict, UserDict, deque, namedtuple
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from fastapi.encoders import jsonable_encoder as fastapi_encoder
from pydantic import AnyUrl, BaseModel, Field, RootModel, SecretStr
from pydantic_core import PydanticUndefined

from vivace import encoders
from vivace.encoders import jsonable_encoder
from vivace.exceptions import PydanticV1NotSupportedError

NOON = dt.datetime(2020, 1, 2, 12, 0, tzinfo=dt.UTC)


class Item(BaseModel):
    name: str = Field("hammer", alias="Name")
    price: Decimal | None = None
    extra: Any = None


class Numbers(RootModel[list[int]]): ...


@dataclasses.dataclass
class Box:
    label: str = "box"
    content: Any = None


class Size(IntEnum):
    small = 1


class Color(Enum):
    red = ("r", NOON)


Pair = namedtuple("Pair", "left right")


class Plain:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


class Pairs:
    def __iter__(self) -> Any:
        return iter([("a", NOON), ("_sa_state", 1)])


class Proxy:
    """Passes itself off as what it wraps, as lazy objects do."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._wrapped)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


VALUES: dict[str, Callable[[], Any]] = {
    "plain": lambda: [None, True, 1, 1.5, "text"],
    "times": lambda: [NOON, NOON.date(), NOON.time(), dt.timedelta(hours=1)],
    "decimals": lambda: [Decimal("1"), Decimal("1.0"), Decimal("1E+2"), Decimal("Infinity")],
    "enums": lambda: [Size.small, Color.red],
    "texts": lambda: [b"bytes", Path("/a"), PureWindowsPath("a/b"), re.compile("a+"), uuid.UUID(int=1)],
    "networks": lambda: [
        ipaddress.ip_address("::1"),
        ipaddress.ip_network("10.0.0.0/8"),
        AnyUrl("http://a.b/"),
    ],
    "secrets": lambda: SecretStr("hidden"),
    "undefined": lambda: {"value": PydanticUndefined},
    "sequences": lambda: [
        {1},
        frozenset({NOON}),
        deque([NOON]),
        (1, NOON),
        Pair(1, NOON),
        (n for n in range(3)),
    ],
    "mappings": lambda: {"name": 1, "none": None, "_sa_x": 2, "nested": OrderedDict(at=NOON, none=None)},
    "keys": lambda: {uuid.UUID(int=1): 1, 2: NOON, Size.small: 3},
    "model": lambda: Item(Name="saw", extra={"none": None, "_sa_x": 1, "at": NOON}),
    "models": lambda: {"item": Item(), "all": [Item(price=Decimal("1.50"))]},
    "root model": lambda: Numbers([1, 2]),
    "dataclass": lambda: Box(content=[Box(), Item(), NOON, None]),
    "attributes": lambda: Plain(name=NOON, item=Item(), none=None, _sa_x=1),
    "pairs": Pairs,
    "user mapping": lambda: UserDict(name=NOON),
    "proxy": lambda: Proxy({"name": NOON}),
    "no value": object,
    "range": lambda: range(3),
    "bad bytes": lambda: b"\xff",
    "unknown in a model": lambda: Item(extra=Plain()),
}

OPTIONS: list[dict[str, Any]] = [
    {},
    {"include": {"name"}},
    {"include": ["label"]},
    {"include": {}},
    {"exclude": {"name"}},
    {"exclude": ("content",)},
    {"exclude": {"nested": {"at"}}},
    {"by_alias": False},
    {"exclude_unset": True},
    {"exclude_defaults": True},
    {"exclude_none": True},
    {"sqlalchemy_safe": False},
    {"custom_encoder": {int: lambda value: "int"}},
    {"custom_encoder": {dt.date: str, type(None): lambda value: "none"}},
    {"custom_encoder": {dict: lambda value: "dict"}},
    {"custom_encoder": {str: str.upper}},
    {"custom_encoder": {Enum: lambda value: value.name, Item: repr}},
]


def outcome(encoder: Callable[..., Any], value: Any, options: dict[str, Any]) -> str:
    try:
        result = encoder(value, **options)
    except Exception as exc:
        result = exc
    return re.sub(r" at 0x\w+", "", repr(result))


@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda options: re.sub(r" at 0x[0-9a-f]+", "", repr(options))
)
@pytest.mark.parametrize("name", VALUES)
def test_same_value_same_json(name: str, options: dict[str, Any]) -> None:
    make = VALUES[name]
    assert outcome(jsonable_encoder, make(), options) == outcome(fastapi_encoder, make(), options)


def test_what_comes_out() -> None:
    encoded = jsonable_encoder({"item": Item(price=Decimal("1.50")), "at": NOON, "tags": {"new"}})
    assert encoded == {
        "item": {"Name": "hammer", "price": "1.50", "extra": None},
        "at": "2020-01-02T12:00:00+00:00",
        "tags": ["new"],
    }


def test_types_that_a_program_adds_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoders.ENCODERS_BY_TYPE, Plain, lambda value: f"plain {value.name}")
    assert jsonable_encoder([Plain(name="a"), Plain(name="b")]) == ["plain a", "plain b"]


def test_a_value_that_is_no_data_is_refused() -> None:
    with pytest.raises(ValueError, match="not iterable"):
        jsonable_encoder(object())
    with pytest.raises(ValueError, match="Box'> is a dataclass, not an instance of one"):
        jsonable_encoder(Box)


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydantic.v1 warns on the newest Pythons
def test_models_of_pydantic_v1_are_refused() -> None:
    v1 = pytest.importorskip("pydantic.v1")

    class Old(v1.BaseModel):  # type: ignore[misc,name-defined]
        name: str = "old"

    with pytest.raises(PydanticV1NotSupportedError, match=r"Please update the model Old\(name='old'\)"):
        jsonable_encoder({"old": [Old()]})
