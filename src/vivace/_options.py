"""The route options, said once.

`RouteOptions` is the value behind every way of declaring a route: the keywords of `app.get`, `router.api_route`,
`APIRoute(...)`. `OperationOptions` is the same list as keyword types, so that editors complete every option of every
verb. `IncludeContext` is what the routers above a route add to its options.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from vivace import params
from vivace._body_limit import validate_max_body_size
from vivace._form_limits import _FormLimits, _validate_form_limits
from vivace._operation_id import generate_unique_id
from vivace.datastructures import Default, DefaultPlaceholder, get_value_or_default
from vivace.types import IncEx

if TYPE_CHECKING:
    from vivace.routing import APIRoute, APIRouter

Responses = dict[int | str, dict[str, Any]]
UniqueIdFunction = Callable[["APIRoute"], str]


class OperationOptions(TypedDict, total=False):
    """The keyword options of a path operation."""

    response_model: Any
    """The type of the answer: it is validated, filtered and documented by it. Default: the return annotation."""
    status_code: int | None
    """Status of a successful answer. Default: 200."""
    tags: list[str | Enum] | None
    """Groups of the document in which the operation stands."""
    dependencies: Sequence[params.Depends] | None
    """Dependencies called for their effect, before the endpoint's own."""
    summary: str | None
    """One line. Default: the endpoint's name in words."""
    description: str | None
    """Markdown. Default: the endpoint's docstring up to a form feed."""
    response_description: str
    """Description of a successful answer."""
    responses: Responses | None
    """More answers by status: `{404: {"model": Message, "description": "No such item"}}`."""
    deprecated: bool | None
    """Mark as deprecated in the document."""
    operation_id: str | None
    """Id in the document. Default: made by `generate_unique_id_function`."""
    response_model_include: IncEx | None
    """Only these fields of the answer."""
    response_model_exclude: IncEx | None
    """Not these fields of the answer."""
    response_model_by_alias: bool
    """Write aliases rather than field names (default)."""
    response_model_exclude_unset: bool
    """Leave out fields that were not set."""
    response_model_exclude_defaults: bool
    """Leave out fields that equal their default."""
    response_model_exclude_none: bool
    """Leave out fields that are None."""
    include_in_schema: bool
    """Whether the document shows the operation (default)."""
    response_class: type[Response]
    """Class of the answer. Default: JSON."""
    name: str | None
    """Name for `url_path_for`. Default: the endpoint's name."""
    callbacks: list[BaseRoute] | None
    """Routes that this operation calls back, for the document."""
    openapi_extra: dict[str, Any] | None
    """Merged into the operation's document."""
    generate_unique_id_function: UniqueIdFunction
    """Makes the operation id from the route."""
    max_body_size: int | None
    """Largest request body in bytes; above it the answer is 413."""
    form_limits: _FormLimits | None
    """Limits of forms: `max_files`, `max_fields` (counts) and `max_part_size` (bytes)."""
    inline: bool
    """Call a `def` endpoint on the event loop rather than in a worker thread: for one that does next to nothing."""


class RouteOptions(NamedTuple):
    """The options of one route. A `DefaultPlaceholder` marks what a router above may decide."""

    response_model: Any = Default(None)
    status_code: int | None = None
    tags: list[str | Enum] | None = None
    dependencies: Sequence[params.Depends] | None = None
    summary: str | None = None
    description: str | None = None
    response_description: str = "Successful Response"
    responses: Responses | None = None
    deprecated: bool | None = None
    name: str | None = None
    methods: Collection[str] | None = None
    operation_id: str | None = None
    response_model_include: IncEx | None = None
    response_model_exclude: IncEx | None = None
    response_model_by_alias: bool = True
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    include_in_schema: bool = True
    response_class: type[Response] | DefaultPlaceholder = Default(JSONResponse)
    callbacks: list[BaseRoute] | None = None
    openapi_extra: dict[str, Any] | None = None
    generate_unique_id_function: UniqueIdFunction | DefaultPlaceholder = Default(generate_unique_id)
    strict_content_type: bool | DefaultPlaceholder = Default(True)
    max_body_size: int | None = None
    form_limits: _FormLimits | None = None
    inline: bool = False


