"""The doors give what FastAPI's give: same signatures, same answers."""

import enum
import inspect
import json
from collections import deque
from collections.abc import Sequence
from types import ModuleType
from typing import Any, ForwardRef, Literal, Union

import fastapi._compat.v2 as their_compat
import fastapi.openapi.utils as their_utils
import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

import vivace._compat.v2 as our_compat
import vivace.openapi.utils as our_utils
from vivace import FastAPI
from vivace.exceptions import FastAPIDeprecationWarning


class Color(enum.Enum):
    red = 1


class Part(BaseModel):
    kind: Literal["a"]
    color: Color = Color.red


class Whole(BaseModel):
    parts: list[Part] = []
    size: int


def public_functions(module: ModuleType) -> list[str]:
    own = [
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
    ]
    return [name for name in own if inspect.isfunction(getattr(module, name)) and not name.startswith("_")]


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize(
    ("theirs", "ours", "name"),
    [(their_compat, our_compat, name) for name in public_functions(their_compat)]
    + [(their_utils, our_utils, name) for name in public_functions(their_utils)],
)
def test_functions_are_called_the_same_way(theirs: ModuleType, ours: ModuleType, name: str) -> None:
    expected = [name for name, *_ in parameters(getattr(theirs, name))]

    assert [name for name, *_ in parameters(getattr(ours, name))] == expected


def test_get_openapi_has_the_same_defaults() -> None:
    assert parameters(our_utils.get_openapi) == parameters(their_utils.get_openapi)


# ---- _compat.v2 ------------------------------------------------------------------------------------------------------


def fields(annotation: Any, **attributes: Any) -> tuple[Any, Any]:
    return tuple(
        compat.ModelField(field_info=FieldInfo(annotation=annotation, **attributes), name="value")
        for compat in (their_compat, our_compat)
    )


ANNOTATIONS = [Whole, list[Whole], int, Whole | None, Color, dict[Color, Part], list[Color]]


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_flat_models(annotation: Any) -> None:
    theirs, ours = fields(annotation)

    assert our_compat.get_flat_models_from_field(ours, set()) == their_compat.get_flat_models_from_field(
        theirs, set()
    )
    assert our_compat.get_flat_models_from_fields(
        [ours], {Color}
    ) == their_compat.get_flat_models_from_fields([theirs], {Color})
    assert our_compat.get_flat_models_from_annotation(annotation, set()) == (
        their_compat.get_flat_models_from_annotation(annotation, set())
    )
    assert our_compat.get_flat_models_from_model(Whole) == their_compat.get_flat_models_from_model(Whole)


@pytest.mark.parametrize("separate", [True, False])
@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_definitions_and_schemas(annotation: Any, separate: bool) -> None:
    answers = []
    for compat, field in zip((their_compat, our_compat), fields(annotation), strict=True):
        names = compat.get_model_name_map(compat.get_flat_models_from_field(field, set()))
        mapping, definitions = compat.get_definitions(
            fields=[field], model_name_map=names, separate_input_output_schemas=separate
        )
        schema = compat.get_schema_from_model_field(
            field=field,
            model_name_map=names,
            field_mapping=mapping,
            separate_input_output_schemas=separate,
            field_alias="an_alias",
        )
        answers.append((names, json.dumps(definitions), json.dumps(schema)))

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (set[int], [1, 2]),
        (list[int] | None, (1, 2)),
        (Union[None, list[int]], (1,)),  # noqa: UP007  (None first)
        (tuple[int, ...], [1]),
        (frozenset[int], [1]),
        (Sequence[int], (1,)),
        (deque[int], [1]),
        (set[int] | list[int], [1]),
        (list, (1,)),
    ],
)
def test_a_value_becomes_the_declared_sequence(annotation: Any, value: Any) -> None:
    theirs, ours = fields(annotation)
    expected = their_compat.serialize_sequence_value(field=theirs, value=value)
    made = our_compat.serialize_sequence_value(field=ours, value=value)

    assert (type(made), made) == (type(expected), expected)


def test_a_scalar_becomes_no_sequence() -> None:
    with pytest.raises(TypeError, match="'value' is declared as <class 'int'>, which is not a sequence"):
        our_compat.serialize_sequence_value(field=fields(int)[1], value=[1])


@pytest.mark.parametrize(
    "arguments",
    [("int",), ("Later", {}), (ForwardRef("X"), {"X": str}), (int,), ("X | None", {"X": str}), (None,)],
)
def test_forward_references(arguments: Any) -> None:
    assert our_compat.evaluate_forwardref(*arguments) == their_compat.evaluate_forwardref(*arguments)


def test_errors_get_their_place() -> None:
    with pytest.raises(ValidationError) as caught:
        Whole(size="x")
    errors = caught.value.errors()

    assert our_compat._regenerate_error_with_loc(errors=errors, loc_prefix=("query",)) == (
        their_compat._regenerate_error_with_loc(errors=errors, loc_prefix=("query",))
    )
    assert our_compat.get_missing_field_error(("body", "a")) == their_compat.get_missing_field_error(
        ("body", "a")
    )


def test_a_body_model_is_made_of_fields() -> None:
    schemas = [
        compat.create_body_model(
            fields=[field], model_name="Body_a", config={"extra": "forbid"}
        ).model_json_schema()
        for compat, field in zip((their_compat, our_compat), fields(int, default=3, alias="v"), strict=True)
    ]

    assert schemas[0] == schemas[1]


def test_fields_of_a_model_are_made_once() -> None:
    assert our_compat.get_cached_model_fields(Whole) is our_compat.get_cached_model_fields(Whole)
    assert [field.name for field in our_compat.get_model_fields(Whole)] == ["parts", "size"]


# ---- openapi.utils ---------------------------------------------------------------------------------------------------


def test_pieces_of_a_document_can_be_made_one_by_one() -> None:
    app = FastAPI(openapi_url=None)

    @app.post("/wholes/{size}")
    def create_whole(size: int, whole: Whole) -> Part: ...

    route: Any = app.routes[0]
    used = our_utils.get_fields_from_routes(app.routes)
    names = our_utils.get_model_name_map(our_utils.get_flat_models_from_fields(used, set()))
    mapping, definitions = our_utils.get_definitions(fields=used, model_name_map=names)
    pieces: Any = {"model_name_map": names, "field_mapping": mapping}
    item, schemes, more = our_utils.get_openapi_path(route=route, operation_ids=set(), **pieces)

    document = app.openapi()
    assert json.dumps(item["post"]) == json.dumps(document["paths"]["/wholes/{size}"]["post"])
    assert schemes == {}
    assert sorted({**definitions, **more}) == list(document["components"]["schemas"])
    assert item["post"]["requestBody"] == our_utils.get_openapi_operation_request_body(
        body_field=route.body_field, **pieces
    )
    assert our_utils.get_openapi_operation_request_body(body_field=None, **pieces) is None
    assert our_utils.get_openapi_operation_metadata(route=route, method="POST", operation_ids=set()) == {
        "summary": "Create Whole",
        "operationId": "create_whole_wholes__size__post",
    }
    assert our_utils.generate_operation_summary(route=route, method="POST") == "Create Whole"


def test_the_deprecated_id_warns() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/a/{b}", name="read")(lambda b: None)
    route: Any = app.routes[0]

    with pytest.warns(FastAPIDeprecationWarning, match=r"route\.unique_id"):
        assert our_utils.generate_operation_id(route=route, method="GET") == "read_a__b__get"
