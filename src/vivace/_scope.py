"""What is noted in a scope while a request is matched: `scope["fastapi"]`, a dict that several share, by key."""

from __future__ import annotations

from typing import Any

from starlette.routing import Match
from starlette.types import Scope


def update_scope(scope: Scope, child_scope: Scope) -> None:
    """Take over a match's child scope, without losing what others keep under the same shared key."""
    for key, value in child_scope.items():
        if key == "fastapi":
            scope.setdefault(key, {}).update(value)
        else:
            scope[key] = value


_ABSENT = object()


def set_key(scope: Scope, key: str, value: Any) -> Any:
    """Set a key of `scope["fastapi"]`; gives the value it had."""
    inner = scope.setdefault("fastapi", {})
    previous = inner.get(key, _ABSENT)
    inner[key] = value
    return previous


def restore_key(scope: Scope, key: str, previous: Any) -> None:
    """Put back what `set_key` replaced."""
    inner = scope.get("fastapi")
    if not isinstance(inner, dict):
        return
    if previous is _ABSENT:
        inner.pop(key, None)
    else:
        inner[key] = previous


def with_key(scope: Scope, key: str, value: Any, function: Any) -> tuple[Match, Scope]:
    previous = set_key(scope, key, value)
    try:
        found: tuple[Match, Scope] = function(scope)
        return found
    finally:
        restore_key(scope, key, previous)
