"""Models as parameters: which models a parameter stands for, what their fields are called, how values fit.

`Annotated[Filters, Query()]` is not read from one name: each field of the model is. This module says which
models a field stands for and under which names their fields are found, in a query, headers, cookies or a
form, and it gathers a form's loose values into the dict that a model is validated from. It knows nothing of
requests: it sees names and values only.

Rules that all forms follow:

- A browser sends an empty input as `""` and an empty file input as a nameless, empty upload: both mean "not
  filled in". A value for a sequence keeps its empty texts.
- Each model of a union reads the same values in its own way (`tags` is one text for one model and a list for
  another), so a union gets the raw values, and each member its own `normalize_form_model` in front.
  `prepare_form_annotation` puts it there when the endpoint is analysed.
- What no field asked for goes to the model too: it forbids, allows or ignores extras, and a "before"
  validator sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache, partial
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, BeforeValidator, Json, Tag
from pydantic_core import PydanticUndefined
from starlette.datastructures import UploadFile
from typing_extensions import is_typeddict

from vivace import params

from .annotations import field_annotation_is_sequence, lenient_issubclass, union_members, without_metadata
from .fields import ModelField

# --- which models -------------------------------------------------------------------------------------------


def model_type(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is, or may be besides `None`: `Filters`, `Filters | None`."""
    if lenient_issubclass(annotation, BaseModel):
        return annotation
    members = [member for member in union_members(annotation) if member is not type(None)]
    return members[0] if len(members) == 1 and lenient_issubclass(members[0], BaseModel) else None


def union_models(annotation: Any) -> list[type[BaseModel]]:
    """The members of a union of several models, `None` aside; empty if one of them is not a model."""
    members = [without_metadata(member) for member in union_members(annotation) if member is not type(None)]
    return members if len(members) > 1 and all(lenient_issubclass(m, BaseModel) for m in members) else []


def is_nullable(annotation: Any) -> bool:
    """Whether the annotation is a union that has `None`."""
    return type(None) in union_members(annotation)


def is_json_field(field: ModelField) -> bool:
    """Whether one text in JSON holds the value: `Annotated[Json[list[int]], Query()]`."""
    return any(item is Json or type(item) is Json for item in field.field_info.metadata)


def parameter_model(field: ModelField) -> type[BaseModel] | None:
    """The model whose fields are read in place of a parameter; `None` for a parameter that is one value.

        parameter_model(field of Annotated[Filters | None, Query()])  # Filters

    `Annotated[Json[Filters], Query()]` is one value: a text.
    """
    info = field.field_info
    if is_json_field(field):
        return None
    if isinstance(info, params.Param):
        return model_type(info.annotation)
    return info.annotation if lenient_issubclass(info.annotation, BaseModel) else None


def form_model(field: ModelField) -> type[BaseModel] | None:
    """The one model that a form parameter stands for: `Annotated[Profile | None, Form()]`."""
    if not isinstance(field.field_info, params.Form) or is_json_field(field):
        return None
    return model_type(field.field_info.annotation)


def form_models(field: ModelField) -> list[type[BaseModel]]:
    """The models that a form parameter may be: one, several for a union, none if it is a single input."""
    if not isinstance(field.field_info, params.Form) or is_json_field(field):
        return []
    model = model_type(field.field_info.annotation)
    return [model] if model is not None else union_models(field.field_info.annotation)


# --- their fields and names ---------------------------------------------------------------------------------


@cache
def model_fields(model: type[BaseModel]) -> list[ModelField]:
    """The fields of a model as `ModelField`s; the same list for the same model."""
    return [
        ModelField(
            field_info=info,
            name=name,
            # Pydantic refuses to give such a type another configuration than its own.
            config=None if _has_own_config(info.annotation) else model.model_config,
        )
        for name, info in model.model_fields.items()
    ]


def _has_own_config(annotation: Any) -> bool:
    is_class = isinstance(annotation, type) and get_origin(annotation) is None
    return is_class and (
        issubclass(annotation, BaseModel) or is_dataclass(annotation) or is_typeddict(annotation)
    )


def flat_fields(fields: Sequence[ModelField]) -> list[ModelField]:
    """The fields, with those of its model in place of each parameter that is a model."""
    flat: list[ModelField] = []
    for field in fields:
        model = parameter_model(field)
        flat += [field] if model is None else model_fields(model)
    return flat


def alias_choices(field: ModelField) -> list[str]:
    """The names under which the field declares to be read, best first; never empty.

    `AliasPath` is for the insides of a value: it names no parameter, and the field goes by its ordinary name.
    So does a path parameter none of whose choices is in the path (analysis settles on the one that is).
    """
    alias = field.field_info.validation_alias
    if isinstance(alias, str) and alias:
        return [alias]
    if isinstance(alias, AliasChoices) and not isinstance(field.field_info, params.Path):
        names = [choice for choice in alias.choices if isinstance(choice, str)]
        if len(names) == len(alias.choices):
            return names
    return [field.alias]


