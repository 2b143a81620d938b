"""Types as a program writes them, and values that fit them, nearly fit them, or do not.

A shape knows its annotation (`text`), values as JSON (`json_value`), as text for paths, queries, headers, cookies and
forms (`texts`), and as a Python expression for defaults (`expression`). Pools are small and chosen: the edges of each
type matter more than its middle. Knows nothing of parameters, endpoints or frameworks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .choices import Choices, chance, pick


@dataclass(frozen=True, slots=True)
class Pool:
    """Values for one scalar type: `good` and `odd` as text, `json` values (mostly good), `defaults` as expressions."""

    text: str
    good: tuple[str, ...]
    odd: tuple[str, ...]
    json: tuple[Any, ...]
    defaults: tuple[str, ...]


_INTEGERS = ("3", "0", "-7", "007", "12345678901234567890123")
_ODD_NUMBERS = ("", "1.5", "1e3", "x", " 4 ", "1_000", "+1", "0x1", "٣", "NaN", "inf", "1" * 5000)
_UUID = "c892496f-b1fd-4b91-bdb8-b46f92df1716"
_DATE_TIMES = (
    "2032-04-23T10:20:30.400+02:30",
    "2032-04-23",
    "1494012444.883309",
    "2032-04-23 10:20:30Z",
    "0",
)

POOLS: dict[str, Pool] = {
    "int": Pool(
        "int", _INTEGERS, _ODD_NUMBERS, (3, 0, -7, 2**64, 1.0, "5", 1.5, True, None), ("3", "-1", "'no int'")
    ),
    "str": Pool(
        "str",
        ("abc", "", "a b", "grün", "null", "1"),
        ("x" * 300, "\x00", "☃'\"\\", "a\nb", "%zz", "{}"),
        ("abc", "", "ü☃", "\ud83d\ude00", "a\nb\x00", 1, None),
        ("'abc'", "''", "'quo\\'te\"'", "'line\\nbreak'", "7"),
    ),
    "float": Pool(
        "float",
        ("1.5", "0", "-0.0", "1e400", "3"),
        _ODD_NUMBERS,
        (1.5, -0.0, 3, "1.25", 1e300, "x", None),
        ("1.5", "float('inf')", "2"),
    ),
    "bool": Pool(
        "bool",
        ("true", "false", "1", "0", "on", "OFF", "yes", "n"),
        ("", "2", "maybe", "tRuE"),
        (True, False, 1, 0, "on", "2", None),
        ("True", "False"),
    ),
    "bytes": Pool(
        "bytes", ("abc", "", "grün"), ("\x00", "x" * 99), ("abc", "ü", 1, None), ("b'abc'", "b'\\xff'")
    ),
    "datetime": Pool(
        "datetime",
        _DATE_TIMES,
        ("", "2032-13-01T00:00", "yesterday", "1e50"),
        (*_DATE_TIMES, 1494012444, 1.5, "x", None),
        ("datetime(2032, 4, 23, 10, 20)",),
    ),
    "date": Pool(
        "date",
        ("2032-04-23", "0", "1494012000"),
        ("", "2032-02-30", "2032-04-23T10:20", "x"),
        ("2032-04-23", 0, "2032-02-30", None),
        ("date(2032, 4, 23)",),
    ),
    "time": Pool(
        "time", ("10:20:30.4", "10:20"), ("", "25:00", "x"), ("10:20", 3600, "25:00"), ("time(10, 20)",)
    ),
    "timedelta": Pool(
        "timedelta",
        ("P3DT12H30M5S", "3 00:00:01", "90.5"),
        ("", "P", "x"),
        ("PT1H", 90.5, "x", None),
        ("timedelta(hours=1, microseconds=5)",),
    ),
    "uuid": Pool(
        "UUID",
        (_UUID, _UUID.upper(), f"{{{_UUID}}}"),
        ("", "x", _UUID[:-1]),
        (_UUID, "x", 1),
        (f"UUID('{_UUID}')",),
    ),
    "decimal": Pool(
        "Decimal",
        ("1.50", "0", "-3", "1e2"),
        ("", "NaN", "x", "1,5"),
        ("1.50", 1.5, 3, "NaN", "x", None),
        ("Decimal('1.50')", "Decimal('1E+2')"),
    ),
    "enum": Pool(
        "Colour",
        ("red", "light green"),
        ("", "blue", "RED"),
        ("red", "light green", "blue", 1),
        ("Colour.red",),
    ),
    "intenum": Pool("Level", ("1", "2"), ("", "3", "low"), (1, 2, "1", 3, 1.0), ("Level.low",)),
    "literal": Pool("Literal['a', 'b\"c']", ("a", 'b"c'), ("", "A"), ("a", 'b"c', "A", 1), ("'a'",)),
    "mixed literal": Pool(
        "Literal['a', 1, None]", ("a",), ("1", ""), ("a", 1, None, True, "1"), ("'a'", "1")
    ),
    "secret": Pool("SecretStr", ("s3cret", ""), ("\x00",), ("s3cret", 1), ("SecretStr('d')",)),
    "url": Pool(
        "HttpUrl",
        ("http://a.example/x?y#z", "https://ü.example"),
        ("", "ftp://a", "x"),
        ("http://a", "x", 1),
        ("'d'",),
    ),
    "email": Pool(
        "EmailStr",
        ("a@example.com", "Ann <a@example.com>"),
        ("", "x", "a@b"),
        ("a@example.com", "x"),
        ("'d'",),
    ),
    "address": Pool(
        "IPv4Address", ("127.0.0.1",), ("", "::1", "1"), ("127.0.0.1", 1, "x"), ("IPv4Address('1.2.3.4')",)
    ),
    "filepath": Pool("PurePath", ("a/b", ""), ("\x00",), ("a/b", 1), ("PurePath('d')",)),
    "json": Pool("Json[list[int]]", ("[1,2]", "[]"), ("", "[1", '["x"]'), ("[1]", "[", [1]), ("[1]",)),
    "positive": Pool("PositiveInt", ("1", "5"), ("0", "-1", "x"), (1, 0, "2", "x"), ("1", "0")),
    "strict": Pool("StrictInt", ("1",), ("x", "1.0"), (1, "1", 1.0, True), ("1",)),
    "newtype": Pool("UserId", ("1", "7"), ("x",), (1, "x"), ("UserId(7)",)),
    "alias": Pool("Percent", ("1", "100"), ("101", "x"), (1, 101), ("50",)),
    "any": Pool("Any", ("abc", "1"), ("",), (1, "a", None, [1], {"a": 1}), ("None", "[1]", "'a'")),
    "tag a": Pool("Literal['a']", ("a",), ("b",), ("a",), ("'a'",)),
    "tag b": Pool("Literal['b']", ("b",), ("a",), ("b",), ("'b'",)),
    "file": Pool("UploadFile", ("content",), ("",), ("content", 1, None), ()),
}

PLAIN = ("int", "str", "float", "bool")
SCALARS = tuple(name for name in POOLS if name not in {"file", "tag a", "tag b"})

LIBRARY = {
    "Colour": "class Colour(str, Enum):\n    red = 'red'\n    green = 'light green'\n",
    "Level": "class Level(IntEnum):\n    low = 1\n    high = 2\n",
    "UserId": "UserId = NewType('UserId', int)\n",
    "Percent": "Percent = TypeAliasType('Percent', Annotated[int, Field(ge=0, le=100)])\n",
}
"""Definitions that a program carries when it uses their name."""

JUNK_TEXTS = (
    "",
    "x",
    "null",
    "[]",
    "{}",
    "-1",
    "ÿ",
    "\x7f",
    "'; --",
    "<b>",
    "%",
    "a&b=c",
    "{x}",
    "__class__",
    "1e999",
)
JUNK_JSON: tuple[Any, ...] = (
    None,
    0,
    -1,
    "",
    "x",
    True,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"a": {"b": []}},
    1.5,
    2**80,
    "\x00",
    [1, "x", {}],
)


# --- Shapes ---


@dataclass(frozen=True, slots=True)
class Scalar:
    """One of `POOLS`."""

    pool: str

    @property
    def text(self) -> str:
        """The annotation."""
        return POOLS[self.pool].text


@dataclass(frozen=True, slots=True)
class Constrained:
    """A shape with constraints of its own: `Annotated[int, Field(ge=1)]`."""

    inner: Shape
    field: str

    @property
    def text(self) -> str:
        """The annotation."""
        return f"Annotated[{self.inner.text}, Field({self.field})]"


@dataclass(frozen=True, slots=True)
class Optional:
    """A shape or None."""

    inner: Shape

    @property
    def text(self) -> str:
        """The annotation."""
        return f"{self.inner.text} | None"


@dataclass(frozen=True, slots=True)
class Either:
    """A union; with `discriminator` a tagged one."""

    members: tuple[Shape, ...]
    discriminator: str | None = None

    @property
    def text(self) -> str:
        """The annotation."""
        union = f"Union[{', '.join(member.text for member in self.members)}]"
        return (
            f"Annotated[{union}, Field(discriminator={self.discriminator!r})]"
            if self.discriminator
            else union
        )


@dataclass(frozen=True, slots=True)
class Several:
    """`list[int]`, `set[int]`, `tuple[int, ...]`, or the bare `list` when there is no item shape."""

    origin: str
    inner: Shape | None

    @property
    def text(self) -> str:
        """The annotation."""
        if self.inner is None:
            return self.origin
        return f"{self.origin}[{self.inner.text}{', ...' if self.origin == 'tuple' else ''}]"


@dataclass(frozen=True, slots=True)
class Row:
    """`tuple[int, str]`."""

    items: tuple[Shape, ...]

    @property
    def text(self) -> str:
        """The annotation."""
        return f"tuple[{', '.join(item.text for item in self.items)}]"


@dataclass(frozen=True, slots=True)
class Table:
    """`dict[str, int]`, or the bare `dict` when there is no value shape."""

    key: Shape | None
    value: Shape | None

    @property
    def text(self) -> str:
        """The annotation."""
        return f"dict[{self.key.text}, {self.value.text}]" if self.key and self.value else "dict"


@dataclass(frozen=True, slots=True)
class Named:
    """A class that the program defines; `ahead` refers to it before it exists, as recursive models do."""

    name: str
    ahead: bool = False

    @property
    def text(self) -> str:
        """The annotation."""
        return repr(self.name) if self.ahead else self.name


Shape = Scalar | Constrained | Optional | Either | Several | Row | Table | Named


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a class: `options` are keyword arguments of pydantic's `Field`, as expressions."""

    name: str
    shape: Shape
    default: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """The name under which a request gives this field."""
        options = dict(self.options)
        alias = options.get("validation_alias", options.get("alias"))
        return str(eval(alias)) if alias and not alias.startswith("Alias") else self.name