class IncludeContext(NamedTuple):
    """What routers add to the routes below them: their own settings and those of `include_router`."""

    prefix: str = ""
    tags: tuple[str | Enum, ...] = ()
    dependencies: tuple[params.Depends, ...] = ()
    responses: Responses = {}  # noqa: RUF012  (never edited, like all of a context)
    callbacks: tuple[BaseRoute, ...] = ()
    deprecated: bool | None = None
    include_in_schema: bool = True
    default_response_class: type[Response] | DefaultPlaceholder = Default(JSONResponse)
    generate_unique_id_function: UniqueIdFunction | DefaultPlaceholder = Default(generate_unique_id)
    strict_content_type: bool | DefaultPlaceholder = Default(True)
    max_body_size: int | None = None
    form_limits: _FormLimits = _FormLimits()
    dependency_overrides_provider: Any = None

    @classmethod
    def of_router(cls, router: APIRouter) -> IncludeContext:
        """The router's own settings."""
        return cls(
            prefix=router.prefix,
            tags=tuple(router.tags),
            dependencies=tuple(router.dependencies),
            responses=router.responses,
            callbacks=tuple(router.callbacks),
            deprecated=router.deprecated,
            include_in_schema=router.include_in_schema,
            default_response_class=router.default_response_class,
            generate_unique_id_function=router.generate_unique_id_function,
            strict_content_type=router.strict_content_type,
            max_body_size=router.max_body_size,
            form_limits=router.form_limits,
            dependency_overrides_provider=router.dependency_overrides_provider,
        )

    def then(self, inner: IncludeContext) -> IncludeContext:
        """This context around `inner`: lists are joined, outer first; for single settings the inner one wins."""
        return IncludeContext(
            prefix=self.prefix + inner.prefix,
            tags=(*self.tags, *inner.tags),
            dependencies=(*self.dependencies, *inner.dependencies),
            responses={**self.responses, **inner.responses},
            callbacks=(*self.callbacks, *inner.callbacks),
            deprecated=inner.deprecated or self.deprecated,
            include_in_schema=self.include_in_schema and inner.include_in_schema,
            default_response_class=get_value_or_default(
                inner.default_response_class, self.default_response_class
            ),
            generate_unique_id_function=get_value_or_default(
                inner.generate_unique_id_function, self.generate_unique_id_function
            ),
            strict_content_type=get_value_or_default(inner.strict_content_type, self.strict_content_type),
            max_body_size=self.max_body_size if inner.max_body_size is None else inner.max_body_size,
            form_limits={**self.form_limits, **inner.form_limits},
            dependency_overrides_provider=self.dependency_overrides_provider
            or inner.dependency_overrides_provider,
        )

    def apply(self, options: RouteOptions) -> RouteOptions:
        """The options that a route has below this context."""
        return options._replace(
            tags=[*self.tags, *(options.tags or ())],
            dependencies=[*self.dependencies, *(options.dependencies or ())],
            responses={**self.responses, **(options.responses or {})},
            callbacks=[*self.callbacks, *(options.callbacks or ())] or None,
            deprecated=options.deprecated or self.deprecated,
            include_in_schema=options.include_in_schema and self.include_in_schema,
            response_class=get_value_or_default(options.response_class, self.default_response_class),
            generate_unique_id_function=get_value_or_default(
                options.generate_unique_id_function, self.generate_unique_id_function
            ),
            strict_content_type=get_value_or_default(options.strict_content_type, self.strict_content_type),
            max_body_size=self.max_body_size if options.max_body_size is None else options.max_body_size,
            form_limits={**self.form_limits, **(options.form_limits or {})},
        )


def checked_limits(
    max_body_size: int | None, form_limits: _FormLimits | None
) -> tuple[int | None, _FormLimits]:
    """The limits, validated and copied; raises `ValueError` for a negative or wrongly typed one."""
    validate_max_body_size(max_body_size)
    return max_body_size, _validate_form_limits(form_limits)


def checked_operation_options(options: Mapping[str, Any], method: str) -> None:
    """Raise `TypeError`, with the closest name, for a keyword that no operation has."""
    for name in options:
        if name not in OperationOptions.__annotations__:
            from difflib import get_close_matches

            close = get_close_matches(name, OperationOptions.__annotations__, n=1)
            hint = f". Did you mean {close[0]!r}?" if close else ""
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}{hint}")


_DEFAULTS = RouteOptions()


def option_signature(*before: inspect.Parameter, names: Iterable[str]) -> inspect.Signature:
    """A signature that lists route options with their defaults, after the parameters `before`."""
    return inspect.Signature([*before, *map(_option, names)])


@cache  # PERF (W12): a dozen functions have the same thirty, and each takes ten microseconds to make
def _option(name: str) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=getattr(_DEFAULTS, name, None),
        annotation=OperationOptions.__annotations__.get(name, Any),
    )


_Function = TypeVar("_Function", bound=Callable[..., Any])


def shows_options(function: _Function) -> _Function:
    """Make `inspect.signature` list every option of an operation, with its default, in place of `**options`."""
    declared = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    shown: Any = function
    shown.__signature__ = option_signature(*declared, names=OperationOptions.__annotations__)
    return function
