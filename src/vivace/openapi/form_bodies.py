"""What a form with models in it looks like, in the words of JSON Schema.

The fields of its models and its single inputs are the properties of one object. `allOf` says so: the object
has what each model has, and what the inputs are. A model that may be left out is "no field of it, or all it
requires".

Knows forms and schemas; knows nothing of routes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from vivace._plan.fields import ModelField
from vivace._plan.form_body import FormBody
from vivace._plan.forms import form_models, is_nullable, model_fields, param_aliases

from .constants import REF_PREFIX

JsonSchema = dict[str, Any]


def form_body_schema(
    model: type[FormBody], generated: Mapping[str, Any], definitions: Mapping[str, JsonSchema]
) -> JsonSchema:
    """The schema of a form, made of what Pydantic has generated for each parameter.

    For a model `Profile` and an input `token`:

        {"allOf": [{"$ref": "#/components/schemas/Profile"}], "properties": {"token": {"type": "string",
        …}},
         "required": ["token"], "type": "object", "title": "Body_create_profile"}
    """
    all_of: list[JsonSchema] = []
    inputs: dict[str, JsonSchema] = {}
    required: dict[str, None] = {}
    for index, field in enumerate(model.parameters_of_form):
        schema = dict(generated["properties"][FormBody.key(index)])
        if members := form_models(field):
            all_of += _of_models(field, members, schema, definitions)
            continue
        name = param_aliases(field)[0][0]
        schema["title"] = _title(field)
        if inputs.setdefault(name, schema) is not schema:
            # The endpoint and a dependency read the same input: it has to please both.
            all_of.append({"properties": {name: schema}})
        if field.field_info.is_required():
            required[name] = None
    described: JsonSchema = {"allOf": all_of, "type": "object", "title": generated["title"]}
    if inputs:
        described["properties"] = inputs
    if required:
        described["required"] = list(required)
    return described


def _of_models(
    field: ModelField,
    members: Sequence[type[BaseModel]],
    schema: JsonSchema,
    definitions: Mapping[str, JsonSchema],
) -> list[JsonSchema]:
    """What the form is because of one parameter that is a model, or a union of models."""
    schema.pop("default", None)
    nullable = is_nullable(field.field_info.annotation)
    if nullable:
        schema["anyOf"] = [member for member in schema["anyOf"] if member != {"type": "null"}]
    if len(members) == 1:
        if nullable:
            schema["anyOf"] = [_with_alias_choices(schema["anyOf"][0], members[0], definitions)]
        else:
            schema = _with_alias_choices(schema, members[0], definitions)
    if nullable or len(members) > 1:
        schema["title"] = _title(field)
    if not nullable:
        return [schema]
    nothing = _nothing_filled_in(members)
    if field.field_info.is_required():
        return [{"not": nothing}, schema]
    return [{"anyOf": [nothing, schema]}]


def _nothing_filled_in(models: Sequence[type[BaseModel]]) -> JsonSchema:
    """The form has no field of these models."""
    # To a model that forbids or keeps what it does not know, every input is one of its own.
    if any(model.model_config.get("extra") in ("allow", "forbid") for model in models):
        return {"maxProperties": 0}
    names = {alias for model in models for field in model_fields(model) for alias, _ in param_aliases(field)}
    return {"not": {"anyOf": [{"required": [name]} for name in sorted(names)]}} if names else {}


def _with_alias_choices(
    schema: JsonSchema, model: type[BaseModel], definitions: Mapping[str, JsonSchema]
) -> JsonSchema:
    """Spell a model out where a required field of it may come under several names, which its definition cannot say."""
    choices = [
        [alias for alias, _ in param_aliases(field)]
        for field in model_fields(model)
        if field.field_info.is_required()
    ]
    choices = [aliases for aliases in choices if len(aliases) > 1]
    if not choices or "$ref" not in schema:
        return schema
    definition = definitions[schema["$ref"].removeprefix(REF_PREFIX)]
    first_names = {aliases[0] for aliases in choices}
    any_name = [{"anyOf": [{"required": [alias]} for alias in aliases]} for aliases in choices]
    return {
        **definition,
        "required": [name for name in definition.get("required", ()) if name not in first_names],
        "allOf": [*definition.get("allOf", ()), *any_name],
        **{key: value for key, value in schema.items() if key != "$ref"},
    }


def _title(field: ModelField) -> str:
    return field.field_info.title or field.name.title().replace("_", " ")