@dataclass(frozen=True, slots=True)
class Class:
    """A definition: `kind` is model, dataclass, typeddict or namedtuple; `config` are lines of a model's body."""

    name: str
    kind: str
    fields: tuple[Field, ...]
    config: tuple[str, ...] = ()
    base: str | None = None


Classes = Mapping[str, Class]


# --- Values ---


def json_value(shape: Shape, choices: Choices, classes: Classes, depth: int = 0) -> Any:
    """A value that JSON can carry, and that mostly fits the shape."""
    if chance(choices, 2):
        return pick(choices, JUNK_JSON)
    match shape:
        case Scalar():
            values = POOLS[shape.pool].json
            return pick(choices, values) if chance(choices, 30) else values[0]
        case Constrained():
            return json_value(shape.inner, choices, classes, depth)
        case Optional():
            return None if chance(choices, 25) else json_value(shape.inner, choices, classes, depth)
        case Either():
            return json_value(pick(choices, shape.members), choices, classes, depth)
        case Several():
            inner = shape.inner or Scalar("any")
            return [
                json_value(inner, choices, classes, depth + 1)
                for _ in range(choices.integer(0, 2 if depth < 3 else 0))
            ]
        case Row():
            return [json_value(item, choices, classes, depth + 1) for item in shape.items]
        case Table():
            key, value = shape.key or Scalar("str"), shape.value or Scalar("any")
            names = [
                pick(choices, texts(key, choices, classes) or [""]) for _ in range(choices.integer(0, 2))
            ]
            return {name: json_value(value, choices, classes, depth + 1) for name in names}
        case Named():
            return _object(classes[shape.name], choices, classes, depth) if shape.name in classes else {}


