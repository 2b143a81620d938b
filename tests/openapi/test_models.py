"""The vocabulary of OpenAPI: the same models as FastAPI has, to the field."""

from __future__ import annotations

import enum
import json
import subprocess
import sys
from typing import Any

import fastapi.openapi.models as theirs
import pytest
from pydantic import BaseModel, ValidationError

import vivace.openapi.models as ours


def names(kind: type) -> list[str]:
    return [
        name
        for name, value in vars(theirs).items()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == theirs.__name__
    ]


def own_json_schema(model: type[BaseModel], mode: Any) -> str:
    return json.dumps(model.model_json_schema(mode=mode))


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("name", names(BaseModel))
def test_models_have_the_same_fields_types_and_aliases(name: str, mode: str) -> None:
    assert own_json_schema(getattr(ours, name), mode) == own_json_schema(getattr(theirs, name), mode)


@pytest.mark.parametrize("name", names(enum.Enum))
def test_enums_have_the_same_members(name: str) -> None:
    assert [(m.name, m.value) for m in getattr(ours, name)] == [
        (m.name, m.value) for m in getattr(theirs, name)
    ]


def test_every_object_takes_extensions_and_leaves_out_nothing() -> None:
    tag = ours.Tag.model_validate(
        {"name": "items", "x-order": 1, "externalDocs": {"url": "https://a.example"}}
    )

    assert tag.model_dump(mode="json", exclude_none=True) == {
        "name": "items",
        "externalDocs": {"url": "https://a.example/"},
        "x-order": 1,
    }


def test_a_schema_may_be_true_or_false_anywhere() -> None:
    schema = ours.Schema.model_validate({"properties": {"any": True}, "additionalProperties": False})

    assert schema.model_dump(by_alias=True, exclude_none=True) == {
        "properties": {"any": True},
        "additionalProperties": False,
    }


def test_reserved_words_carry_an_underscore() -> None:
    parameter = ours.Parameter.model_validate(
        {"name": "q", "in": "query", "schema": {"not": {"type": "null"}}}
    )

    assert parameter.in_ is ours.ParameterInType.query
    assert parameter.schema_.not_.type == "null"


def test_a_wrong_address_is_refused() -> None:
    with pytest.raises(ValidationError, match="email"):
        ours.Contact(email="nobody")


def test_without_email_validator_any_text_is_an_address_and_a_warning_says_so() -> None:
    program = """
import sys
sys.modules["email_validator"] = None
from vivace.openapi.models import Contact
print(repr(Contact(email="nobody").email), Contact.model_json_schema()["properties"]["email"]["anyOf"][0])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "'nobody' {'format': 'email', 'type': 'string'}"
    assert "pip install email-validator" in done.stderr
