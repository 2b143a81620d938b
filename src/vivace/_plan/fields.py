"""A field: a type with its metadata, and the validator and serialiser that Pydantic makes of it.

A `ModelField` is cheap to make: adapters are built on first use, and fields that validate alike share one adapter.
An application of a thousand routes declares `item_id: int` a thousand times; it gets one validator for all of them.
"""

from __future__ import annotations

import dataclasses
import warnings
from copy import copy
from functools import cached_property
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PydanticSchemaGenerationError, TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, SchemaSerializer, SchemaValidator, ValidationError

from vivace._pydantic import is_complete
from vivace.types import IncEx

_SHARED_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


@dataclasses.dataclass(eq=False)
class ModelField:
    """One declared value: `field_info` says its type and constraints, `name` the Python name it is bound to.

        field = ModelField(FieldInfo(annotation=int), "item_id")
        field.validate("3", loc=("path", "item_id"))  # (3, [])

    Two fields are equal only if they are the same object. Raises `PydanticSchemaGenerationError` (or
    `PydanticUndefinedAnnotation` for a name that is not defined yet) on first use of the adapter when Pydantic can make
    nothing of the type.
    """

    field_info: FieldInfo
    name: str
    mode: Literal["validation", "serialization"] = "validation"
    config: ConfigDict | None = None

    @property
    def alias(self) -> str:
        return self.field_info.alias or self.name

    @property
    def validation_alias(self) -> str | None:
        """The alias if it is one name; choices and paths stand in `field_info`."""
        alias = self.field_info.validation_alias
        return alias if isinstance(alias, str) and alias else None

    @property
    def serialization_alias(self) -> str | None:
        return self.field_info.serialization_alias or None

    @property
    def default(self) -> Any:
        return self.get_default()

    @property
    def required(self) -> bool:
        return self.field_info.is_required()

    @cached_property
    def type_adapter(self) -> TypeAdapter[Any]:
        """The adapter with every detail of the field, as the document needs it."""
        return _build_adapter(self.field_info, self.config)

    # The name that FastAPI's field has for it, used by third parties.
    @property
    def _type_adapter(self) -> TypeAdapter[Any]:
        return self.type_adapter

    @cached_property
    def validator(self) -> SchemaValidator:
        """Validates exactly as `type_adapter` does, and may be shared with other fields of the same type."""
        validator = _validating_adapter(self.field_info, self.config).validator
        return validator  # type: ignore[return-value]  # a Pydantic plugin's wrapper has the same methods

    @cached_property
    def serializer(self) -> SchemaSerializer:
        """Serialises exactly as `type_adapter` does, and may be shared."""
        return _validating_adapter(self.field_info, self.config).serializer

    def detached(self) -> ModelField:
        """A copy for whoever may edit it: fields are shared by all routes with the same dependency."""
        return dataclasses.replace(self, field_info=copy(self.field_info))

    def check(self) -> None:
        """Build the adapter now if that can fail; raises Pydantic's error for a type it cannot handle."""
        if self.field_info.metadata or not is_certainly_valid(self.field_info.annotation):
            _ = self.validator

    def get_default(self) -> Any:
        """A fresh copy of the default; `PydanticUndefined` when the field is required."""
        if self.field_info.is_required():
            return PydanticUndefined
        return self.field_info.get_default(call_default_factory=True)

    def validate(
        self,
        value: Any,
        values: dict[str, Any] = {},  # noqa: B006  (never edited)
        *,
        loc: tuple[int | str, ...] = (),
    ) -> tuple[Any, list[dict[str, Any]]]:
        """Validate `value`; answers `(valid, [])` or `(None, errors)` with `loc` before each error's own location."""
        try:
            return self.validator.validate_python(value, from_attributes=True), []
        except ValidationError as exc:
            return None, located_errors(exc, loc)

    def serialize(
        self,
        value: Any,
        *,
        mode: Literal["json", "python"] = "json",
        include: IncEx | None = None,
        exclude: IncEx | None = None,
        by_alias: bool = True,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> Any:
        """The value as plain Python data (`mode="json"`: only what JSON has)."""
        return self.serializer.to_python(
            value,
            mode=mode,
            include=include,
            exclude=exclude,
            by_alias=by_alias,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )

    def serialize_json(
        self,
        value: Any,
        *,
        include: IncEx | None = None,
        exclude: IncEx | None = None,
        by_alias: bool = True,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> bytes:
        """The value as JSON text in UTF-8, in one call of pydantic-core."""
        return self.serializer.to_json(
            value,
            include=include,
            exclude=exclude,
            by_alias=by_alias,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )


def located_errors(exc: ValidationError, loc: tuple[int | str, ...]) -> list[dict[str, Any]]:
    """Pydantic's errors as dicts, each location prefixed with where the value came from."""
    errors = cast("list[dict[str, Any]]", exc.errors(include_url=False))
    for error in errors:
        error["loc"] = loc + error["loc"]
    return errors


def missing_error(loc: tuple[int | str, ...]) -> dict[str, Any]:
    """The error for a required value that was not sent."""
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


def _build_adapter(info: FieldInfo, config: ConfigDict | None) -> TypeAdapter[Any]:
    with warnings.catch_warnings():
        # An alias means something to us, if not to a TypeAdapter.
        warnings.filterwarnings(
            "ignore", message="The '(alias|validation_alias|serialization_alias)' attribute"
        )
        annotation: Any = Annotated[info.annotation, info]
        return TypeAdapter(annotation, config=config)


def _validating_adapter(info: FieldInfo, config: ConfigDict | None) -> TypeAdapter[Any]:
    # PERF (W12, W13): building an adapter costs 50–500 µs and most fields are plain; `metadata`, `discriminator` and
    # `validate_default` are all that a FieldInfo adds to the validation of a value.
    if config is not None or info.discriminator is not None:
        return _build_adapter(info, config)
    annotation: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    key = _sharing_key(info)
    if key is None:
        return TypeAdapter(annotation)
    adapter = _SHARED_ADAPTERS.get(key)
    if adapter is None:
        adapter = _SHARED_ADAPTERS[key] = TypeAdapter(annotation)
    return adapter


def _sharing_key(info: FieldInfo) -> Any:
    """A key that only fields with the same type and constraints have; `None` if that cannot be told."""
    identity = type_identity(info.annotation)
    key = (identity, *((type(item), item) for item in info.metadata))
    try:
        hash(key)
    except TypeError:
        return None
    return None if identity is None else key


def type_identity(annotation: Any) -> Any:
    """A key under which two annotations are the same type to Pydantic; `None` where that is not certain.

    Not the annotation itself: `int | str == str | int`, but Pydantic tries members in order.
    """
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation
    origin = get_origin(annotation)
    if origin is None:
        return None
    if origin is Literal:
        return (Literal, *((type(arg), arg) for arg in get_args(annotation)))
    parts = [type_identity(arg) if arg is not Ellipsis else ... for arg in get_args(annotation)]
    return None if any(part is None for part in parts) else (origin, *parts)


_PLAIN_TYPES = (int, float, str, bool, bytes, type(None))


def is_certainly_valid(annotation: Any) -> bool:
    """Whether Pydantic is known to accept this type, so that its adapter can wait until it is needed."""
    if annotation in _PLAIN_TYPES:
        return True
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return issubclass(annotation, BaseModel) and is_complete(annotation)
    if get_origin(annotation) in (list, set, dict, tuple):
        return all(is_certainly_valid(arg) for arg in get_args(annotation))
    return False


__all__ = [
    "ModelField",
    "PydanticSchemaGenerationError",
    "PydanticUndefined",
    "PydanticUndefinedAnnotation",
    "is_certainly_valid",
    "located_errors",
    "missing_error",
    "type_identity",
]
