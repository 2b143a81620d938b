"""Extract path, query, header and cookie values, as FastAPI reads them: the reference for inlined code.

`request_params_to_args` is the whole of it. `reader_for(field).read(source)` is the same for one field, with
everything that can be known beforehand worked out once and kept on the field. A source is what Starlette
gives: the dict of path parameters or cookies, `QueryParams`, `Headers`. Where a name is repeated, the last
value of a query counts and the first of a header, and a field that is a sequence gets them all.

For the emitters, whatever is not one of these two goes through a reader:

    is_simple_scalar(field)     value = source.get(wire_name(field)); None: not sent; else validate it
    is_simple_sequence(field)   value = source.getlist(wire_name(field)); []: not sent; else validate it

and a value that was not sent becomes `field.field_info.default` itself if `has_constant_default(field)`, or
else what `missing(field)` answers. Errors have the location `(location_of(field), wire_name(field), ...)`.

Nothing here knows about bodies, plans or generated code.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from starlette.datastructures import FormData, Headers, ImmutableMultiDict

from vivace import params
from vivace._plan.annotations import field_annotation_is_sequence
from vivace._plan.fields import ModelField, missing_error
from vivace._plan.forms import (
    filled_in,
    group,
    is_nullable,
    model_fields,
    param_aliases,
    parameter_model,
    takes_all_values,
)

Location = Literal["path", "query", "header", "cookie", "body"]
Source = Mapping[str, Any]
Errors = list[dict[str, Any]]


def request_params_to_args(
    fields: Sequence[ModelField], received_params: Source
) -> tuple[dict[str, Any], Errors]:
    """Read every field from one source: `(values by parameter name, errors)`.

        values, errors = request_params_to_args(fields, request.query_params)

    Values and errors come in the order of the fields; a field with an error has no value.
    """
    values: dict[str, Any] = {}
    errors: Errors = []
    for field in fields:
        value, found = reader_for(field).read(received_params)
        if found:
            errors += found
        else:
            values[field.name] = value
    return values, errors


# --- readers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class ParameterReader:
    """Reads one field from one name, or from the first of several that was sent."""

    field: ModelField
    location: Location
    keys: tuple[str, ...]
    is_sequence: bool
    takes_all: bool  # a sequence of every value of the name; not so if one text holds the sequence in JSON

    def read(self, source: Source) -> tuple[Any, Errors]:
        """The value and no errors, or `(None, errors)`."""
        key = self._key(source)
        value = sent_value(source, key, takes_all=self.takes_all, is_sequence=self.is_sequence)
        if value is PydanticUndefined:
            return absent(self.field, (self.location, key))
        return self.field.validate(value, loc=(self.location, key))

    def absent(self) -> tuple[Any, Errors]:
        """What `read` answers when nothing was sent."""
        return absent(self.field, (self.location, self.keys[0]))

    def _key(self, source: Source) -> str:
        if len(self.keys) == 1:
            return self.keys[0]
        return next((key for key in self.keys if key in source), self.keys[0])


@dataclass(frozen=True, slots=True)
class _ModelName:
    """How one field of a model is found: the first key that was sent counts, and goes by its alias."""

    aliases: tuple[tuple[str, str], ...]  # (alias, key)
    is_sequence: bool
    takes_all: bool


@dataclass(frozen=True, slots=True)
class _ModelNames:
    """How the fields of a model are found in one kind of source."""

    names: tuple[_ModelName, ...]
    unreachable: frozenset[str]  # `x_token`, where `x-token` is read for it: not an extra either
    wire: Mapping[str, str]  # alias → key, where they differ: how errors call it


@dataclass(frozen=True, slots=True, eq=False)
class ModelReader:
    """Reads a model from a source, field by field; what no field asked for goes along as extras."""

    field: ModelField
    location: Location
    plain: _ModelNames
    headers: _ModelNames  # in `Headers` keys are lower-case, and may have hyphens for underscores
    is_optional: bool  # `Model | None`: absent when nothing of it was sent
    wants_extras: bool  # extras are allowed or forbidden: they count as something that was sent

    def read(self, source: Source) -> tuple[Any, Errors]:
        """The model and no errors, or `(None, errors)`."""
        model = self.headers if isinstance(source, Headers) else self.plain
        sent = _sent(source)
        taken = set(model.unreachable)
        values: dict[str, Any] = {}
        is_supplied = False
        for name in model.names:
            for alias, key in name.aliases:
                if key in sent.values:
                    is_supplied = True
                    taken.add(key)
                    value = sent.value(key, takes_all=name.takes_all)
                    if not _is_absent(value, name.is_sequence):
                        values[alias] = value
                    break
        extras = {key: sent.whole(key) for key in sent.values if key not in taken}
        if self.is_optional and not is_supplied and not (extras and self.wants_extras):
            return self.absent()
        values.update(extras)
        value, errors = self.field.validate(values, loc=(self.location,))
        return value, _named_as_sent(errors, model.wire)

    def absent(self) -> tuple[Any, Errors]:
        """What `read` answers for an optional model of which nothing was sent."""
        return absent(self.field, (self.location,))


@dataclass(frozen=True, slots=True)
class _Sent:
    """A source's values by name, in one pass over it: the cost stays linear for a model of many fields."""

    values: Mapping[str, Any]
    repeated: bool  # each value is the list of all values of the name
    chosen: int = 0  # the one that counts where one is wanted

    def value(self, key: str, *, takes_all: bool) -> Any:
        found = self.values[key]
        return found if takes_all or not self.repeated else found[self.chosen]

    def whole(self, key: str) -> Any:
        found = self.values[key]
        return found[0] if self.repeated and len(found) == 1 else found


