"""What an endpoint's parameter says about itself: where its value comes from, and what the value must be.

`Path`, `Query`, `Header`, `Cookie`, `Body`, `Form` and `File` are Pydantic `FieldInfo`s with a place in the
request; `Depends` and `Security` name a callable whose result is the value. They are values and nothing more:
`_plan` reads them, and no module here knows how a request is answered. In a program they are written with the
functions of the same name in `param_functions`; the classes are for whoever tells them apart with
`isinstance`.

Options that all parameters share stand once, in `FieldOptions`. A class or function takes them as
`**options: Unpack[FieldOptions]`, which type checkers and editors read as thirty keyword parameters;
`declares` makes `inspect.signature` and the interpreter see the same.
"""

# Pydantic marks FieldInfo as final for type checkers; here it is the base of every parameter, as documented.
# mypy: disable-error-code="misc"

import inspect
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal, ParamSpec, TypedDict, TypeVar

from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as Undefined
from typing_extensions import Unpack
from typing_extensions import deprecated as typing_deprecated

from vivace._dependency_concurrency import _DependencyConcurrency
from vivace.datastructures import _Unset
from vivace.exceptions import FastAPIDeprecationWarning

if TYPE_CHECKING:
    from vivace.openapi.example import Example  # PERF (W12): brings all of pydantic.networks

_P = ParamSpec("_P")
_R = TypeVar("_R")


