"""A door: names that third parties import. Nothing in this package imports them from here."""

import re
import warnings
from typing import Any, Literal

from pydantic import PydanticSchemaGenerationError
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as Undefined

from vivace._operation_id import generate_unique_id as generate_unique_id
from vivace._plan.annotations import annotation_is_pydantic_v1 as annotation_is_pydantic_v1
from vivace._plan.fields import ModelField as ModelField
from vivace._status import is_body_allowed_for_status_code as is_body_allowed_for_status_code
from vivace.datastructures import DefaultPlaceholder as DefaultPlaceholder
from vivace.datastructures import DefaultType as DefaultType
from vivace.datastructures import get_value_or_default as get_value_or_default
from vivace.exceptions import FastAPIDeprecationWarning, FastAPIError, PydanticV1NotSupportedError

_invalid_args_message = (
    "Invalid args for response field! Hint: check that {type_} is a valid Pydantic field type. "
    "If it is a return annotation that is not meant as a model (e.g. Union[Response, dict, None]), "
    "say so with `response_model=None` in the endpoint's decorator."
)


def create_model_field(
    name: str,
    type_: Any,
    default: Any | None = Undefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> ModelField:
    """A field of this name and type; a `field_info` says type, default and alias instead.

        create_model_field("item_id", int).validate("3", {}, loc=("path", "item_id"))  # (3, [])

    Raises `FastAPIError` for a type that Pydantic cannot handle, and `PydanticV1NotSupportedError` for a
    model of `pydantic.v1`.
    """
    if annotation_is_pydantic_v1(type_):
        raise PydanticV1NotSupportedError(
            "pydantic.v1 models are no longer supported by FastAPI."
            f" Please update the response model {type_}."
        )
    info = field_info or FieldInfo(annotation=type_, default=default, alias=alias)
    field = ModelField(field_info=info, name=name, mode=mode)
    try:
        field.check()
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation):
        # Pydantic's own account of it speaks of core schemas, at length.
        raise FastAPIError(_invalid_args_message.format(type_=type_)) from None
    return field


def get_path_param_names(path: str) -> set[str]:
    """What stands in braces in a path template: `{"item_id"}` for `/items/{item_id}`."""
    return set(re.findall("{(.*?)}", path))


def generate_operation_id_for_path(*, name: str, path: str, method: str) -> str:
    """Deprecated: `generate_unique_id` takes a route."""
    warnings.warn(
        "generate_operation_id_for_path() is deprecated and will be removed:"
        " use generate_unique_id(), which takes a route.",
        category=FastAPIDeprecationWarning,
        stacklevel=2,
    )
    operation_id = re.sub(r"\W", "_", f"{name}{path}")
    return f"{operation_id}_{method.lower()}"


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Merge `update_dict` into `main_dict`.

    Dictionaries are merged key by key, lists end to end; anything else is replaced.

        responses = {"200": {"description": "OK"}}
        deep_dict_update(responses, {"200": {"content": {}}})
        # {"200": {"description": "OK", "content": {}}}
    """
    for key, value in update_dict.items():
        current = main_dict.get(key)
        if isinstance(current, dict) and isinstance(value, dict):
            deep_dict_update(current, value)
        elif isinstance(current, list) and isinstance(value, list):
            main_dict[key] = current + value
        else:
            main_dict[key] = value
