"""Putting together what is generated and what the user adds: `openapi_extra`, additional responses."""

from collections.abc import Mapping
from typing import Any


def merged(base: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Both as one, all the way down: dicts are merged, lists put together, and anything else replaced.

    >>> merged({"a": {"b": 1}, "tags": ["x"]}, {"a": {"c": 2}, "tags": ["y"]})
    {'a': {'b': 1, 'c': 2}, 'tags': ['x', 'y']}
    """
    result = dict(base)
    for key, value in update.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            result[key] = old + value
        else:
            result[key] = value
    return result
