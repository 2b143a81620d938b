"""From any Python value to what `json.dumps` takes: dicts, lists, strings, numbers, booleans and None.

`jsonable_encoder` asks, in this order, and the first that answers decides:

1. the caller's `custom_encoder`, by exact type and then by base class;
2. `_RULES`, by type: models, dataclasses, enums, paths, plain values, mappings, sequences;
3. `ENCODERS_BY_TYPE`, by exact type and then by base class: programs add their own types to it;
4. the value itself: what `dict(value)` makes of it, or else its attributes.

Nothing here knows about responses; whoever needs JSON text goes on from here.
"""

import dataclasses
import datetime
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from importlib import import_module
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import Path, PurePath
from re import Pattern
from types import GeneratorType
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import AnyUrl, BaseModel, NameEmail, SecretBytes, SecretStr
from pydantic_core import PydanticUndefinedType, Url

from vivace._plan.annotations import is_pydantic_v1_model_instance
from vivace.exceptions import PydanticV1NotSupportedError
from vivace.types import IncEx


def isoformat(o: datetime.date | datetime.time) -> str:
    """The ISO 8601 text of a date, a time, or both: `2020-01-02T03:04:05+00:00`."""
    return o.isoformat()


def decimal_encoder(dec_value: Decimal) -> int | float:
    """An int for a decimal that was written without decimal places, otherwise a float.

        decimal_encoder(Decimal("1"))  # 1
        decimal_encoder(Decimal("1.0"))  # 1.0

    So that a `NUMERIC(x, 0)` column comes back from the client as the integer that it is. NaN and infinities
    are floats.
    """
    exponent = dec_value.as_tuple().exponent
    return int(dec_value) if isinstance(exponent, int) and exponent >= 0 else float(dec_value)


# Programs add to this dictionary, so it is asked on each call and never copied.
ENCODERS_BY_TYPE: dict[type[Any], Callable[[Any], Any]] = {
    bytes: lambda o: o.decode(),
    datetime.date: isoformat,
    datetime.datetime: isoformat,
    datetime.time: isoformat,
    datetime.timedelta: lambda td: td.total_seconds(),
    Decimal: decimal_encoder,
    Enum: lambda o: o.value,
    frozenset: list,
    deque: list,
    GeneratorType: list,
    IPv4Address: str,
    IPv4Interface: str,
    IPv4Network: str,
    IPv6Address: str,
    IPv6Interface: str,
    IPv6Network: str,
    NameEmail: str,
    Path: str,
    Pattern: lambda o: o.pattern,
    SecretBytes: str,
    SecretStr: str,
    set: list,
    UUID: str,
    Url: str,
    AnyUrl: str,
}
# Pydantic's deprecated color type, and the one that took its place in another package.
for _module in ("pydantic.color", "pydantic_extra_types.color"):
    with suppress(ImportError):
        ENCODERS_BY_TYPE[import_module(_module).Color] = str


def generate_encoders_by_class_tuples(
    type_encoder_map: dict[Any, Callable[[Any], Any]],
) -> dict[Callable[[Any], Any], tuple[Any, ...]]:
    """The same table turned around: each encoder with its types, for one `isinstance` over all of them."""
    by_encoder: dict[Callable[[Any], Any], tuple[Any, ...]] = defaultdict(tuple)
    for type_, encoder in type_encoder_map.items():
        by_encoder[encoder] += (type_,)
    return by_encoder


encoders_by_class_tuples = generate_encoders_by_class_tuples(ENCODERS_BY_TYPE)


@dataclasses.dataclass(frozen=True, slots=True)
class _Options:
    """What stays the same all the way down."""

    by_alias: bool
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    custom_encoder: dict[Any, Callable[[Any], Any]]
    sqlalchemy_safe: bool


