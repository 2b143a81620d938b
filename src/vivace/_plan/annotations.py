"""Questions about a type annotation: is it a sequence, a scalar, bytes, an upload, a model?

The answers decide where a parameter is read from (a scalar from the query, a model from the body) and how (a
sequence from every value of one name). All are predicates over annotations alone: no field, no default, no
request.

A union is what any of its members is, and a scalar only if all of them are. `Annotated` is looked through
where the question is about shape; the questions about bytes and uploads are about the very type that stands
there, because a validator in `Annotated` may take something else as its input.
"""

import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from starlette.datastructures import UploadFile

_T = TypeVar("_T")

# The sequences that a parameter may be declared as, and what each is built as.
sequence_annotation_to_type: dict[type[Any], type[Any]] = {
    Sequence: list,
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    deque: deque,
}
sequence_types: tuple[type[Any], ...] = tuple(sequence_annotation_to_type)


def lenient_issubclass(
    cls: Any, class_or_tuple: type[_T] | tuple[type[_T], ...] | None
) -> TypeGuard[type[_T]]:
    """`issubclass`, but False rather than TypeError for what is not a class: `list[int]`, `int | None`."""
    # `list[int]` passes as an instance of type, and only issubclass itself tells it from a class.
    try:
        return isinstance(cls, type) and issubclass(cls, class_or_tuple)  # type: ignore[arg-type]  # None raises
    except TypeError:
        if get_origin(cls) is not None:
            return False
        raise


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of `X | Y`, `Union[X, Y]` or `Optional[X]`; nothing for any other annotation."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()


def without_metadata(annotation: Any) -> Any:
    """`int` for `Annotated[int, ...]`; any other annotation as it is."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def value_is_sequence(value: Any) -> bool:
    """Whether a value is one of `sequence_types`, text and bytes aside."""
    return isinstance(value, sequence_types) and not isinstance(value, (str, bytes))


def _annotation_is_sequence(annotation: Any) -> bool:
    return lenient_issubclass(annotation, sequence_types) and not issubclass(annotation, (str, bytes))


def _annotation_is_complex(annotation: Any) -> bool:
    return (
        lenient_issubclass(annotation, (BaseModel, Mapping, UploadFile))
        or _annotation_is_sequence(annotation)
        or is_dataclass(annotation)
    )


def field_annotation_is_sequence(annotation: Any) -> bool:
    """Whether several values fit: `list[int]`, `set[str] | None`, `Annotated[tuple[int, int], ...]`."""
    annotation = without_metadata(annotation)
    if members := union_members(annotation):
        return any(field_annotation_is_sequence(member) for member in members)
    return _annotation_is_sequence(annotation) or _annotation_is_sequence(get_origin(annotation))


def field_annotation_is_complex(annotation: Any) -> bool:
    """Whether the value has parts: a model, dataclass, mapping, sequence, upload, or a union with one."""
    annotation = without_metadata(annotation)
    if members := union_members(annotation):
        return any(field_annotation_is_complex(member) for member in members)
    origin = get_origin(annotation)
    return (
        _annotation_is_complex(annotation)
        or _annotation_is_complex(origin)
        or hasattr(origin, "__pydantic_core_schema__")
        or hasattr(origin, "__get_pydantic_core_schema__")
    )


def field_annotation_is_scalar(annotation: Any) -> bool:
    """Whether the value is one text in a query string, header or path: all that is not complex."""
    return annotation is ... or not field_annotation_is_complex(annotation)


def field_annotation_is_scalar_sequence(annotation: Any) -> bool:
    """Whether the value is a sequence of scalars, for which a query string repeats a name: `list[int]`."""
    annotation = without_metadata(annotation)
    if members := union_members(annotation):
        sequences = [field_annotation_is_scalar_sequence(member) for member in members]
        rest = [m for m, is_sequence in zip(members, sequences, strict=True) if not is_sequence]
        return any(sequences) and all(field_annotation_is_scalar(member) for member in rest)
    return field_annotation_is_sequence(annotation) and all(
        field_annotation_is_scalar(item) for item in get_args(annotation)
    )


def is_bytes_or_nonable_bytes_annotation(annotation: Any) -> bool:
    """Whether the annotation is `bytes`, alone or as a member of a union."""
    return _is_or_contains(annotation, bytes)


def is_uploadfile_or_nonable_uploadfile_annotation(annotation: Any) -> bool:
    """Whether the annotation is `UploadFile`, alone or as a member of a union."""
    return _is_or_contains(annotation, UploadFile)


def is_bytes_sequence_annotation(annotation: Any) -> bool:
    """Whether the annotation is a sequence of `bytes`, alone or as a member of a union."""
    return _is_sequence_of(annotation, is_bytes_or_nonable_bytes_annotation)


def is_uploadfile_sequence_annotation(annotation: Any) -> bool:
    """Whether the annotation is a sequence of `UploadFile`, alone or as a member of a union."""
    return _is_sequence_of(annotation, is_uploadfile_or_nonable_uploadfile_annotation)


def _is_or_contains(annotation: Any, cls: type) -> bool:
    return lenient_issubclass(annotation, cls) or any(
        lenient_issubclass(member, cls) for member in union_members(annotation)
    )


def _is_sequence_of(annotation: Any, is_item: Callable[[Any], bool]) -> bool:
    if members := union_members(annotation):
        return any(_is_sequence_of(member, is_item) for member in members)
    return field_annotation_is_sequence(annotation) and all(is_item(item) for item in get_args(annotation))


def is_pydantic_v1_model_class(cls: Any) -> bool:
    """Whether `cls` is a model of `pydantic.v1`, the old library that ships inside the new one."""
    # Never imported here: it warns on some Pythons and breaks on 3.14. A class of it exists only if it was
    # imported.
    v1 = sys.modules.get("pydantic.v1.main")
    return v1 is not None and lenient_issubclass(cls, v1.BaseModel)


def is_pydantic_v1_model_instance(obj: Any) -> bool:
    """Whether `obj` is an instance of a `pydantic.v1` model."""
    return is_pydantic_v1_model_class(type(obj))


def annotation_is_pydantic_v1(annotation: Any) -> bool:
    """Whether the annotation is a `pydantic.v1` model, a sequence of them, or a union with one of these.

    Elsewhere, as in `dict[str, OldModel]`, Pydantic itself refuses the model.
    """
    if is_pydantic_v1_model_class(annotation):
        return True
    has_members = bool(union_members(annotation)) or field_annotation_is_sequence(annotation)
    return has_members and any(annotation_is_pydantic_v1(member) for member in get_args(annotation))