class ParamTypes(Enum):
    """The places of a request that OpenAPI calls parameters."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class _NameOptions(TypedDict, total=False):
    """What stands in for a value that was not sent, and under which name one is sent."""

    default_factory: Callable[[], Any] | None
    """Makes the default anew for each request; instead of `default`."""

    alias: str | None
    """The name in the request and in the document, where it cannot be the Python name: `"item-query"`."""
    alias_priority: int | None
    """Whether an alias generator may replace the alias (1) or not (2, the default)."""
    validation_alias: str | AliasPath | AliasChoices | None
    """The name, or several to try in order, under which the value is read; overrides `alias`."""
    serialization_alias: str | None
    """The name under which the value is written; overrides `alias`."""


class _HeaderNameOptions(TypedDict, total=False):
    convert_underscores: bool
    """Read `user_agent` from the header `user-agent` (default): servers often drop names with underscores."""


class _ValueOptions(TypedDict, total=False):
    """What the value must be, and what the document says about it."""

    title: str | None
    """A human-readable name."""
    description: str | None
    """A human-readable description, in Markdown."""
    gt: float | None
    """The number must be greater than this."""
    ge: float | None
    """The number must be greater than or equal to this."""
    lt: float | None
    """The number must be less than this."""
    le: float | None
    """The number must be less than or equal to this."""
    min_length: int | None
    """The least number of characters or items."""
    max_length: int | None
    """The greatest number of characters or items."""
    pattern: str | re.Pattern[str] | None
    """A regular expression that the string must match (searched for anywhere: anchor it with `^` and `$`)."""
    regex: Annotated[
        str | None,
        typing_deprecated("Deprecated in FastAPI 0.100.0 and Pydantic v2, use `pattern` instead."),
    ]
    discriminator: str | Discriminator | None
    """The field, or the function, that says which member of a tagged union the value is."""
    strict: bool | None
    """Accept only the exact type: no `"1"` for an `int`."""
    validate_default: bool | None
    """Validate the default too, when it is used."""
    union_mode: Literal["smart", "left_to_right"] | None
    """Take the best matching member of a union (`smart`, the default), or the first that validates."""
    fail_fast: bool | None
    """Stop at the first invalid item of a list, set or tuple."""
    multiple_of: float | None
    """The number must be a multiple of this."""
    allow_inf_nan: bool | None
    """Whether `inf`, `-inf` and `nan` are numbers (they are by default)."""
    max_digits: int | None
    """The greatest number of digits of a decimal, without leading zeros and trailing decimal zeros."""
    decimal_places: int | None
    """The greatest number of decimal places of a decimal, without trailing zeros."""
    examples: list[Any] | None
    """Example values, in the JSON Schema of the value."""
    example: Annotated[
        Any | None,
        typing_deprecated(
            "Deprecated in OpenAPI 3.1.0 that now uses JSON Schema 2020-12, although still supported. "
            "Use examples instead."
        ),
    ]
    openapi_examples: "dict[str, Example] | None"
    """Named examples, next to the schema in the OpenAPI document: `{"usual": {"value": 3}}`."""
    deprecated: typing_deprecated | str | bool | None
    """Mark as deprecated in the document."""
    include_in_schema: bool
    """Whether the document shows the parameter (default)."""
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None
    """More JSON Schema keywords, or a function that edits the schema."""


class FieldOptions(_NameOptions, _ValueOptions, total=False):
    """The options of every parameter."""


class HeaderOptions(_NameOptions, _HeaderNameOptions, _ValueOptions, total=False):
    """The options of a header."""


# An option that is not named here is `_Unset` by default: for Pydantic, None is a choice of its own.
_DEFAULTS: dict[str, Any] = {
    "convert_underscores": True,
    "gt": None,
    "ge": None,
    "lt": None,
    "le": None,
    "min_length": None,
    "max_length": None,
    "pattern": None,
    "regex": None,
    "openapi_examples": None,
    "include_in_schema": True,
}


def declares(options: type) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Give a function that takes `**options: Unpack[options]` the signature that these words stand for.

    Names that `options` does not list are refused, as by any function.

        @declares(FieldOptions)
        def Query(default: Any = Undefined, **options: Unpack[FieldOptions]) -> Any: ...

        inspect.signature(Query).parameters["alias"]  # a keyword parameter like any other
        Query(alais="q")  # TypeError: Query() got an unexpected keyword argument 'alais'
    """
    factory, *others = _keywords(options)

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        declared = inspect.signature(function)
        own = list(declared.parameters.values())[:-1]
        positional = [p for p in own if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        # The factory stands next to the default, as FastAPI has them.
        signature = declared.replace(parameters=[*positional, factory, *own[len(positional) :], *others])

        @wraps(function)
        def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            for name in kwargs:
                if name not in signature.parameters:
                    raise TypeError(f"{function.__qualname__}() got an unexpected keyword argument {name!r}")
            return function(*args, **kwargs)

        checked.__signature__ = signature  # type: ignore[attr-defined]  # what inspect.signature shows
        return checked

    return decorate


@cache  # PERF (W12): a parameter takes ten microseconds to make, and a dozen functions have the same thirty
def _keywords(options: type) -> tuple[inspect.Parameter, ...]:
    return tuple(
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_DEFAULTS.get(name, _Unset),
            annotation=annotation,
        )
        for name, annotation in options.__annotations__.items()
    )


class _Declaration(FieldInfo):  # pyright: ignore[reportGeneralTypeIssues]  # final to checkers, but FastAPI's are its
    """What `Param` and `Body` share: a `FieldInfo` with OpenAPI examples, that may be left undocumented."""

    example: Any
    include_in_schema: bool
    openapi_examples: "dict[str, Example] | None"

    def _declare(self, default: Any, annotation: Any, options: FieldOptions | HeaderOptions) -> None:
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not _Unset}

        self.example = given.pop("example", _Unset)
        self.include_in_schema = given.pop("include_in_schema", True)
        self.openapi_examples = given.pop("openapi_examples", None)
        if self.example is not _Unset:
            _warn_deprecated("example", "examples")

        regex = given.pop("regex", None)
        if regex is not None:
            _warn_deprecated("regex", "pattern")
            given["pattern"] = given.get("pattern") or regex

        # As with `pydantic.Field`, an alias is for reading and for writing unless told otherwise.
        if "alias" in given:
            given.setdefault("validation_alias", given["alias"])
            if given["alias"] is not None:
                given.setdefault("serialization_alias", given["alias"])

        FieldInfo.__init__(self, default=default, annotation=annotation, **given)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


