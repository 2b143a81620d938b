"""Questions about a whole dependency tree, asked before its function is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .nodes import CallKind, DependencyPlan, Special


def calls_something_uncached(node: DependencyPlan) -> bool:
    """Whether a dependency below the node is called anew for each use."""
    return any(not child.use_cache or calls_something_uncached(child) for child in node.dependencies)


def count_uses(node: DependencyPlan, key: Any) -> int:
    """How often the dependency with that cache key is used below the node."""
    return sum((child.cache_key == key) + count_uses(child, key) for child in node.dependencies)


def needs_of(
    root: DependencyPlan, can_wait: Callable[[DependencyPlan], bool] = lambda node: False
) -> frozenset[Special]:
    """Which parts of the request anybody in the tree asks for, but those whose needs can wait."""
    found = set() if can_wait(root) else {special for _, special in root.specials}
    for child in root.dependencies:
        found |= needs_of(child, can_wait)
    return frozenset(found)


def has_exits(root: DependencyPlan) -> bool:
    """Whether some dependency has code after `yield`."""
    return any(child.kind.has_exit or has_exits(child) for child in root.dependencies)


def has_async_exits(root: DependencyPlan) -> bool:
    """Whether that code is, for some dependency, async."""
    return any(
        child.kind is CallKind.ASYNC_GENERATOR or has_async_exits(child) for child in root.dependencies
    )


def has_function_exits(root: DependencyPlan) -> bool:
    """Whether that code runs, for some dependency, before the answer is sent."""
    return any(
        (child.kind.has_exit and child.exit_scope == "function") or has_function_exits(child)
        for child in root.dependencies
    )