def jsonable_encoder(
    obj: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: dict[Any, Callable[[Any], Any]] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Convert `obj`, whatever it is made of, to what `json.dumps` takes.

        jsonable_encoder({"item": Item(name="Hammer"), "at": datetime(2020, 1, 2)})
        # {"item": {"name": "Hammer"}, "at": "2020-01-02T00:00:00"}

    - `include`, `exclude`: fields of models, keys of mappings; of `obj`, or of each item if it is a sequence.
    - `by_alias`, `exclude_unset`, `exclude_defaults`, `exclude_none`: for models, as in `model_dump`; the
      last also for mappings.
    - `custom_encoder`: functions by type, asked before anything else.
    - `sqlalchemy_safe`: leave out keys that begin with `_sa`, in which SQLAlchemy keeps its own state.

    Raises ValueError for a value that is neither a mapping nor has attributes, and
    `PydanticV1NotSupportedError` for a model of `pydantic.v1`.
    """
    options = _Options(
        by_alias,
        exclude_unset,
        exclude_defaults,
        exclude_none,
        custom_encoder or {},
        sqlalchemy_safe,
    )
    include = _as_field_set(include)
    exclude = _as_field_set(exclude)
    return _encode(obj, include, exclude, options)


def _as_field_set(fields: Any) -> Any:
    """A list or tuple of names, which programs pass too, as the set that Pydantic wants."""
    return fields if fields is None or isinstance(fields, (set, dict)) else set(fields)


def _encode(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    if options.custom_encoder:
        custom = _find_custom_encoder(obj, options.custom_encoder)
        if custom is not None:
            return custom(obj)
    elif type(obj) in _PLAIN_TYPES:
        return obj  # PERF: most values of most responses are these.
    # The second look is for proxies, whose `__class__` is that of the object behind them.
    rule = _rule_for(type(obj)) or _rule_for(obj.__class__)  # type: ignore[arg-type]  # types are hashable
    if rule is not None:
        return rule(obj, include, exclude, options)
    encoder = _find_registered_encoder(obj)
    if encoder is not None:
        return encoder(obj)
    return _encode_object(obj, include, exclude, options)


_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})


def _encode_model(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    data = obj.model_dump(
        mode="json",
        include=include,
        exclude=exclude,
        by_alias=options.by_alias,
        exclude_unset=options.exclude_unset,
        exclude_defaults=options.exclude_defaults,
        exclude_none=options.exclude_none,
    )
    # JSON already, and by the model's own serialisers; but a dictionary inside may still hold None or `_sa…`.
    return _encode(data, None, None, dataclasses.replace(options, custom_encoder={}))


def _encode_dataclass(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    return _encode(dataclasses.asdict(obj), include, exclude, options)


def _encode_enum(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    return obj.value


def _encode_path(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    return str(obj)


def _encode_plain(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    return obj


def _encode_undefined(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    return None


def _encode_dict(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    encoded = {}
    for key, value in obj.items():
        if (
            (include is not None and key not in include)
            or (exclude is not None and key in exclude)
            or (value is None and options.exclude_none)
            or (options.sqlalchemy_safe and isinstance(key, str) and key.startswith("_sa"))
        ):
            continue
        encoded[_encode(key, None, None, options)] = _encode(value, None, None, options)
    return encoded


def _encode_sequence(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    return [_encode(item, include, exclude, options) for item in obj]


_Rule: TypeAlias = Callable[[Any, Any, Any, _Options], Any]

# In order: an enum of strings is an enum first, and a dataclass that is also a list is a dataclass.
_RULES: tuple[tuple[Callable[[type], bool], _Rule], ...] = (
    (lambda cls: issubclass(cls, BaseModel), _encode_model),
    (dataclasses.is_dataclass, _encode_dataclass),
    (lambda cls: issubclass(cls, Enum), _encode_enum),
    (lambda cls: issubclass(cls, PurePath), _encode_path),
    (lambda cls: issubclass(cls, (str, int, float, type(None))), _encode_plain),
    (lambda cls: issubclass(cls, PydanticUndefinedType), _encode_undefined),
    (lambda cls: issubclass(cls, dict), _encode_dict),
    (
        lambda cls: issubclass(cls, (list, set, frozenset, GeneratorType, tuple, deque)),
        _encode_sequence,
    ),
)


@lru_cache(maxsize=1024)
def _rule_for(cls: type) -> _Rule | None:
    # PERF: the answer depends on the type alone, and a response has many values of few types.
    return next((rule for applies, rule in _RULES if applies(cls)), None)


def _find_custom_encoder(obj: Any, encoders: dict[Any, Callable[[Any], Any]]) -> Callable[[Any], Any] | None:
    exact = encoders.get(type(obj))
    return exact or next((encode for cls, encode in encoders.items() if isinstance(obj, cls)), None)


def _find_registered_encoder(obj: Any) -> Callable[[Any], Any] | None:
    exact = ENCODERS_BY_TYPE.get(type(obj))
    return exact or next(
        (encode for encode, classes in encoders_by_class_tuples.items() if isinstance(obj, classes)), None
    )


def _encode_object(obj: Any, include: Any, exclude: Any, options: _Options) -> Any:
    if is_pydantic_v1_model_instance(obj):
        raise PydanticV1NotSupportedError(
            f"pydantic.v1 models are no longer supported by FastAPI. Please update the model {obj!r}."
        )
    if dataclasses.is_dataclass(obj):
        raise ValueError(f"{obj!r} is a dataclass, not an instance of one: it has no values to encode.")
    try:
        data = dict(obj)
    except Exception as not_a_mapping:  # whatever the value's `__iter__` raises
        try:
            data = vars(obj)
        except Exception as no_attributes:
            raise ValueError([not_a_mapping, no_attributes]) from no_attributes
    return _encode(data, include, exclude, options)