def _warn_deprecated(option: str, replacement: str) -> None:
    warnings.warn(
        f"`{option}` has been deprecated, please use `{replacement}` instead",
        category=FastAPIDeprecationWarning,
        stacklevel=_stacklevel_of_user(),
    )


def _stacklevel_of_user() -> int:
    """The `stacklevel` with which a caller's warning points at the program that uses this package."""
    package = __name__.partition(".")[0]
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    return level


class Param(_Declaration):
    """A value that is not in the body: the base of `Path`, `Query`, `Header` and `Cookie`."""

    in_: ParamTypes

    @declares(FieldOptions)
    def __init__(
        self, default: Any = Undefined, *, annotation: Any | None = None, **options: Unpack[FieldOptions]
    ) -> None:
        self._declare(default, annotation, options)


class Path(Param):
    """A part of the URL's path. It is always there: without it, the path would not have matched."""

    in_ = ParamTypes.path

    @declares(FieldOptions)
    def __init__(
        self, default: Any = ..., *, annotation: Any | None = None, **options: Unpack[FieldOptions]
    ) -> None:
        # Programs match on AssertionError here; it is raised by hand so that `python -O` keeps it.
        if default is not ...:
            raise AssertionError("Path parameters cannot have a default value")
        self._declare(default, annotation, options)


class Query(Param):
    """A value of the query string."""

    in_ = ParamTypes.query


class Header(Param):
    """A header of the request."""

    in_ = ParamTypes.header

    @declares(HeaderOptions)
    def __init__(
        self, default: Any = Undefined, *, annotation: Any | None = None, **options: Unpack[HeaderOptions]
    ) -> None:
        self.convert_underscores = options.pop("convert_underscores", True)
        self._declare(default, annotation, options)


class Cookie(Param):
    """A cookie of the request."""

    in_ = ParamTypes.cookie


class Body(_Declaration):
    """The request's body, or one key of it."""

    @declares(FieldOptions)
    def __init__(
        self,
        default: Any = Undefined,
        *,
        annotation: Any | None = None,
        embed: bool | None = None,
        media_type: str = "application/json",
        **options: Unpack[FieldOptions],
    ) -> None:
        self.embed = embed
        self.media_type = media_type
        self._declare(default, annotation, options)


class Form(Body):
    """A field of a form."""

    @declares(FieldOptions)
    def __init__(
        self,
        default: Any = Undefined,
        *,
        annotation: Any | None = None,
        media_type: str = "application/x-www-form-urlencoded",
        **options: Unpack[FieldOptions],
    ) -> None:
        super().__init__(default, annotation=annotation, media_type=media_type, **options)


class File(Form):
    """A file of a multipart form."""

    @declares(FieldOptions)
    def __init__(
        self,
        default: Any = Undefined,
        *,
        annotation: Any | None = None,
        media_type: str = "multipart/form-data",
        **options: Unpack[FieldOptions],
    ) -> None:
        super().__init__(default, annotation=annotation, media_type=media_type, **options)


@dataclass(frozen=True)
class Depends:
    """A callable whose result is the parameter's value, or that is called for its effect alone.

    Two declarations are equal when they mean the same, so that they can be keys; with `max_concurrency` each
    is its own, since it owns a limit. `dataclasses.replace` keeps the limit unless it changes the number.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    max_concurrency: int | None = field(default=None, kw_only=True)
    _concurrency: _DependencyConcurrency | None = field(default=None, kw_only=True, repr=False)
    inline: bool = field(default=False, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        limit = self.max_concurrency
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
            raise ValueError("max_concurrency must be a positive integer or None")
        current = self._concurrency.max_concurrency if self._concurrency else None
        if current != limit:
            concurrency = None if limit is None else _DependencyConcurrency(limit)
            object.__setattr__(self, "_concurrency", concurrency)


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that also says which OAuth scopes the client's credentials must grant."""

    scopes: Sequence[str] | None = None
