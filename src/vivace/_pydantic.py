"""The only file that touches Pydantic's private names.

What Pydantic keeps to itself and this package cannot do without stands here, each piece with the reason. A
release of Pydantic that moves something is answered in this file and nowhere else. Knows nothing of
parameters, plans or documents.
"""

from copy import copy
from typing import Any

from pydantic import BaseModel
from pydantic._internal import _typing_extra
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema as _GenerateJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticUndefined
from pydantic_core.core_schema import BytesSchema

# Everything that `Field()` can say, less what has a place of its own (`annotation`, `metadata`) and what is
# private.
_ATTRIBUTES = tuple(
    name
    for name in FieldInfo.__slots__
    if not name.startswith("_") and name not in ("annotation", "metadata")
)


def field_attributes(info: FieldInfo) -> dict[str, Any]:
    """What a field says besides its type and constraints; a default only if it has one.

    >>> field_attributes(FieldInfo(annotation=int, default=3))["default"]
    3
    """
    values = ((name, getattr(info, name, None)) for name in _ATTRIBUTES)
    return {name: value for name, value in values if value is not PydanticUndefined}


def merged_field_info(info: FieldInfo, annotation: Any) -> FieldInfo:
    """A copy of `info` for a parameter annotated with `annotation`, where the annotation has the last word.

    Type, constraints and attributes are those of the annotation (`Annotated[int, Field(lt=5),
    Query(title="x")]`); the class of `info` stays, with what only that class knows, and its default if the
    annotation gives none.

    >>> from typing import Annotated
    >>> from pydantic import Field
    >>> merged_field_info(FieldInfo(default=2), Annotated[int, Field(lt=5)])
    FieldInfo(annotation=int, required=False, default=2, metadata=[Lt(lt=5)])
    """
    read = FieldInfo.from_annotation(annotation)
    merged = copy(info)
    for name, value in field_attributes(read).items():
        setattr(merged, name, value)
    merged.annotation = read.annotation
    merged.metadata = read.metadata
    # Pydantic asks this record, not the attributes, what was set when it puts the field into a model.
    merged._attributes_set = read._attributes_set
    return merged


def forget_alias(info: FieldInfo) -> FieldInfo:
    """A copy of `info` for a model whose field goes by its own name.

    >>> forget_alias(FieldInfo(annotation=int, alias="item-id"))
    FieldInfo(annotation=int, required=True)
    """
    forgetful = copy(info)
    forgetful.alias = forgetful.validation_alias = forgetful.serialization_alias = None
    forgetful.alias_priority = None
    names = ("alias", "alias_priority", "validation_alias", "serialization_alias")
    forgetful._attributes_set = {
        name: value for name, value in info._attributes_set.items() if name not in names
    }
    return forgetful


def is_complete(model: type[BaseModel]) -> bool:
    """Whether all types that a model names are known by now, so that it can validate."""
    return model.__pydantic_complete__


def evaluate_forward_reference(
    value: Any, globalns: dict[str, Any] | None = None, localns: dict[str, Any] | None = None
) -> Any:
    """The type that a string annotation names, or a `ForwardRef` where a name in it is not defined (yet).

    Pydantic's own evaluation, because it reads `int | None` and class-level names as its models do.

    >>> evaluate_forward_reference("int | None"), evaluate_forward_reference("Later")
    (int | None, ForwardRef('Later'))
    """
    if hasattr(_typing_extra, "try_eval_type"):
        return _typing_extra.try_eval_type(value, globalns, localns)[0]
    # Pydantic 2.9
    return _typing_extra.eval_type_lenient(value, globalns, localns)


class GenerateJsonSchema(_GenerateJsonSchema):
    """Pydantic's generator, describing raw bytes in the words of JSON Schema 2020-12 rather than with `format: binary`.

    Source: https://json-schema.org/draft/2020-12/json-schema-validation#section-8
    """

    def bytes_schema(self, schema: BytesSchema) -> JsonSchemaValue:
        """`{"type": "string", "contentMediaType": "application/octet-stream"}`, and that it is base64 where it is."""
        json_schema = {"type": "string", "contentMediaType": "application/octet-stream"}
        encoding = (
            self._config.ser_json_bytes if self.mode == "serialization" else self._config.val_json_bytes
        )
        if encoding == "base64":
            json_schema["contentEncoding"] = "base64"
        self.update_with_validations(json_schema, schema, self.ValidationsMapping.bytes)
        return json_schema
