"""From types to JSON schemas: which models a document must define, under which names, and how a field refers to them.

One pass of Pydantic's generator covers a whole document, because only then can it tell which names clash
(`Item` in two modules) and which models look different going in and coming out (`Item-Input`,
`Item-Output`).

Rules: every model or enum that an annotation names is defined, also one whose own schema is overridden, so
that people may refer to it. A schema is shared between the fields that look alike, so nobody edits what
`Schemas` hands out: callers get a copy. Knows fields and types; knows nothing of routes.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, Field
from pydantic.dataclasses import is_pydantic_dataclass
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from vivace._plan.annotations import lenient_issubclass
from vivace._plan.fields import ModelField, type_identity
from vivace._plan.form_body import FormBody
from vivace._pydantic import GenerateJsonSchema

from .constants import REF_PREFIX, REF_TEMPLATE
from .form_bodies import form_body_schema

JsonSchema: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["validation", "serialization"]
TypeModelOrEnum: TypeAlias = type[BaseModel] | type[Enum]
FieldMapping: TypeAlias = dict[tuple[ModelField, Mode], JsonSchema]


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of all fields of a document, and the definitions they refer to.

    `definitions` is keyed by name (`{"Item": {"type": "object", ...}}`); `of(field)` is what stands where
    the field is used (`{"$ref": "#/components/schemas/Item"}`).
    """

    by_field: FieldMapping
    definitions: dict[str, JsonSchema]
    separate_input_output: bool = True

    def of(self, field: ModelField, *, alias: str | None = None) -> JsonSchema:
        """The schema of `field`, titled after its alias unless it has a title or is a reference."""
        schema = self.by_field[field, schema_mode(field, self.separate_input_output)].copy()
        if "$ref" not in schema:
            schema["title"] = field.field_info.title or (alias or _title_alias(field)).title().replace(
                "_", " "
            )
        return schema


def build_schemas(fields: Sequence[ModelField], *, separate_input_output: bool = True) -> Schemas:
    """Generate the schemas of `fields` and the definitions that they need, in one pass.

    With `separate_input_output=False` a model has one schema for both directions, except where computed
    fields make its output something that could not be an input.
    """
    wanted = [*fields, *_named_model_fields(fields)]
    # PERF (W13): a thousand endpoints declare `item_id: int`; one adapter and one run of the generator
    # serve them all.
    representatives: dict[tuple[Any, Mode], ModelField] = {}
    uses: list[tuple[ModelField, Mode, ModelField]] = []
    for field in wanted:
        mode = schema_mode(field, separate_input_output)
        identity = _schema_identity(field)
        key = (field if identity is None else identity, mode)
        uses.append((field, mode, representatives.setdefault(key, field)))
    schemas, generated = GenerateJsonSchema(ref_template=REF_TEMPLATE).generate_definitions(
        [(field, mode, field.type_adapter.core_schema) for (_, mode), field in representatives.items()]
    )
    definitions = {str(name): _public_part(schema) for name, schema in generated.items()}
    by_field: FieldMapping = {
        (field, mode): schemas[representative, mode] for field, mode, representative in uses
    }
    _describe_forms(by_field, definitions)
    return Schemas(by_field, definitions, separate_input_output)


def _describe_forms(by_field: FieldMapping, definitions: dict[str, JsonSchema]) -> None:
    forms = {
        schema["$ref"].removeprefix(REF_PREFIX): field.field_info.annotation
        for (field, _), schema in by_field.items()
        if lenient_issubclass(field.field_info.annotation, FormBody)
    }
    for name, model in forms.items():
        definitions[name] = form_body_schema(model, definitions[name], definitions)


def schema_mode(field: ModelField, separate_input_output: bool) -> Mode:
    """Which of a field's two schemas the document shows."""
    if separate_input_output or field.mode == "validation" or has_computed_fields(field):
        return field.mode
    return "validation"


def has_computed_fields(field: ModelField) -> bool:
    """Whether the field's output holds values that its input cannot: `@computed_field` in it or in a model inside."""
    models = flat_models([field.field_info.annotation])
    if any(issubclass(model, BaseModel) and model.model_computed_fields for model in models):
        return True
    annotation: Any = field.field_info.annotation
    return is_pydantic_dataclass(annotation) and _dataclass_has_computed_fields(field)


