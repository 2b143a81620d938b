"""`form_limits=`: how much of a form is parsed before the request is refused."""

from functools import cache

from pydantic import ConfigDict, NonNegativeInt, TypeAdapter, with_config
from typing_extensions import TypedDict


@with_config(ConfigDict(strict=True, extra="forbid"))
class _FormLimits(TypedDict, total=False):
    """`FastAPI(form_limits={"max_files": 2, "max_part_size": 512 * 1024})`; what is left out is inherited."""

    max_fields: NonNegativeInt
    """How many fields, other than files, a form may have."""
    max_files: NonNegativeInt
    """How many files a form may have."""
    max_part_size: NonNegativeInt
    """How many bytes a field of a multipart form may have. Files are bounded by `max_body_size`."""


@cache  # PERF (W12): most programs set no limits, and an adapter takes a millisecond to build
def _form_limits_adapter() -> TypeAdapter[_FormLimits]:
    return TypeAdapter(_FormLimits)


def _validate_form_limits(limits: _FormLimits | None) -> _FormLimits:
    """A copy of the limits, `{}` for None. Raises Pydantic's ValidationError, a ValueError."""
    return {} if limits is None else _form_limits_adapter().validate_python(limits)
