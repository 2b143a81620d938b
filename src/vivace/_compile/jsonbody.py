"""Extract the body: `request_body_to_args`, and the values of a body that was parsed as JSON.

A body is one value, or (`embed`) an object whose keys are the parameters. What arrives here is what parsing
made of it: data, `bytes` for a body whose Content-Type is not JSON, `FormData`, or `PydanticUndefined` for no
body at all. Unlike in a query, `null` is a value: only a key that is not there takes the default.

This module does not parse, and knows nothing of a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticUndefined
from starlette.datastructures import FormData

from vivace._plan.fields import ModelField, missing_error
from vivace._plan.forms import param_aliases

from .extract import Errors, absent, validate_value
from .forms import is_whole_body, read_form_body


async def request_body_to_args(
    body_fields: Sequence[ModelField], received_body: Any, embed_body_fields: bool
) -> tuple[dict[str, Any], Errors]:
    """Read every field from the body: `(values by parameter name, errors)`.

        values, errors = await request_body_to_args([field], {"name": "Rick"}, False)

    It waits for nothing but files that a form's `bytes` parameters ask for.
    """
    if isinstance(received_body, FormData):
        return await read_form_body(body_fields, received_body, embed_body_fields)
    return read_json_body(body_fields, received_body, embed_body_fields)


def read_json_body(fields: Sequence[ModelField], body: Any, embed: bool) -> tuple[dict[str, Any], Errors]:
    """`request_body_to_args` for a body that is not a form."""
    if is_whole_body(fields, embed):
        field = fields[0]
        value, errors = validate_value(field, body, ("body",))
        return {field.name: value}, errors
    values: dict[str, Any] = {}
    errors = []
    for field in fields:
        value, found = _read_key(field, body)
        if found:
            errors += found
        else:
            values[field.name] = value
    return values, errors


def _read_key(field: ModelField, body: Any) -> tuple[Any, Errors]:
    keys = [key for _, key in param_aliases(field)]
    if body is PydanticUndefined or isinstance(body, bytes):
        return absent(field, ("body", keys[0]))
    if not isinstance(body, Mapping):
        # A list or a number has no keys, so that not even an optional one can be said to be left out.
        return None, [missing_error(("body", keys[0]))]
    key = next((key for key in keys if key in body), keys[0])
    return validate_value(field, body.get(key, PydanticUndefined), ("body", key))
