"""Type aliases that signatures across the package share."""

from collections.abc import Callable, Mapping
from enum import Enum
from types import UnionType as UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union

from pydantic import BaseModel

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])
"""A function that a decorator returns unchanged."""

# Pydantic's own alias is not among its documented names, so its shape is stated here.
IncEx: TypeAlias = (
    set[int] | set[str] | Mapping[int, Union["IncEx", bool]] | Mapping[str, Union["IncEx", bool]]
)
"""Which fields to include or exclude: `{"name"}`, or nested, `{"owner": {"email": True}}`."""

ModelNameMap: TypeAlias = dict[type[BaseModel] | type[Enum], str]
"""The name under which each model stands in the OpenAPI document."""

FrontendFallback: TypeAlias = Literal["auto", "index.html", "404.html"]
"""Which file answers navigation to a path that is none: whichever exists, or one of them."""

DependencyCacheKey: TypeAlias = tuple[Callable[..., Any] | None, tuple[str, ...], str]
"""What makes two uses of a dependency the same one: the callable, its OAuth scopes, its lifetime."""