def param_aliases(field: ModelField, *, convert_underscores: bool = False) -> list[tuple[str, str]]:
    """Under which names a value may come: pairs of the name that Pydantic knows and the key in the request.

    The two differ only in headers, where `convert_underscores` makes `x-token` the key of `x_token`, unless
    the name was chosen by hand. `validate_by_name` and `validate_by_alias` of the model's configuration are
    obeyed.

        param_aliases(field of `x_token: str`, convert_underscores=True)  # [("x_token", "x-token")]
    """
    config = field.config or {}
    own = (field.name, field.name.replace("_", "-") if convert_underscores else field.name)
    if config.get("validate_by_alias") is False:
        return [own]
    choices = alias_choices(field)
    if choices == [field.name] and not isinstance(field.field_info.validation_alias, AliasChoices):
        return [own]
    pairs = [(choice, choice) for choice in choices]
    by_name = config.get("validate_by_name") or config.get("populate_by_name")
    return [*pairs, own] if by_name and field.name not in choices else pairs


# --- a form's values ----------------------------------------------------------------------------------------


class FormName(NamedTuple):
    """How one field is found among a form's values."""

    aliases: tuple[str, ...]
    is_sequence: bool  # takes every value of its name rather than the last

    def pick(self, values: Mapping[str, Sequence[Any]], tried: set[str]) -> tuple[str, Any] | None:
        """The first name that was filled in, with its value; the names looked at are added to `tried`."""
        for alias in self.aliases:
            tried.add(alias)
            found = values.get(alias)
            if found is not None:
                value = filled_in(found, self.is_sequence)
                if value is not PydanticUndefined:
                    return alias, value
        return None


def form_name(field: ModelField) -> FormName:
    """How a field is found in a form."""
    return FormName(tuple(alias for alias, _ in param_aliases(field)), takes_all_values(field))


@cache
def form_names(model: type[BaseModel]) -> tuple[FormName, ...]:
    """How the fields of a model are found in a form."""
    return tuple(form_name(field) for field in model_fields(model))


def takes_all_values(field: ModelField) -> bool:
    """Whether a repeated name gives a sequence rather than its last value."""
    return field_annotation_is_sequence(field.field_info.annotation) and not is_json_field(field)


def is_empty_file(value: Any) -> bool:
    """Whether this is a file input without a file (HTML Standard, "Constructing the entry list", 5.9)."""
    return isinstance(value, UploadFile) and value.filename == "" and value.size == 0


def filled_in(values: Sequence[Any], is_sequence: bool) -> Any:
    """What the values of one name come to; `PydanticUndefined` if nothing was filled in."""
    if is_sequence:
        return [value for value in values if not is_empty_file(value)] or PydanticUndefined
    last = values[-1]
    return PydanticUndefined if last is None or last == "" or is_empty_file(last) else last


def group(items: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """The values of each name, in the order in which the names first appear."""
    grouped: dict[str, list[Any]] = {}
    for name, value in items:
        grouped.setdefault(name, []).append(value)
    return grouped


def rest(values: Mapping[str, Sequence[Any]], taken: set[str]) -> dict[str, Any]:
    """What no field asked for: a single value as it is, several as a list."""
    return {
        name: found[0] if len(found) == 1 else list(found)
        for name, found in values.items()
        if name not in taken
    }


def fit_model(names: Iterable[FormName], values: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The dict from which a model is validated: the values of its fields, then the rest."""
    tried: set[str] = set()
    picked = dict(found for name in names if (found := name.pick(values, tried)) is not None)
    return {**picked, **rest(values, tried)}


def is_supplied(model: type[BaseModel], values: Mapping[str, Any]) -> bool:
    """Whether a form says anything to an optional model: one of its names, or anything if extras matter."""
    if model.model_config.get("extra") in ("allow", "forbid"):
        return bool(values)
    return any(alias in values for name in form_names(model) for alias in name.aliases)


# --- unions -------------------------------------------------------------------------------------------------


def prepare_form_annotation(annotation: Any) -> Any:
    """The annotation of a form parameter, with what each model of a union needs to read loose values.

    Errors keep naming the member by its tag or class, as they would without. Any other annotation comes back
    as it is.
    """
    if not union_models(annotation):
        return annotation
    members = tuple(_prepared_member(member) for member in union_members(annotation))
    return Union[members]  # noqa: UP007  (there is no `|` for a tuple)


def _prepared_member(member: Any) -> Any:
    if member is type(None):
        return member
    metadata = get_args(member)[1:] if get_origin(member) is Annotated else ()
    model = without_metadata(member)
    tags = [item.tag for item in metadata if isinstance(item, Tag)]
    validator = BeforeValidator(partial(normalize_form_model, model=model))
    return Annotated[(model, *metadata, validator, Tag(tags[-1] if tags else model.__name__))]


def normalize_form_model(value: Any, *, model: type[BaseModel]) -> Any:
    """A form's raw values as the dict from which one member of a union is validated.

        class Post(BaseModel):
            title: str
            tags: list[str]

        normalize_form_model({"title": "", "tags": "a"}, model=Post)  # {"tags": ["a"]}

    What is not a dict, such as a default, is left alone. `None` and empty lists never come from a form: a
    validator of the user put them there, so they stay.
    """
    if not isinstance(value, dict):
        return value
    values = {name: found if isinstance(found, list) else [found] for name, found in value.items()}
    fitted = fit_model(form_names(model), {name: found for name, found in values.items() if found})
    for name, found in value.items():
        if found is None or values[name] == []:
            fitted[name] = found
    return fitted
