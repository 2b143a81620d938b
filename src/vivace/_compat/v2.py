"""A door: fields, models and their schemas under the names by which third parties import them.

Nothing in this package imports from here: `_plan.fields`, `_plan.forms` and `openapi.schemas` hold the real
things.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, get_origin

from pydantic import BaseModel, ConfigDict, create_model
from pydantic import PydanticSchemaGenerationError as PydanticSchemaGenerationError
from pydantic.errors import PydanticUndefinedAnnotation as PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as PydanticUndefined
from pydantic_core import Url as Url
from pydantic_core.core_schema import with_info_plain_validator_function as with_info_plain_validator_function

from vivace._plan.annotations import lenient_issubclass as lenient_issubclass
from vivace._plan.annotations import sequence_annotation_to_type, union_members, without_metadata
from vivace._plan.fields import ModelField as ModelField
from vivace._plan.fields import missing_error
from vivace._plan.forms import model_fields
from vivace._plan.shapes import is_scalar
from vivace._pydantic import GenerateJsonSchema as GenerateJsonSchema
from vivace._pydantic import evaluate_forward_reference, field_attributes, merged_field_info
from vivace.openapi.constants import REF_TEMPLATE as REF_TEMPLATE
from vivace.openapi.schemas import (
    FieldMapping,
    Schemas,
    build_schemas,
    flat_models,
    has_computed_fields,
    normalized_name,
)
from vivace.openapi.schemas import TypeModelOrEnum as TypeModelOrEnum

TypeModelSet: TypeAlias = set[TypeModelOrEnum]
ModelNameMap: TypeAlias = dict[TypeModelOrEnum, str]

Undefined = RequiredParam = PydanticUndefined
evaluate_forwardref = evaluate_forward_reference
get_cached_model_fields = model_fields
is_scalar_field = is_scalar
normalize_name = normalized_name
_has_computed_fields = has_computed_fields


# ---- fields ------------------------------------------------------------------------------------------------


def asdict(field_info: FieldInfo) -> dict[str, Any]:
    """A `FieldInfo` taken apart into `annotation`, `metadata` and `attributes`."""
    return {
        "annotation": field_info.annotation,
        "metadata": field_info.metadata,
        "attributes": field_attributes(field_info),
    }


def copy_field_info(*, field_info: FieldInfo, annotation: Any) -> FieldInfo:
    """A copy of `field_info` with type, constraints and attributes as `annotation` states them."""
    return merged_field_info(field_info, annotation)


def get_model_fields(model: type[BaseModel]) -> list[ModelField]:
    """The fields of a model, in the order of declaration."""
    return list(get_cached_model_fields(model))


def create_body_model(
    *, fields: Sequence[ModelField], model_name: str, config: ConfigDict | None = None
) -> type[BaseModel]:
    """A model with `fields` as its attributes, as bodies of several parameters have one."""
    attributes: dict[str, Any] = {
        field.name: (field.field_info.annotation, field.field_info) for field in fields
    }
    return create_model(model_name, __config__=config, **attributes)


def serialize_sequence_value(*, field: ModelField, value: Any) -> Sequence[Any]:
    """`value` as the kind of sequence that `field` declares: a set for `set[int] | None`.

    Raises TypeError if the field is no sequence.
    """
    annotation = without_metadata(field.field_info.annotation)
    for member in union_members(annotation) or (annotation,):
        member = without_metadata(member)
        kind = sequence_annotation_to_type.get(get_origin(member) or member)
        if kind is not None:
            sequence: Sequence[Any] = kind(value)
            return sequence
    raise TypeError(f"{field.name!r} is declared as {annotation}, which is not a sequence")


def get_missing_field_error(loc: tuple[int | str, ...]) -> dict[str, Any]:
    """The error for a required value that was not sent."""
    return missing_error(loc)


def _regenerate_error_with_loc(
    *, errors: Sequence[Any], loc_prefix: tuple[str | int, ...]
) -> list[dict[str, Any]]:
    return [{**error, "loc": (*loc_prefix, *error.get("loc", ()))} for error in errors]


# ---- models and schemas ------------------------------------------------------------------------------------
# The parameter `model_name_map` stands in the signatures for the sake of callers: the names of definitions
# are Pydantic's, which knows all clashes once it has seen all fields.


def get_flat_models_from_fields(fields: Sequence[ModelField], known_models: TypeModelSet) -> TypeModelSet:
    """All models and enums that the fields name, with those in `known_models`."""
    return _flat(known_models, (field.field_info.annotation for field in fields))


def get_flat_models_from_field(field: ModelField, known_models: TypeModelSet) -> TypeModelSet:
    """All models and enums that a field names, with those in `known_models`."""
    return _flat(known_models, [field.field_info.annotation])


def get_flat_models_from_annotation(annotation: Any, known_models: TypeModelSet) -> TypeModelSet:
    """All models and enums in the arguments of an annotation such as `list[Item]`, with those in `known_models`."""
    return _flat(known_models, getattr(annotation, "__args__", ()))


def get_flat_models_from_model(
    model: type[BaseModel], known_models: TypeModelSet | None = None
) -> TypeModelSet:
    """All models and enums that the fields of a model name, with those in `known_models`."""
    return _flat(known_models or (), (info.annotation for info in model.model_fields.values()))


def _flat(known_models: Iterable[TypeModelOrEnum], annotations: Iterable[Any]) -> TypeModelSet:
    return set(flat_models(annotations, known_models))


def get_model_name_map(unique_models: TypeModelSet) -> ModelNameMap:
    """A name for each model, fit for a reference; of models with one name, the last."""
    models = {normalized_name(model.__name__): model for model in unique_models}
    return {model: name for name, model in models.items()}


def get_definitions(
    *, fields: Sequence[ModelField], model_name_map: ModelNameMap, separate_input_output_schemas: bool = True
) -> tuple[FieldMapping, dict[str, dict[str, Any]]]:
    """The schemas of the fields by `(field, mode)`, and the definitions that they refer to by name."""
    schemas = build_schemas(fields, separate_input_output=separate_input_output_schemas)
    return schemas.by_field, schemas.definitions


def get_schema_from_model_field(
    *,
    field: ModelField,
    model_name_map: ModelNameMap,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
    field_alias: str | None = None,
) -> dict[str, Any]:
    """What stands in a document where the field is used: its schema with a title, or a reference."""
    return Schemas(field_mapping, {}, separate_input_output_schemas).of(field, alias=field_alias)
