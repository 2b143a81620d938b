"""The body of a form that holds models: one model to describe them all.

A form is flat. When a model, or several, share it with each other or with single inputs, their fields lie side by side,
and no JSON object has `profile` as a key. `form_body_model` makes a model that only *stands for* such a form in the
document: it has a name, it holds the parameters, and `openapi.form_bodies` writes what they are together. Nothing is
validated with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar, cast

from pydantic import BaseModel, create_model

from vivace._pydantic import forget_alias

from .fields import ModelField
from .forms import form_models, is_nullable


class FormBody:
    """What the models of such forms have in common. No model itself: Pydantic would build it at import."""

    # What makes up the form; the model's own field number n, `field_n`, describes parameter number n.
    parameters_of_form: ClassVar[tuple[ModelField, ...]] = ()

    @classmethod
    def key(cls, index: int) -> str:
        return f"field_{index}"


def needs_form_body(fields: Sequence[ModelField], embed: bool) -> bool:
    """Whether a form has to be described by a model of its own.

    So it is if a model shares it with other parameters, or if its only model may be left out: "either nothing or this".
    """
    if embed:
        return any(form_models(field) for field in fields)
    return any(form_models(field) and is_nullable(field.field_info.annotation) for field in fields)


def form_body_model(fields: Sequence[ModelField], name: str, **options: Any) -> type[FormBody]:
    """A model called `name` that stands for a form of these parameters; `options` are those of `create_model`."""
    attributes: dict[str, Any] = {
        FormBody.key(index): (field.field_info.annotation, forget_alias(field.field_info))
        for index, field in enumerate(fields)
    }
    bases: Any = (FormBody, BaseModel)
    model: Any = create_model(name, __base__=bases, **options, **attributes)
    model.parameters_of_form = tuple(fields)
    return cast("type[FormBody]", model)


def optional_form_field(field: ModelField, model: type[FormBody]) -> ModelField:
    """The body field of a form whose only parameter is `field`: the same but for its type, which is `model`."""
    info = copy(field.field_info)
    info.annotation = model
    info.metadata = []
    info.discriminator = None
    return ModelField(field_info=info, name=field.name, mode=field.mode, config=field.config)