def _sent(source: Source) -> _Sent:
    if isinstance(source, Headers):
        return _Sent(group(source.items()), repeated=True)
    if isinstance(source, ImmutableMultiDict):
        return _Sent(group(source.multi_items()), repeated=True, chosen=-1)
    return _Sent(source, repeated=False)


def _named_as_sent(errors: Errors, wire: Mapping[str, str]) -> Errors:
    for error in errors:
        loc = error["loc"]
        if len(loc) > 1 and loc[1] in wire:
            error["loc"] = (loc[0], wire[loc[1]], *loc[2:])
    return errors


# --- building readers ---------------------------------------------------------------------------------------


def reader_for(field: ModelField) -> ParameterReader | ModelReader:
    """The reader of a path, query, header or cookie field; always the same for the same field."""
    # Kept on the field: in a dict, even a weak one, it would keep the field alive, since it refers to it.
    kept = vars(field)
    reader: ParameterReader | ModelReader | None = kept.get("_reader")
    if reader is None or reader.field is not field:  # the latter: a copy of a field came with the reader
        model = parameter_model(field)
        reader = kept["_reader"] = _parameter_reader(field) if model is None else _model_reader(field, model)
    return reader


def _parameter_reader(field: ModelField) -> ParameterReader:
    return ParameterReader(
        field=field,
        location=location_of(field),
        keys=tuple(key for _, key in param_aliases(field)),
        is_sequence=field_annotation_is_sequence(field.field_info.annotation),
        takes_all=takes_all_values(field),
    )


def _model_reader(field: ModelField, model: type[BaseModel]) -> ModelReader:
    convert = bool(getattr(field.field_info, "convert_underscores", False))
    return ModelReader(
        field=field,
        location=location_of(field),
        plain=_model_names(model),
        headers=_model_names(model, convert_underscores=convert, ignore_case=True),
        is_optional=is_nullable(field.field_info.annotation),
        wants_extras=model.model_config.get("extra") in ("allow", "forbid"),
    )


def _model_names(
    model: type[BaseModel], *, convert_underscores: bool = False, ignore_case: bool = False
) -> _ModelNames:
    names: list[_ModelName] = []
    wire: dict[str, str] = {}
    for field in model_fields(model):
        aliases = param_aliases(field, convert_underscores=convert_underscores)
        wire.update((alias, key) for alias, key in aliases if alias != key)
        pairs = tuple((alias, key.lower() if ignore_case else key) for alias, key in aliases)
        is_sequence = field_annotation_is_sequence(field.field_info.annotation)
        names.append(_ModelName(pairs, is_sequence, takes_all_values(field)))
    unreachable = frozenset(alias.lower() if ignore_case else alias for alias in wire)
    # With `loc_by_alias=False` the model asks for its Python names in errors.
    says_names = model.model_config.get("loc_by_alias") is False
    return _ModelNames(tuple(names), unreachable, {} if says_names else wire)


