"""The questions about annotations have FastAPI's answers, for the usual types and for whatever can be made of them."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import typing
from collections.abc import Callable
from typing import Annotated, Any, Generic, NamedTuple, TypedDict, TypeVar, Union

import pytest
from fastapi import UploadFile
from fastapi._compat import shared as fastapi_shared
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.datastructures import UploadFile as StarletteUploadFile

from vivace._plan import annotations

PREDICATES = [
    "field_annotation_is_sequence",
    "field_annotation_is_complex",
    "field_annotation_is_scalar",
    "field_annotation_is_scalar_sequence",
    "is_bytes_or_nonable_bytes_annotation",
    "is_bytes_sequence_annotation",
    "is_uploadfile_or_nonable_uploadfile_annotation",
    "is_uploadfile_sequence_annotation",
    "annotation_is_pydantic_v1",
]

T = TypeVar("T")


class Model(BaseModel): ...


class GenericModel(BaseModel, Generic[T]): ...


@dataclasses.dataclass
class Data: ...


class Typed(TypedDict): ...


class Named(NamedTuple):
    x: int


class Customized(Generic[T]):
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any: ...


class Text(str): ...


class Raw(bytes): ...


TYPES: list[Any] = [
    *(int, str, bytes, bytearray, type(None), Any, object, range, Text, Raw),
    *(
        list,
        tuple,
        set,
        frozenset,
        dict,
        collections.deque,
        collections.OrderedDict,
        collections.abc.Sequence,
    ),
    *(typing.List, typing.Sequence, typing.Mapping, typing.Iterable),  # noqa: UP006
    *(Model, Data, Typed, Named, UploadFile, StarletteUploadFile, T, typing.Literal["a"]),
]
WRAPPERS: list[Callable[[Any], Any]] = [
    lambda t: list[t],
    lambda t: tuple[t, ...],
    lambda t: dict[str, t],
    lambda t: typing.Sequence[t],
    lambda t: Annotated[t, "metadata"],
    lambda t: Union[t, None],  # noqa: UP007  (not the class that `|` makes)
    lambda t: t | int,
    lambda t: t | list[str],
    lambda t: GenericModel[t],
    lambda t: Customized[t],
]


def wrap(annotation: Any, wrappers: list[Callable[[Any], Any]]) -> Any:
    for wrapper in wrappers:
        annotation = wrapper(annotation)
    return annotation


@settings(max_examples=300, deadline=None)
@given(st.builds(wrap, st.sampled_from(TYPES), st.lists(st.sampled_from(WRAPPERS), max_size=4)))
def test_same_annotation_same_answers(annotation: Any) -> None:
    ours = {name: getattr(annotations, name)(annotation) for name in PREDICATES}
    assert ours == {name: getattr(fastapi_shared, name)(annotation) for name in PREDICATES}


@pytest.mark.parametrize(
    ("annotation", "is_sequence", "is_scalar"),
    [
        (int, False, True),
        (str, False, True),
        (list[int], True, False),
        (list[int] | None, True, False),
        (Annotated[set[str], "metadata"], True, False),
        (Model, False, False),
        (Model | int, False, False),
        (dict[str, int], False, False),
    ],
)
def test_shapes(annotation: Any, is_sequence: bool, is_scalar: bool) -> None:
    assert annotations.field_annotation_is_sequence(annotation) is is_sequence
    assert annotations.field_annotation_is_scalar(annotation) is is_scalar


@pytest.mark.parametrize(
    "value", [[1], (1,), {1}, frozenset(), collections.deque(), "a", b"a", {1: 2}, None, iter([])]
)
def test_values(value: Any) -> None:
    assert annotations.value_is_sequence(value) is fastapi_shared.value_is_sequence(value)


def test_what_is_no_class_is_no_subclass() -> None:
    assert not annotations.lenient_issubclass(list[int], list)
    assert not annotations.lenient_issubclass("int", int)
    with pytest.raises(TypeError):
        annotations.lenient_issubclass(int, None)