def _dataclass_has_computed_fields(field: ModelField) -> bool:
    # Unlike a model, a dataclass tells of its computed fields in its core schema only.
    inner = field.type_adapter.core_schema.get("schema", {})
    return bool(isinstance(inner, dict) and inner.get("computed_fields"))


def _title_alias(field: ModelField) -> str:
    validation_alias = field.field_info.validation_alias
    return validation_alias if isinstance(validation_alias, str) and validation_alias else field.alias


def _public_part(definition: JsonSchema) -> JsonSchema:
    """A docstring is public up to a form feed; what follows is for the code's own readers."""
    if "description" in definition:
        definition["description"] = definition["description"].partition("\f")[0]
    return definition


# ---- the models that annotations name ----------------------------------------------------------------------


def flat_models(annotations: Iterable[Any], known: Iterable[TypeModelOrEnum] = ()) -> list[TypeModelOrEnum]:
    """All models and enums that the annotations name, directly or through the fields of a model, in order of discovery.

    The `known` ones come first and are not looked into again. Dataclasses and typed dicts are not searched:
    Pydantic finds by itself what they hold.

    >>> class Customer(BaseModel): name: str
    >>> class Order(BaseModel): customer: Customer | None
    >>> [model.__name__ for model in flat_models([int, list[Order]])]
    ['Order', 'Customer']
    """
    found: dict[TypeModelOrEnum, None] = dict.fromkeys(known)
    pending = deque(annotations)
    while pending:
        for named in _named_types(pending.popleft()):
            if named not in found:
                found[named] = None
                if issubclass(named, BaseModel):
                    pending.extend(info.annotation for info in named.model_fields.values())
    return list(found)


def _named_types(annotation: Any) -> Iterator[TypeModelOrEnum]:
    if lenient_issubclass(annotation, BaseModel) or lenient_issubclass(annotation, Enum):
        yield annotation
        return
    for argument in get_args(annotation):
        yield from _named_types(argument)


def normalized_name(name: str) -> str:
    """The name of a model, fit for a reference: `Page_Item_` for `Page[Item]`."""
    return re.sub(r"[^a-zA-Z0-9.\-_]", "_", name)


def _named_model_fields(fields: Sequence[ModelField]) -> Iterator[ModelField]:
    """A field for each model or enum that `fields` name and none of them is, once per direction of use."""
    given = {field.field_info.annotation for field in fields if isinstance(field.field_info.annotation, type)}
    modes: tuple[Mode, ...] = ("validation", "serialization")
    for mode in modes:
        for model in flat_models(field.field_info.annotation for field in fields if field.mode == mode):
            if model not in given:
                yield ModelField(FieldInfo(annotation=model), name=model.__name__, mode=mode)


# ---- which fields look alike -------------------------------------------------------------------------------

_PLAIN_CONSTRAINTS = tuple(
    type(constraint)
    for constraint in Field(gt=0, ge=0, lt=0, le=0, multiple_of=1, min_length=0, max_length=1).metadata
)
_PLAIN_VALUES = (str, int, float, bool, type(None))
# What changes a schema in ways that only Pydantic knows: a field that has any of it is on its own.
_INDIVIDUAL = ("default_factory", "discriminator", "examples", "field_title_generator", "json_schema_extra")


def _schema_identity(field: ModelField) -> Any:
    """A key that fields share only if their schemas are equal; `None` where that is not certain."""
    info = field.field_info
    if field.config is not None or any(getattr(info, name, None) is not None for name in _INDIVIDUAL):
        return None
    if not all(isinstance(constraint, _PLAIN_CONSTRAINTS) for constraint in info.metadata):
        return None
    stated = (info.default, info.title, info.description, info.deprecated)
    if not all(value is PydanticUndefined or type(value) in _PLAIN_VALUES for value in stated):
        return None
    type_key = type_identity(info.annotation)
    # `repr`, because 1 == 1.0 == True, and they look different in a document.
    return type_key and (type_key, repr(info.metadata), repr(stated))
