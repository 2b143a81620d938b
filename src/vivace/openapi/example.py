"""A named example of a value (OpenAPI 3.1, section 4.8.19)."""

from typing import Any

from pydantic import AnyUrl
from typing_extensions import TypedDict


class Example(TypedDict, total=False):
    # A plain dict, not a model: `openapi_examples={"cheap": {"value": 1}}` is written by hand at endpoints.
    summary: str | None
    description: str | None
    value: Any | None
    externalValue: AnyUrl | None

    # Pydantic's setting, which is no key.
    __pydantic_config__ = {"extra": "allow"}  # type: ignore[misc]  # noqa: RUF012
