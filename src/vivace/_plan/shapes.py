"""The shape of a field's value, as far as reading it from a request is concerned."""

from __future__ import annotations

from vivace import params

from .annotations import field_annotation_is_scalar, field_annotation_is_scalar_sequence
from .fields import ModelField
from .forms import parameter_model


def is_scalar(field: ModelField) -> bool:
    """One text value: what a path segment can hold."""
    return field_annotation_is_scalar(field.field_info.annotation) and not isinstance(
        field.field_info, params.Body
    )


def is_scalar_sequence(field: ModelField) -> bool:
    """A list, set or tuple of text values: a repeated query parameter."""
    return field_annotation_is_scalar_sequence(field.field_info.annotation)


def is_parameter_model(field: ModelField) -> bool:
    """Whether the field is a model spread over several parameters."""
    return parameter_model(field) is not None