# --- questions for the emitters -----------------------------------------------------------------------------


def is_simple_scalar(field: ModelField) -> bool:
    """Whether one `source.get` finds the value: one name, and neither a sequence nor a model."""
    reader = reader_for(field)
    return isinstance(reader, ParameterReader) and len(reader.keys) == 1 and not reader.is_sequence


def is_simple_sequence(field: ModelField) -> bool:
    """Whether one `source.getlist` finds the values: one name, in a query or in headers."""
    reader = reader_for(field)
    return (
        isinstance(reader, ParameterReader)
        and len(reader.keys) == 1
        and reader.takes_all
        and reader.location in ("query", "header")
    )


def wire_name(field: ModelField) -> str:
    """The name under which the value is sent, and by which errors call it; the first if there are several."""
    return param_aliases(field)[0][1]


def location_of(field: ModelField) -> Location:
    """The part of the request that holds the value."""
    info = field.field_info
    return info.in_.value if isinstance(info, params.Param) else "body"


def default_of(field: ModelField) -> Any:
    """What an absent value becomes: a copy of the default, or what its factory makes."""
    return field.field_info.get_default(call_default_factory=True)


# Sharing one of these between requests cannot be noticed.
_IMMUTABLE = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    Decimal,
    UUID,
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
)


def has_constant_default(field: ModelField) -> bool:
    """Whether an absent value is always `field.field_info.default`, the very object, without a call."""
    info = field.field_info
    if info.is_required() or info.default_factory is not None or info.validate_default:
        return False
    default = info.default
    return (
        type(default) in _IMMUTABLE or isinstance(default, Enum) or (type(default) is tuple and not default)
    )


def missing(field: ModelField) -> tuple[Any, Errors]:
    """What a value that was not sent comes to: an error if it is required, else its default."""
    return reader_for(field).absent()


# --- single values ------------------------------------------------------------------------------------------


def absent(field: ModelField, loc: tuple[int | str, ...]) -> tuple[Any, Errors]:
    """The default of a field, fresh for this request, or the error that it is missing at `loc`."""
    info = field.field_info
    if info.is_required():
        return None, [missing_error(loc)]
    default = default_of(field)
    return field.validate(default, loc=loc) if info.validate_default else (default, [])


def validate_value(field: ModelField, value: Any, loc: tuple[int | str, ...]) -> tuple[Any, Errors]:
    """Validate a value, or answer for an absent one (`PydanticUndefined`)."""
    return absent(field, loc) if value is PydanticUndefined else field.validate(value, loc=loc)


def sent_value(source: Source, key: str, *, takes_all: bool, is_sequence: bool) -> Any:
    """What was sent under one name; `PydanticUndefined` for nothing, and for an empty value of a sequence."""
    if isinstance(source, FormData):
        found = source.getlist(key)
        return filled_in(found, takes_all) if found else PydanticUndefined
    if takes_all and isinstance(source, (ImmutableMultiDict, Headers)):
        return source.getlist(key) or PydanticUndefined
    value = source.get(key)
    return PydanticUndefined if _is_absent(value, is_sequence) else value


def _is_absent(value: Any, is_sequence: bool) -> bool:
    return value is None or (is_sequence and isinstance(value, Sized) and not len(value))


def multidict_value(field: ModelField, values: Source, alias: str) -> Any:
    """What was sent under `alias`, as the field wants it; `PydanticUndefined` for nothing."""
    is_sequence = field_annotation_is_sequence(field.field_info.annotation)
    return sent_value(values, alias, takes_all=takes_all_values(field), is_sequence=is_sequence)


def multidict_extras(received_params: Source, processed_keys: set[str]) -> Iterator[tuple[str, Any]]:
    """What was sent under other names: a single value as it is, several as a list."""
    sent = _sent(received_params)
    return ((key, sent.whole(key)) for key in sent.values if key not in processed_keys)


def validation_alias(field: ModelField) -> str:
    """The one name under which a field is validated, its alias if there are several."""
    alias = field.field_info.validation_alias
    return alias if isinstance(alias, str) and alias else field.alias
