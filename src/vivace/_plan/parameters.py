"""Classify: what is this parameter of a signature?

`classify` reads the declaration (annotation, `Annotated` markers, default) into a `Declaration` and asks the rules of
`RULES` in order; the first whose predicate holds makes the node. A new kind of parameter is a new rule.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import AliasChoices, PydanticSchemaGenerationError
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from typing_inspection.typing_objects import is_typealiastype

from vivace import params
from vivace._pydantic import merged_field_info
from vivace.exceptions import FastAPIError, PydanticV1NotSupportedError
from vivace.security.scopes import SecurityScopes

from .annotations import (
    annotation_is_pydantic_v1,
    field_annotation_is_scalar,
    is_uploadfile_or_nonable_uploadfile_annotation,
    is_uploadfile_sequence_annotation,
    lenient_issubclass,
)
from .errors import DeclarationError, require
from .fields import ModelField
from .forms import is_json_field, prepare_form_annotation
from .multipart import ensure_multipart_is_installed
from .nodes import Location, ParameterPlan, Special
from .shapes import is_parameter_model, is_scalar, is_scalar_sequence

EMPTY = inspect.Signature.empty

# Order matters: Request and WebSocket are HTTPConnections.
_SPECIAL_TYPES: tuple[tuple[type, Special], ...] = (
    (Request, Special.REQUEST),
    (WebSocket, Special.WEBSOCKET),
    (HTTPConnection, Special.CONNECTION),
    (Response, Special.RESPONSE),
    (BackgroundTasks, Special.BACKGROUND),
    (SecurityScopes, Special.SCOPES),
)


def special_of(annotation: Any) -> Special | None:
    """Which part of the request a parameter of this type is; `None` for a value that is read from the request."""
    return next((special for base, special in _SPECIAL_TYPES if lenient_issubclass(annotation, base)), None)


class Declaration(NamedTuple):
    """One parameter as the user wrote it."""

    name: str
    annotation: Any  # with `Annotated` and its metadata
    type: Any  # without
    default: Any  # EMPTY if there is none
    depends: params.Depends | None
    info: FieldInfo | None  # Query(), Body(), … or Pydantic's Field()
    path_names: frozenset[str]

    @property
    def in_path(self) -> bool:
        return self.name in self.path_names

    @property
    def special(self) -> Special | None:
        return special_of(self.type)


Node = params.Depends | Special | ParameterPlan


def classify(parameter: inspect.Parameter, path_names: frozenset[str]) -> Node:
    """The node for one parameter; raises `DeclarationError` if the declaration contradicts itself."""
    declaration = read_declaration(parameter.name, parameter.annotation, parameter.default, path_names)
    for applies, build in RULES:
        if applies(declaration):
            return build(declaration)
    raise AssertionError("the last rule always applies")


def read_declaration(
    name: str, annotation: Any, default: Any, path_names: frozenset[str] | set[str]
) -> Declaration:
    """Separate the annotation, the markers in it, and the default."""
    if is_typealiastype(annotation):  # `type Alias = Annotated[int, Query()]` (PEP 695)
        annotation = annotation.__value__
    bare = use = Any if annotation is EMPTY else annotation
    markers: list[Any] = []
    if get_origin(annotation) is Annotated:
        bare, *metadata = get_args(annotation)
        markers = [item for item in metadata if isinstance(item, (params.Param, params.Body, params.Depends))]
    in_path = name in path_names
    marker = markers[-1] if markers else None
    depends = marker if isinstance(marker, params.Depends) else None
    info: FieldInfo | None = None
    if isinstance(marker, FieldInfo):
        info = _info_from_annotated(name, use, marker, default, in_path)
    if isinstance(default, params.Depends):
        require(
            depends is None,
            f"Cannot specify `Depends` in `Annotated` and default value together for {name!r}",
        )
        require(
            info is None,
            "Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a default value together for "
            f"{name!r}",
        )
        depends, default = default, EMPTY
    elif isinstance(default, FieldInfo):
        require(
            info is None,
            f"Cannot specify FastAPI annotations in `Annotated` and default value together for {name!r}",
        )
        info = copy(default)
        info.annotation = bare
        default = EMPTY
    if depends is not None and depends.dependency is None:
        depends = replace(depends, dependency=bare)
    return Declaration(name, use, bare, default, depends, info, frozenset(path_names))


def _info_from_annotated(
    name: str, annotation: Any, marker: FieldInfo, default: Any, in_path: bool
) -> FieldInfo:
    require(
        marker.default is PydanticUndefined or marker.default is ...,
        f"`{type(marker).__name__}` default value cannot be set in `Annotated` for {name!r}. Set the default value"
        " with `=` instead.",
    )
    info = merged_field_info(marker, annotation)
    if default is EMPTY or isinstance(default, (params.Depends, FieldInfo)):
        info.default = PydanticUndefined
    else:
        require(not in_path, f"Path parameters cannot have default values: {name!r} is part of the path")
        info.default = default
    return info


# --- the rules -----------------------------------------------------------------------------------------------------


def _depends(declaration: Declaration) -> params.Depends:
    assert declaration.depends is not None
    return declaration.depends


def _special(declaration: Declaration) -> Special:
    require(
        declaration.info is None,
        f"Cannot specify FastAPI annotation for type {declaration.type!r}: {declaration.name!r} is given by the request"
        " itself. Remove the annotation or the type.",
    )
    special = declaration.special
    assert special is not None
    return special


def _path(declaration: Declaration) -> ParameterPlan:
    info = declaration.info
    if not isinstance(info, (params.Param, params.Body)):
        # A default is left alone: the same function may be declared under a path that lacks the parameter.
        info = _unmarked(declaration, params.Path)
        info.default, info.default_factory = PydanticUndefined, None
    require(
        isinstance(info, params.Path),
        f"Cannot use `{type(info).__name__}` for path param {declaration.name!r}. Use `Path`, or rename the parameter.",
    )
    _choose_path_alias(info, declaration)
    plan = _parameter(declaration, info, "path")
    require(
        is_scalar(plan.field),
        f"Path params must be of one of the supported types: {declaration.name!r} is {declaration.type!r}",
    )
    return plan


def _choose_path_alias(info: Any, declaration: Declaration) -> None:
    """Of several names, the path has one: the first that stands in it."""
    if not isinstance(info.validation_alias, AliasChoices):
        return
    names = info.validation_alias.choices
    if not all(isinstance(name, str) for name in names):
        return
    chosen = next((name for name in names if name in declaration.path_names), None)
    if chosen is not None:
        info.alias = info.validation_alias = chosen


def _marked(declaration: Declaration) -> ParameterPlan:
    info = declaration.info
    assert isinstance(info, (params.Param, params.Body))
    if isinstance(info, params.Body):
        if isinstance(info, params.Form):
            ensure_multipart_is_installed()
        return _parameter(declaration, info, "body")
    if getattr(info, "in_", None) is None:
        info.in_ = params.ParamTypes.query
    if isinstance(info, params.Path):
        _choose_path_alias(info, declaration)
    plan = _parameter(declaration, info, info.in_.value)
    if isinstance(info, params.Query):
        require(
            any(
                fits(plan.field)
                for fits in (is_scalar, is_scalar_sequence, is_parameter_model, is_json_field)
            ),
            f"Query parameter {declaration.name!r} must be one of the supported types: a scalar, a sequence of scalars"
            " or a model",
        )
    return plan


def _file(declaration: Declaration) -> ParameterPlan:
    ensure_multipart_is_installed()
    return _parameter(declaration, _unmarked(declaration, params.File), "body")


def _body(declaration: Declaration) -> ParameterPlan:
    return _parameter(declaration, _unmarked(declaration, params.Body), "body")


def _query(declaration: Declaration) -> ParameterPlan:
    return _parameter(declaration, _unmarked(declaration, params.Query), "query")


Rule = tuple[Callable[[Declaration], bool], Callable[[Declaration], Node]]

RULES: tuple[Rule, ...] = (
    (lambda d: d.depends is not None, _depends),
    (lambda d: d.special is not None, _special),
    (lambda d: d.in_path, _path),
    (lambda d: isinstance(d.info, (params.Param, params.Body)), _marked),
    (
        lambda d: (
            is_uploadfile_or_nonable_uploadfile_annotation(d.type)
            or is_uploadfile_sequence_annotation(d.type)
        ),
        _file,
    ),
    (lambda d: not field_annotation_is_scalar(d.type), _body),
    (lambda d: True, _query),
)


def _unmarked(declaration: Declaration, marker: type[params.Param] | type[params.Body]) -> Any:
    """The marker that a parameter without one stands for, with what Pydantic's `Field()` in its `Annotated` says."""
    if marker is params.Path:
        info: Any = params.Path(annotation=declaration.type)
    else:
        default = PydanticUndefined if declaration.default is EMPTY else declaration.default
        info = marker(annotation=declaration.type, default=default)
    return merged_field_info(info, declaration.annotation)


def _parameter(declaration: Declaration, info: Any, location: Location) -> ParameterPlan:
    if not info.alias and getattr(info, "convert_underscores", None):
        alias = declaration.name.replace("_", "-")
    else:
        alias = info.alias or declaration.name
    info.alias = alias
    if isinstance(info, params.Form):
        info.annotation = prepare_form_annotation(info.annotation)
    if annotation_is_pydantic_v1(info.annotation):
        raise PydanticV1NotSupportedError(
            "pydantic.v1 models are no longer supported by FastAPI."
            f" Please update the param {declaration.name}: {declaration.type!r}."
        )
    field = ModelField(field_info=info, name=declaration.name)
    try:
        field.check()
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation) as exc:
        raise FastAPIError(
            f"Invalid args for response field! Hint: check that {declaration.type} is a valid Pydantic field type,"
            f" for parameter {declaration.name!r}."
        ) from exc
    return ParameterPlan(name=declaration.name, location=location, field=field)


__all__ = ["Declaration", "DeclarationError", "classify", "read_declaration"]
