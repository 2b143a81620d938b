"""Forms with models in them: fields of the models and single inputs, side by side in one object."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, Field

from vivace import Depends, Form, UploadFile

from .documents import Json, definitions_of, operation_of


class Profile(BaseModel):
    name: str
    city: str = ""


class Strict(BaseModel, extra="forbid"):
    code: int


class Empty(BaseModel): ...


class Choice(BaseModel):
    """May be found under two names."""

    size: int = Field(validation_alias=AliasChoices("size", "s"))
    color: str


class Person(BaseModel):
    kind: Literal["person"]


class Company(BaseModel):
    kind: Literal["company"]


PROFILE = {"$ref": "#/components/schemas/Profile"}
STRICT = {"$ref": "#/components/schemas/Strict"}
TOKEN = {"token": {"type": "string", "title": "Token"}}
NO_PROFILE = {"not": {"anyOf": [{"required": ["city"]}, {"required": ["name"]}]}}

Token = Annotated[str, Form()]


def described(endpoint: Any) -> Json:
    """The form's definition, less what is the same for all."""
    schema = dict(definitions_of(endpoint, method="POST")[f"Body_{endpoint.__name__}__post"])
    assert schema.pop("type") == "object"
    assert schema.pop("title") == f"Body_{endpoint.__name__}__post"
    return schema


def body_schema(endpoint: Any) -> Json:
    content = operation_of(endpoint, method="POST")["requestBody"]["content"]
    (schema,) = [media["schema"] for media in content.values()]
    return schema


def test_one_model_is_the_form() -> None:
    def send(profile: Annotated[Profile, Form()]) -> None: ...

    assert body_schema(send) == PROFILE


def test_a_model_shares_the_form_with_inputs() -> None:
    def send(
        profile: Annotated[Profile, Form()], token: Token, note: Annotated[str, Form()] = ""
    ) -> None: ...

    assert described(send) == {
        "allOf": [PROFILE],
        "properties": {**TOKEN, "note": {"type": "string", "title": "Note", "default": ""}},
        "required": ["token"],
    }


def test_a_model_shares_the_form_with_files() -> None:
    def send(profile: Annotated[Profile, Form()], picture: UploadFile) -> None: ...

    assert "multipart/form-data" in operation_of(send, method="POST")["requestBody"]["content"]
    assert described(send)["properties"] == {
        "picture": {"type": "string", "contentMediaType": "application/octet-stream", "title": "Picture"}
    }


def test_models_share_the_form() -> None:
    def send(profile: Annotated[Profile, Form()], strict: Annotated[Strict, Form()]) -> None: ...

    assert described(send) == {"allOf": [PROFILE, STRICT]}


def test_a_model_that_may_be_left_out_is_there_in_full_or_not_at_all() -> None:
    def send(token: Token, profile: Annotated[Profile | None, Form()] = None) -> None: ...

    assert described(send) == {
        "allOf": [{"anyOf": [NO_PROFILE, {"anyOf": [PROFILE], "title": "Profile"}]}],
        "properties": TOKEN,
        "required": ["token"],
    }


def test_so_is_the_only_model_of_a_form() -> None:
    def send(profile: Annotated[Profile | None, Form()] = None) -> None: ...

    assert body_schema(send) == {"$ref": "#/components/schemas/Body_send__post"}
    assert "required" not in operation_of(send, method="POST")["requestBody"]
    assert described(send) == {"allOf": [{"anyOf": [NO_PROFILE, {"anyOf": [PROFILE], "title": "Profile"}]}]}


def test_a_model_without_a_default_has_to_be_filled_in() -> None:
    def send(profile: Annotated[Profile | None, Form()], token: Token) -> None: ...

    assert described(send)["allOf"] == [{"not": NO_PROFILE}, {"anyOf": [PROFILE], "title": "Profile"}]


@pytest.mark.parametrize(
    ("model", "nothing"),
    [
        (Profile, NO_PROFILE),
        (Strict, {"maxProperties": 0}),  # to a model that forbids extras, any input is one of its own
        (Empty, {}),
    ],
)
def test_nothing_filled_in(model: Any, nothing: Json) -> None:
    def send(value: Annotated[model | None, Form()] = None) -> None: ...

    assert described(send)["allOf"][0]["anyOf"][0] == nothing


def test_a_union_of_models() -> None:
    def send(value: Annotated[Profile | Strict, Form()], token: Token) -> None: ...

    assert described(send)["allOf"] == [{"anyOf": [PROFILE, STRICT], "title": "Value"}]


def test_a_union_with_a_discriminator() -> None:
    def send(who: Annotated[Person | Company, Form(discriminator="kind")], token: Token) -> None: ...

    (schema,) = described(send)["allOf"]

    assert schema["discriminator"]["propertyName"] == "kind"
    assert len(schema["oneOf"]) == 2


def test_a_required_field_with_several_names_is_spelt_out() -> None:
    def send(choice: Annotated[Choice, Form()], token: Token) -> None: ...

    assert described(send)["allOf"] == [
        {
            "allOf": [{"anyOf": [{"required": ["size"]}, {"required": ["s"]}]}],
            "properties": {
                "size": {"type": "integer", "title": "Size"},
                "color": {"type": "string", "title": "Color"},
            },
            "type": "object",
            "required": ["color"],
            "title": "Choice",
            "description": "May be found under two names.",
        }
    ]


def test_inputs_go_by_their_alias_and_are_titled_by_name() -> None:
    def send(
        profile: Annotated[Profile, Form()], the_token: Annotated[str, Form(alias="X-Token")]
    ) -> None: ...

    assert described(send)["properties"] == {"X-Token": {"type": "string", "title": "The Token"}}
    assert described(send)["required"] == ["X-Token"]


def test_an_input_that_two_functions_read_has_to_please_both() -> None:
    def dependency(token: Annotated[int, Form()]) -> None: ...

    def send(
        profile: Annotated[Profile, Form()], token: Token, used: Annotated[Any, Depends(dependency)]
    ) -> None: ...

    assert described(send) == {
        "allOf": [PROFILE, {"properties": {"token": {"type": "integer", "title": "Token"}}}],
        "properties": TOKEN,
        "required": ["token"],
    }
