"""Dependencies: the tree of callables that an endpoint needs, each with its own parameters.

The tree is built depth first from signatures, each of which is read once. Which calls are made once is decided when the
tree is compiled, from the nodes' cache keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from vivace import params
from vivace._dependency_concurrency import _DependencyConcurrency
from vivace.exceptions import DependencyScopeError, FastAPIError

from .errors import DeclarationError, require
from .nodes import DependencyPlan, DependencyScope, ParameterPlan, Special
from .parameters import classify
from .paths import path_parameter_names
from .signature import Imprint, call_kind, describe, imprint_of, is_same_imprint, typed_signature


def build_dependency(
    call: Callable[..., Any],
    route_path: str,
    *,
    name: str | None = None,
    own_scopes: Iterable[str] = (),
    parent_scopes: Iterable[str] = (),
    use_cache: bool = True,
    scope: DependencyScope | None = None,
    concurrency: _DependencyConcurrency | None = None,
    inline: bool = False,
    chain: tuple[Callable[..., Any], ...] = (),
) -> DependencyPlan:
    """The plan of one callable and all it depends on.

    `chain` holds the callables whose plans are being built, to notice a dependency that needs itself. Raises
    `DeclarationError` for a declaration that contradicts itself and `DependencyScopeError` for a request-scoped
    dependency that needs a function-scoped one.
    """
    if any(call is ancestor for ancestor in chain):
        raise DeclarationError(
            "Dependency cycle: "
            + " needs ".join(describe(step) for step in (*chain, call))
            + ". Remove one of these."
        )
    declared = _declared(call, path_parameter_names(route_path))
    node = DependencyPlan(
        call=call,
        kind=call_kind(call, inline),
        name=name,
        specials=declared.specials,
        use_cache=use_cache,
        scope=scope,
        own_scopes=tuple(own_scopes),
        parent_scopes=tuple(parent_scopes),
        concurrency=concurrency,
        route_path=route_path,
        **declared.parameters,
    )
    if not declared.dependencies:
        return node
    inner = (*chain, call)
    children = (_child(node, depends, name, inner) for name, depends in declared.dependencies)
    return node._replace(dependencies=tuple(children))


class _Declared(NamedTuple):
    """What a callable declares, apart from how and where it is used."""

    parameters: dict[str, Any]  # by location, as `DependencyPlan` has them
    specials: tuple[tuple[str, Special], ...]
    dependencies: tuple[tuple[str, params.Depends], ...]


# PERF (W13): the dependencies of a router are needed by each of its routes, so what a function declares is read once
# for all paths that bind the same names, and its fields are shared.
_known: WeakKeyDictionary[Callable[..., Any], tuple[Imprint, dict[frozenset[str], _Declared]]]
_known = WeakKeyDictionary()


def _declared(call: Callable[..., Any], path_names: frozenset[str]) -> _Declared:
    imprint = imprint_of(call)
    if imprint is None:
        return _read_declared(call, path_names)
    before, by_names = _known.get(call, (None, {}))
    if before is None or not is_same_imprint(before, imprint):
        by_names = {}
        _known[call] = imprint, by_names
    declared = by_names.get(path_names)
    if declared is None:
        declared = by_names[path_names] = _read_declared(call, path_names)
    return declared


def _read_declared(call: Callable[..., Any], path_names: frozenset[str]) -> _Declared:
    parameters: dict[str, list[ParameterPlan]] = {}
    specials: list[tuple[str, Special]] = []
    dependencies: list[tuple[str, params.Depends]] = []
    for parameter in typed_signature(call).parameters.values():
        try:
            found = classify(parameter, path_names)
        except DeclarationError as exc:
            raise exc.located(call) from exc.__cause__
        except FastAPIError as exc:
            raise type(exc)(f"{exc}\nIn {describe(call)}") from exc.__cause__
        if isinstance(found, params.Depends):
            dependencies.append((parameter.name, found))
        elif isinstance(found, Special):
            specials.append((parameter.name, found))
        else:
            parameters.setdefault(found.location, []).append(found)
    by_location = {location: tuple(found) for location, found in parameters.items()}
    return _Declared(by_location, tuple(specials), tuple(dependencies))


def _child(
    parent: DependencyPlan, depends: params.Depends, name: str, chain: tuple[Callable[..., Any], ...]
) -> DependencyPlan:
    assert depends.dependency is not None and parent.call is not None
    if not callable(depends.dependency):
        raise DeclarationError(
            f"The dependency of parameter {name!r} is not callable: {depends.dependency!r}"
        ).located(parent.call)
    if parent.kind.has_exit and parent.exit_scope == "request" and depends.scope == "function":
        call_name = getattr(parent.call, "__name__", repr(parent.call))
        raise DependencyScopeError(
            f'The dependency "{call_name}" has a scope of "request", it cannot depend on dependencies with scope'
            ' "function".'
        )
    return build_dependency(
        depends.dependency,
        parent.route_path or "",
        name=name,
        own_scopes=_security_scopes(depends),
        parent_scopes=parent.oauth_scopes,
        use_cache=depends.use_cache,
        scope=depends.scope,
        concurrency=depends._concurrency,
        inline=depends.inline,
        chain=chain,
    )


def build_parameterless(depends: params.Depends, route_path: str) -> DependencyPlan:
    """The plan of one of `dependencies=[...]`: called for its effect, once, whatever its `use_cache`."""
    require(callable(depends.dependency), "A parameter-less dependency must have a callable dependency")
    assert depends.dependency is not None
    return build_dependency(
        depends.dependency,
        route_path,
        own_scopes=_security_scopes(depends),
        scope=depends.scope,
        concurrency=depends._concurrency,
        inline=depends.inline,
    )


def _security_scopes(depends: params.Depends) -> Sequence[str]:
    return (depends.scopes or ()) if isinstance(depends, params.Security) else ()


def build_root(
    endpoint: Callable[..., Any],
    route_path: str,
    dependencies: Sequence[params.Depends],
    inline: bool = False,
) -> DependencyPlan:
    """The plan of an endpoint: its own parameters, after the dependencies of the app, the routers and the route."""
    root = build_dependency(endpoint, route_path, scope="function", inline=inline)
    before = tuple(build_parameterless(depends, route_path) for depends in dependencies)
    return root._replace(dependencies=(*before, *root.dependencies)) if before else root


def with_overrides(
    root: DependencyPlan, overrides: Mapping[Callable[..., Any], Callable[..., Any]]
) -> DependencyPlan:
    """The same plan with the calls that `dependency_overrides` names replaced, and their parameters read anew.

    What stands in for a dependency is cached under the key of the original.
    """
    return root._replace(dependencies=tuple(_overridden(child, overrides) for child in root.dependencies))


def _overridden(
    node: DependencyPlan, overrides: Mapping[Callable[..., Any], Callable[..., Any]]
) -> DependencyPlan:
    call = node.call
    if call is not None and _is_hashable(call):
        call = overrides.get(call, call)
    if call is node.call:
        return with_overrides(node, overrides)
    assert call is not None
    substitute = build_dependency(
        call,
        node.route_path or "",
        name=node.name,
        own_scopes=node.own_scopes,
        parent_scopes=node.parent_scopes,
        use_cache=node.use_cache,
        scope=node.scope,
        concurrency=node.concurrency,
        inline=node.kind.is_inline,
    )
    return with_overrides(substitute, overrides)._replace(stands_for=node)


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
