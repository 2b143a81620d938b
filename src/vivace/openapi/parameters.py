"""Parameters of an operation: what it takes from path, query, headers and cookies (OAS 3.1, 4.8.12).

The fields of a parameter model stand for the model. A name stands once in each location, however many
dependencies read it. Knows fields; knows nothing of routes.
"""

from collections.abc import Iterator
from typing import Any

from vivace._plan.fields import ModelField
from vivace._plan.forms import flat_fields, model_fields, param_aliases, parameter_model
from vivace._plan.nodes import FlatParameters
from vivace.datastructures import DefaultPlaceholder, _Unset
from vivace.encoders import jsonable_encoder

from .schemas import Schemas


def operation_parameters(flat: FlatParameters, schemas: Schemas) -> list[dict[str, Any]]:
    """Parameter objects of all locations, one for each name in a location: the last that is required, or the last."""
    parameters = [
        parameter
        for location, uses in (
            ("path", flat.path),
            ("query", flat.query),
            ("header", flat.header),
            ("cookie", flat.cookie),
        )
        for use in uses
        for parameter in _field_parameters(use.field, location, schemas)
    ]
    unique = {(parameter["in"], parameter["name"]): parameter for parameter in parameters}
    unique |= {
        (parameter["in"], parameter["name"]): parameter for parameter in parameters if parameter["required"]
    }
    return list(unique.values())


def _field_parameters(field: ModelField, location: str, schemas: Schemas) -> Iterator[dict[str, Any]]:
    convert = location == "header" and bool(getattr(field.field_info, "convert_underscores", False))
    model = parameter_model(field)
    # A model that may be left out (`Filters | None = None`) makes none of its parameters required.
    optional = (
        model is not None and field.field_info.annotation is not model and not field.field_info.is_required()
    )
    for part in [field] if model is None else model_fields(model):
        if _is_shown(field) and _is_shown(part):
            yield _parameter(part, location, convert, optional, schemas)


def _is_shown(field: ModelField) -> bool:
    # Plain fields, as models have them, are always shown.
    return bool(getattr(field.field_info, "include_in_schema", True))


def _parameter(
    field: ModelField, location: str, convert_underscores: bool, optional: bool, schemas: Schemas
) -> dict[str, Any]:
    info = field.field_info
    alias, name = param_aliases(field, convert_underscores=convert_underscores)[0]
    parameter = {
        "name": name,
        "in": location,
        "required": info.is_required() and not optional,
        "schema": schemas.of(field, alias=alias),
    }
    if info.description:
        parameter["description"] = info.description
    parameter |= examples(info)
    if getattr(info, "deprecated", None):
        parameter["deprecated"] = True
    return parameter


def parameter_fields(flat: FlatParameters) -> Iterator[ModelField]:
    """The fields whose schemas `operation_parameters` shows."""
    return (
        field
        for uses in (flat.path, flat.query, flat.header, flat.cookie)
        for field in flat_fields([use.field for use in uses])
    )


def examples(info: Any) -> dict[str, Any]:
    """`examples` as OpenAPI has them, by name, or else the one `example` of older versions."""
    if examples := getattr(info, "openapi_examples", None):
        return {"examples": jsonable_encoder(examples)}
    example = getattr(info, "example", _Unset)
    # Any placeholder: Pydantic copies a field's attributes, so its default is not the same object any more.
    return {} if isinstance(example, DefaultPlaceholder) else {"example": jsonable_encoder(example)}
