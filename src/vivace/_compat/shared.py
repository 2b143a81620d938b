"""A door: the annotation predicates under the path by which third parties import them."""

from types import GenericAlias, UnionType
from typing import Any, List  # noqa: UP035  (its class is what is meant)

from pydantic.version import VERSION as PYDANTIC_VERSION

from vivace._plan.annotations import _annotation_is_complex as _annotation_is_complex
from vivace._plan.annotations import _annotation_is_sequence as _annotation_is_sequence
from vivace._plan.annotations import annotation_is_pydantic_v1 as annotation_is_pydantic_v1
from vivace._plan.annotations import field_annotation_is_complex as field_annotation_is_complex
from vivace._plan.annotations import field_annotation_is_scalar as field_annotation_is_scalar
from vivace._plan.annotations import (
    field_annotation_is_scalar_sequence as field_annotation_is_scalar_sequence,
)
from vivace._plan.annotations import field_annotation_is_sequence as field_annotation_is_sequence
from vivace._plan.annotations import (
    is_bytes_or_nonable_bytes_annotation as is_bytes_or_nonable_bytes_annotation,
)
from vivace._plan.annotations import is_bytes_sequence_annotation as is_bytes_sequence_annotation
from vivace._plan.annotations import is_pydantic_v1_model_class as is_pydantic_v1_model_class
from vivace._plan.annotations import is_pydantic_v1_model_instance as is_pydantic_v1_model_instance
from vivace._plan.annotations import (
    is_uploadfile_or_nonable_uploadfile_annotation as is_uploadfile_or_nonable_uploadfile_annotation,
)
from vivace._plan.annotations import is_uploadfile_sequence_annotation as is_uploadfile_sequence_annotation
from vivace._plan.annotations import lenient_issubclass as lenient_issubclass
from vivace._plan.annotations import sequence_annotation_to_type as sequence_annotation_to_type
from vivace._plan.annotations import sequence_types as sequence_types
from vivace._plan.annotations import value_is_sequence as value_is_sequence

PYDANTIC_VERSION_MINOR_TUPLE = tuple(int(part) for part in PYDANTIC_VERSION.split(".")[:2])

# The classes of `typing.List[int]`, `list[int]` and `int | str`, for whoever asks with isinstance.
WithArgsTypes: tuple[Any, ...] = (type(List[int]), GenericAlias, UnionType)  # noqa: UP006  (as above)