def _object(definition: Class, choices: Choices, classes: Classes, depth: int) -> Any:
    value: dict[str, Any] = {}
    for field in all_fields(definition, classes):
        absent = 4 if field.default is None else 40
        if depth > 3 or not chance(choices, absent):
            name = field.key if not chance(choices, 5) else field.name
            value[name] = None if depth > 3 else json_value(field.shape, choices, classes, depth + 1)
    if chance(choices, 8):
        value[pick(choices, ("extra", "kind", "", "__class__"))] = pick(choices, JUNK_JSON)
    return list(value.values()) if definition.kind == "namedtuple" and not chance(choices, 20) else value


def all_fields(definition: Class, classes: Classes) -> tuple[Field, ...]:
    """The fields of a class, inherited ones first."""
    base = classes.get(definition.base or "")
    return (*all_fields(base, classes), *definition.fields) if base else definition.fields


def texts(shape: Shape, choices: Choices, classes: Classes) -> list[str]:
    """The same as text; several for a sequence, none for an absent optional."""
    if chance(choices, 2):
        return [pick(choices, JUNK_TEXTS)]
    match shape:
        case Scalar():
            pool = POOLS[shape.pool]
            return [pick(choices, pool.odd if chance(choices, 6) else pool.good)]
        case Constrained():
            return texts(shape.inner, choices, classes)
        case Optional():
            return [] if chance(choices, 25) else texts(shape.inner, choices, classes)
        case Either():
            return texts(pick(choices, shape.members), choices, classes)
        case Several():
            inner = shape.inner or Scalar("str")
            return [text for _ in range(choices.integer(0, 3)) for text in texts(inner, choices, classes)]
        case Row():
            return [text for item in shape.items for text in texts(item, choices, classes)]
        case Table() | Named():
            return [json.dumps(json_value(shape, choices, classes))]


def expression(shape: Shape, choices: Choices) -> str:
    """A default, as Python writes it: usually of the right type, as defaults are not validated sometimes of another."""
    match shape:
        case Scalar():
            return pick(choices, POOLS[shape.pool].defaults or ("None",))
        case Constrained():
            return expression(shape.inner, choices)
        case Optional():
            return "None" if chance(choices, 60) else expression(shape.inner, choices)
        case Either():
            return expression(shape.members[0], choices)
        case Several():
            return f"[{expression(shape.inner, choices)}]" if shape.inner and chance(choices, 60) else "[]"
        case Row():
            return f"({''.join(expression(item, choices) + ', ' for item in shape.items)})"
        case Table():
            return "{}"
        case Named():
            return "None"
