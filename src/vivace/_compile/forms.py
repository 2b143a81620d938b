"""Extract the values of a form, urlencoded or multipart.

A form's parameters are single inputs, files, and models (or unions of models) whose fields are inputs; all of
them read the same `FormData`. What an input comes to, and how loose values fit a model, is told in
`_plan/forms.py`; this module applies it to a request, and reads the files that are declared as `bytes`.

Values are collected first and validated afterwards, so that reading files, the only thing to wait for, stands
between the two: `read_form_values` does without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from starlette.datastructures import FormData, UploadFile

from vivace import params
from vivace._plan.annotations import field_annotation_is_sequence as is_sequence
from vivace._plan.annotations import (
    is_bytes_or_nonable_bytes_annotation,
    is_bytes_sequence_annotation,
    sequence_annotation_to_type,
    union_members,
    without_metadata,
)
from vivace._plan.fields import ModelField
from vivace._plan.forms import (
    FormName,
    form_models,
    form_name,
    group,
    is_nullable,
    is_supplied,
    model_fields,
    rest,
)

from .extract import Errors, validate_value

Values = Mapping[str, Sequence[Any]]  # a form's values by name
Reads = Literal["nothing", "one", "each"]  # which files of a value are read into bytes


async def read_form_body(
    fields: Sequence[ModelField], form: FormData, embed: bool
) -> tuple[dict[str, Any], Errors]:
    """Read every field from a form: `(values by parameter name, errors)`. Waits for files only."""
    collected = _collect(fields, form, embed)
    for item in collected:
        await item.read_files()
    return _validate(collected)


def read_form_values(
    fields: Sequence[ModelField], form: FormData, embed: bool
) -> tuple[dict[str, Any], Errors]:
    """`read_form_body` without waiting, for fields of which `needs_file_reads` says that it can be."""
    return _validate(_collect(fields, form, embed))


def needs_file_reads(fields: Iterable[ModelField]) -> bool:
    """Whether a file may have to be read to know a value: `bytes = File()`."""
    return any(form_reader_for(field).reads_files for field in fields)


async def read_file_bytes(file: UploadFile) -> bytes:
    """What is left to read of a file. Its position stays, since another parameter may be the same file."""
    position = file.file.tell()
    try:
        return await file.read()
    finally:
        # Not `await file.seek()`: it must happen even if this task is cancelled, and takes no time.
        file.file.seek(position)


def is_whole_body(fields: Sequence[ModelField], embed: bool) -> bool:
    """Whether the one field is the body itself rather than a key of it.

    Not so for what is declared to be in a form, where everything has a name, nor for a field that says `embed` although
    the endpoint does not: a dependency that overrides another.
    """
    if len(fields) != 1 or embed:
        return False
    info = fields[0].field_info
    return not isinstance(info, params.Form) and not getattr(info, "embed", None)


# --- readers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """One input of a form: a parameter, or a field of a model."""

    name: FormName
    reads: Reads
    annotation: Any


@dataclass(frozen=True, slots=True, eq=False)
class FormReader:
    """How one parameter is read from a form."""

    field: ModelField
    parts: tuple[_Part, ...]  # of the model, or the parameter itself
    models: tuple[type[BaseModel], ...] = ()
    is_optional: bool = False  # a model or union that may be left out

    @property
    def reads_files(self) -> bool:
        return any(part.reads != "nothing" for part in self.parts)

    @property
    def is_model(self) -> bool:
        return bool(self.models)

    def collect(self, values: Values) -> _Collected:
        """The raw value, and where errors say it came from."""
        if not self.is_model:
            return self._collect_input(values)
        if self.is_optional and not any(is_supplied(model, values) for model in self.models):
            return _Collected(self.field, PydanticUndefined, ("body",))
        if len(self.models) > 1:
            return _Collected(self.field, rest(values, set()), ("body",))
        return self.collect_dict(values)

    def collect_dict(self, values: Values) -> _Collected:
        """All the values as one dict: what the parts ask for, then the rest."""
        tried: set[str] = set()
        picked = [(part, part.name.pick(values, tried)) for part in self.parts]
        found = [(part, *name_and_value) for part, name_and_value in picked if name_and_value is not None]
        value = {alias: item for _, alias, item in found} | rest(values, tried)
        files = tuple((alias, part) for part, alias, _ in found if part.reads != "nothing")
        return _Collected(self.field, value, ("body",), files, is_whole=not self.is_model)

    def _collect_input(self, values: Values) -> _Collected:
        (part,) = self.parts
        picked = part.name.pick(values, set())
        if picked is None:
            return _Collected(self.field, PydanticUndefined, ("body", part.name.aliases[0]))
        alias, value = picked
        files = ((None, part),) if part.reads != "nothing" else ()
        return _Collected(self.field, value, ("body", alias), files)


@dataclass(slots=True)
class _Collected:
    """A raw value on its way to validation."""

    field: ModelField
    value: Any
    loc: tuple[int | str, ...]
    # What to read into bytes: a key of the value, or with None the value itself.
    files: tuple[tuple[str | None, _Part], ...] = ()
    is_whole: bool = False  # the field is the whole body: it has a value (None) even if that is invalid

    async def read_files(self) -> None:
        for key, part in self.files:
            if key is None:
                self.value = await _read(part, self.value)
            else:
                self.value[key] = await _read(part, self.value[key])


def _collect(fields: Sequence[ModelField], form: FormData, embed: bool) -> list[_Collected]:
    # One pass over the form, whatever the number of fields.
    values = group(form.multi_items())
    readers = [form_reader_for(field) for field in fields]
    if is_whole_body(fields, embed):
        return [readers[0].collect_dict(values)]
    return [reader.collect(values) for reader in readers]


def _validate(collected: Iterable[_Collected]) -> tuple[dict[str, Any], Errors]:
    values: dict[str, Any] = {}
    errors: Errors = []
    for item in collected:
        value, found = validate_value(item.field, item.value, item.loc)
        errors += found
        if not found or item.is_whole:
            values[item.field.name] = value
    return values, errors


async def _read(part: _Part, value: Any) -> Any:
    if isinstance(value, UploadFile):
        return await read_file_bytes(value)
    if part.reads == "each" and isinstance(value, list):
        # One after the other: in the order in which they were sent.
        items = [await read_file_bytes(item) if isinstance(item, UploadFile) else item for item in value]
        return sequence_type(part.annotation)(items)
    return value


# --- building readers ---------------------------------------------------------------------------------------


def form_reader_for(field: ModelField) -> FormReader:
    """The form reader of a body field; always the same for the same field."""
    kept = vars(field)
    reader: FormReader | None = kept.get("_form_reader")
    if reader is None or reader.field is not field:  # the latter: a copy of a field came with the reader
        reader = kept["_form_reader"] = _form_reader(field)
    return reader


def _form_reader(field: ModelField) -> FormReader:
    models = form_models(field)
    if len(models) > 1:
        parts = []  # each member of a union finds its own among the raw values
    else:
        parts = model_fields(models[0]) if models else [field]
    return FormReader(
        field=field,
        parts=tuple(_part(part) for part in parts),
        models=tuple(models),
        is_optional=is_nullable(field.field_info.annotation),
    )


def _part(field: ModelField) -> _Part:
    return _Part(form_name(field), _reads(field), field.field_info.annotation)


def _reads(field: ModelField) -> Reads:
    annotation = field.field_info.annotation
    if not isinstance(field.field_info, params.File):
        return "nothing"
    if is_bytes_sequence_annotation(annotation):
        return "each"
    return "one" if is_bytes_or_nonable_bytes_annotation(annotation) else "nothing"


def sequence_type(annotation: Any) -> type[Any]:
    """What a sequence annotation is built as: `set` for `set[bytes] | None`, `list` if nothing is said."""
    annotation = without_metadata(annotation)
    if members := union_members(annotation):
        return next((sequence_type(member) for member in members if is_sequence(member)), list)
    origin = getattr(annotation, "__origin__", annotation)
    return sequence_annotation_to_type.get(origin, list)
