"""A door: analysing and solving dependencies by hand, under the names that third parties import."""

# ruff: noqa: F401  (to import a name is to offer it)

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from vivace._compile.composed import SolvedDependency as SolvedDependency
from vivace._compile.composed import solve_dependencies as solve_dependencies
from vivace._compile.extract import multidict_value as _get_multidict_value
from vivace._compile.extract import request_params_to_args as request_params_to_args
from vivace._compile.extract import validation_alias as get_validation_alias
from vivace._compile.forms import read_file_bytes as _read_file_bytes
from vivace._compile.jsonbody import request_body_to_args as request_body_to_args
from vivace._plan.annotations import lenient_issubclass as lenient_issubclass
from vivace._plan.body import body_field, should_embed
from vivace._plan.dependant import SPECIAL_NAMES
from vivace._plan.dependant import Dependant as Dependant
from vivace._plan.dependencies import build_dependency, build_parameterless
from vivace._plan.fields import ModelField as ModelField
from vivace._plan.forms import flat_fields as _get_flat_fields_from_params
from vivace._plan.forms import model_fields as get_cached_model_fields
from vivace._plan.forms import param_aliases as _get_param_aliases
from vivace._plan.multipart import ensure_multipart_is_installed as ensure_multipart_is_installed
from vivace._plan.multipart import multipart_incorrect_install_error as multipart_incorrect_install_error
from vivace._plan.multipart import multipart_not_installed_error as multipart_not_installed_error
from vivace._plan.nodes import DependencyScope, ParameterPlan, flat_parameters
from vivace._plan.parameters import classify, special_of
from vivace._plan.response import stream_item_type
from vivace._plan.signature import resolve_annotation, typed_return_annotation, typed_signature
from vivace.concurrency import _DependencyConcurrency
from vivace.params import Depends

get_typed_signature = typed_signature
get_typed_return_annotation = typed_return_annotation

get_stream_item_type = stream_item_type


def get_typed_annotation(annotation: Any, globalns: dict[str, Any]) -> Any:
    """Evaluate a string annotation; anything else is given back as it is (`type(None)` as `None`).

    >>> get_typed_annotation("int | None", {})
    int | None
    """
    return resolve_annotation(annotation, globalns)


@dataclass
class ParamDetails:
    """What one parameter of a signature is."""

    type_annotation: Any
    depends: Depends | None
    field: ModelField | None


def analyze_param(
    *, param_name: str, annotation: Any, value: Any, path_param_names: set[str]
) -> ParamDetails:
    """Classify one parameter from its name, annotation and default."""
    kind = inspect.Parameter.KEYWORD_ONLY
    node = classify(
        inspect.Parameter(param_name, kind, annotation=annotation, default=value), frozenset(path_param_names)
    )
    return ParamDetails(
        type_annotation=annotation,
        depends=node if isinstance(node, Depends) else None,
        field=node.field if isinstance(node, ParameterPlan) else None,
    )


def add_non_field_param_to_dependency(
    *, param_name: str, type_annotation: Any, dependant: Dependant
) -> bool | None:
    """Note that a parameter is a part of the request itself: `True` if its type says so, else `None`.

    add_non_field_param_to_dependency(param_name="request", type_annotation=Request, dependant=dependant)  # True
    dependant.request_param_name  # "request"
    """
    special = special_of(type_annotation)
    if special is None:
        return None
    setattr(dependant, dict(SPECIAL_NAMES)[special], param_name)
    return True


def add_param_to_fields(*, field: ModelField, dependant: Dependant) -> None:
    """Add a path, query, header or cookie parameter to its list; raises `AssertionError` for any other field."""
    location = getattr(field.field_info, "in_", None)
    assert location is not None, f"non-body parameters must be in path, query, header or cookie: {field.name}"
    fields: list[ModelField] = getattr(dependant, f"{location.value}_params")
    fields.append(field)


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: DependencyScope | None = None,
    concurrency: _DependencyConcurrency | None = None,
) -> Dependant:
    """The dependency tree of a callable under a path.

    dependant = get_dependant(path="/items/{item_id}", call=read_item)
    """
    return Dependant.from_plan(
        build_dependency(
            call,
            path,
            name=name,
            own_scopes=own_oauth_scopes or (),
            parent_scopes=parent_oauth_scopes or (),
            use_cache=use_cache,
            scope=scope,
            concurrency=concurrency,
        )
    )


def get_parameterless_sub_dependant(*, depends: Depends, path: str) -> Dependant:
    """The dependency tree of a `Depends` that is called for its effect."""
    return Dependant.from_plan(build_parameterless(depends, path))


def get_flat_dependant(dependant: Dependant, *, skip_repeats: bool = False, **_: Any) -> Dependant:
    """All parameters of a tree on one dependant, and all its dependencies in one list.

    `skip_repeats` is accepted for its callers: a dependency that is used twice never stands twice in a plan's
    parameters.
    """
    flat = flat_parameters(dependant.to_plan())
    return Dependant(
        path_params=_fields(flat.path),
        query_params=_fields(flat.query),
        header_params=_fields(flat.header),
        cookie_params=_fields(flat.cookie),
        body_params=_fields(flat.body),
        dependencies=list(_all_dependencies(dependant)),
        name=dependant.name,
        call=dependant.call,
        use_cache=dependant.use_cache,
        path=dependant.path,
        scope=dependant.scope,
    )


def get_flat_params(dependant: Dependant) -> list[ModelField]:
    """The fields of all path, query, header and cookie parameters of a tree."""
    flat = flat_parameters(dependant.to_plan())
    return _fields((*flat.path, *flat.query, *flat.header, *flat.cookie))


def _fields(parameters: Iterable[ParameterPlan]) -> list[ModelField]:
    return [parameter.field for parameter in parameters]


def _all_dependencies(dependant: Dependant) -> Iterable[Dependant]:
    for child in dependant.dependencies:
        yield child
        yield from _all_dependencies(child)


def _get_flat_body_params(dependant: Dependant) -> list[ModelField]:
    return _fields(flat_parameters(dependant.to_plan()).body)


def _should_embed_body_fields(fields: list[ModelField]) -> bool:
    return should_embed(fields)


def _get_body_field(
    *, body_params: list[ModelField], name: str, embed_body_fields: bool
) -> ModelField | None:
    return body_field(body_params, name, embed_body_fields)
