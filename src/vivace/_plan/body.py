"""The body: which parameters it holds, and whether they are its keys or it is the parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import create_model
from pydantic_core import PydanticUndefined

from vivace import params

from .fields import ModelField
from .form_body import form_body_model, needs_form_body, optional_form_field
from .forms import form_models
from .nodes import BodyPlan, DependencyPlan, body_parameters

_MULTIPART = "multipart/form-data"
# Where two bodies of one document have the same name, this tells them apart: it is the name that FastAPI gives.
_BODY_MODULE = "fastapi._compat.v2"


def build_body(root: DependencyPlan) -> BodyPlan | None:
    """How to read the body, `None` if nobody asks for it."""
    parameters = body_parameters(root)
    if not parameters:
        return None
    fields = [parameter.field for parameter in parameters]
    is_form = any(isinstance(field.field_info, params.Form) for field in fields)
    return BodyPlan(parameters=parameters, embed=should_embed(fields), is_form=is_form)


def should_embed(fields: Sequence[ModelField]) -> bool:
    """Whether each field is a key of the body: there are several, or one says `embed`, or it is a form's only field."""
    if not fields:
        return False
    first = fields[0]
    if len({field.name for field in fields}) > 1 or getattr(first.field_info, "embed", None):
        return True
    if not isinstance(first.field_info, params.Form):
        return False
    models = form_models(first)
    return not models or any(form_models(field) != models for field in fields)


def body_field(fields: Sequence[ModelField], name: str, embed: bool) -> ModelField | None:
    """The whole body as one field, as the document describes it: the parameter itself, or a model `Body_<name>`."""
    if not fields:
        return None
    if not embed:
        if needs_form_body(fields, embed):
            return optional_form_field(
                fields[0], form_body_model(fields, f"Body_{name}", __module__=_BODY_MODULE)
            )
        return fields[0]
    required = any(field.field_info.is_required() for field in fields)
    model = body_model(fields, f"Body_{name}")
    infos = [field.field_info for field in fields]
    info_class: type[params.Body] = next(
        (kind for kind in (params.File, params.Form) if any(isinstance(info, kind) for info in infos)),
        params.Body,
    )
    options: dict[str, Any] = {"annotation": model, "alias": "body"}
    options["default"] = PydanticUndefined if required else None
    media_types = {info.media_type for info in infos if isinstance(info, params.Body)}
    if len(media_types) == 1:
        options["media_type"] = media_types.pop()
    elif info_class is params.Form and _MULTIPART in media_types:
        options["media_type"] = _MULTIPART  # which can hold what the other one can
    return ModelField(field_info=info_class(**options), name="body")


def body_model(fields: Sequence[ModelField], name: str) -> Any:
    """A model with the fields as its attributes."""
    if needs_form_body(fields, embed=True):
        return form_body_model(fields, name, __module__=_BODY_MODULE)
    attributes: dict[str, Any] = {
        field.name: (field.field_info.annotation, field.field_info) for field in fields
    }
    return create_model(name, __module__=_BODY_MODULE, **attributes)
