"""What rests on Pydantic's private names does what it should with the Pydantic that is installed."""

from typing import Annotated, Any, ForwardRef

import annotated_types
import fastapi._compat.v2 as oracle
import pytest
from pydantic import Field, TypeAdapter, create_model
from pydantic.fields import FieldInfo

from vivace import params
from vivace._pydantic import (
    GenerateJsonSchema,
    evaluate_forward_reference,
    field_attributes,
    forget_alias,
    is_complete,
    merged_field_info,
)

MERGES: list[tuple[FieldInfo, Any]] = [
    (params.Query(default=5, title="t", gt=3), Annotated[str, Field(min_length=5, description="d")]),
    (params.Query(title="t", gt=3), Annotated[int, Field(lt=5, title="u"), annotated_types.Ge(2)]),
    (params.Query(alias="a"), Annotated[int, Field(alias="b", default=4)]),
    (params.Query(gt=3), int),
    (params.Query(gt=3), Annotated[int, params.Query(gt=3)]),
    (params.Query(), Annotated[int, Field(default_factory=int)]),
    (params.Body(embed=True, media_type="a/b", examples=[1]), Annotated[int, Field(examples=[2])]),
    (FieldInfo(annotation=int, title="t", default=2), Annotated[int, Field(lt=5)]),
    (params.Path(), Annotated["Later", params.Path(title="x")]),  # noqa: F821
]


def told(info: FieldInfo) -> dict[str, Any]:
    return {name: getattr(info, name, None) for name in FieldInfo.__slots__}


@pytest.mark.parametrize(("info", "annotation"), MERGES)
def test_the_annotation_has_the_last_word(info: FieldInfo, annotation: Any) -> None:
    before = told(info)
    merged = merged_field_info(info, annotation)

    assert told(merged) == told(oracle.copy_field_info(field_info=info, annotation=annotation))
    assert type(merged) is type(info)
    assert vars(merged) == vars(info) if hasattr(info, "__dict__") else True
    assert told(info) == before


def test_attributes_leave_out_a_default_that_is_not_there() -> None:
    assert "default" not in field_attributes(FieldInfo(annotation=int))
    assert field_attributes(FieldInfo(annotation=int, default=None))["default"] is None
    assert field_attributes(params.Query(alias="a")) == oracle.asdict(params.Query(alias="a"))["attributes"]


def test_a_field_without_its_alias_goes_by_its_name_in_a_model() -> None:
    info = params.Form(annotation=int, alias="item-id", ge=3, description="d")
    model = create_model("Model", item_id=(int, forget_alias(info)))

    assert info.alias == "item-id"
    assert model.model_json_schema()["properties"] == {
        "item_id": {"description": "d", "minimum": 3, "title": "Item Id", "type": "integer"}
    }


def test_a_model_is_complete_once_its_types_are_known() -> None:
    waiting = create_model("Waiting", later=("Later", ...))
    assert not is_complete(waiting)

    waiting.model_rebuild(_types_namespace={"Later": int})
    assert is_complete(waiting)


def test_names_that_are_not_there_yet_stay_references() -> None:
    assert evaluate_forward_reference("int | None") == int | None
    assert evaluate_forward_reference("Later") == ForwardRef("Later")


def test_bytes_are_described_by_media_type() -> None:
    schema = TypeAdapter(Annotated[bytes, Field(max_length=3)]).json_schema(
        schema_generator=GenerateJsonSchema
    )

    assert schema == {"type": "string", "contentMediaType": "application/octet-stream", "maxLength": 3}
