"""A door: `Dependant`, and questions about callables and dependants."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from vivace._plan.dependant import Dependant as Dependant
from vivace._plan.fields import ModelField as ModelField
from vivace._plan.nodes import CallKind, DependencyScope
from vivace._plan.signature import call_kind
from vivace.concurrency import _DependencyConcurrency as _DependencyConcurrency
from vivace.security.base import SecurityBase as SecurityBase
from vivace.types import DependencyCacheKey as DependencyCacheKey

_UsesScopesCache = dict[int, tuple[Dependant, bool]]
_CALLABLE_CLASSIFICATION_CACHE_SIZE = 4096


class _CallIdentity:
    """A callable as a key: by identity, since callables may compare equal or have no hash."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CallIdentity) and self.call is other.call

    def __hash__(self) -> int:
        return id(self.call)


@lru_cache(maxsize=_CALLABLE_CLASSIFICATION_CACHE_SIZE)
def _is_gen_callable_cached(key: _CallIdentity) -> bool:
    return call_kind(key.call) is CallKind.GENERATOR


@lru_cache(maxsize=_CALLABLE_CLASSIFICATION_CACHE_SIZE)
def _is_async_gen_callable_cached(key: _CallIdentity) -> bool:
    return call_kind(key.call) is CallKind.ASYNC_GENERATOR


@lru_cache(maxsize=_CALLABLE_CLASSIFICATION_CACHE_SIZE)
def _is_coroutine_callable_cached(key: _CallIdentity) -> bool:
    return call_kind(key.call) is CallKind.ASYNC


def _is_gen_callable(call: Callable[..., Any] | None) -> bool:
    return call is not None and _is_gen_callable_cached(_CallIdentity(call))


def _is_async_gen_callable(call: Callable[..., Any] | None) -> bool:
    return call is not None and _is_async_gen_callable_cached(_CallIdentity(call))


def _is_coroutine_callable(call: Callable[..., Any] | None) -> bool:
    return call is not None and _is_coroutine_callable_cached(_CallIdentity(call))


def _get_oauth_scopes(dependant: Dependant) -> list[str]:
    return list(dependant.to_plan().oauth_scopes)


def _get_computed_scope(dependant: Dependant) -> DependencyScope | None:
    return dependant.to_plan().exit_scope


def _get_security_scheme(dependant: Dependant) -> SecurityBase:
    scheme = dependant.to_plan().security_scheme
    assert scheme is not None, f"{dependant.call!r} is not a security scheme"
    return scheme


def _is_security_scheme(dependant: Dependant) -> bool:
    return dependant.to_plan().security_scheme is not None


def _uses_scopes(dependant: Dependant, cache: _UsesScopesCache | None = None) -> bool:
    known = None if cache is None else cache.get(id(dependant))
    if known is not None and known[0] is dependant:
        return known[1]
    uses = dependant.to_plan().uses_scopes
    if cache is not None:
        cache[id(dependant)] = (dependant, uses)
    return uses


def _get_cache_key(
    dependant: Dependant, uses_scopes_cache: _UsesScopesCache | None = None
) -> DependencyCacheKey:
    if uses_scopes_cache is not None:
        _uses_scopes(dependant, uses_scopes_cache)
    return dependant.to_plan().cache_key
