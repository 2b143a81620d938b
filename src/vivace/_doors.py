"""Doors: names of `vivace.routing` that instrumentation replaces.

Error trackers and tracers set `routing.get_request_handler`, `routing.run_endpoint_function` and their like
to functions of their own. While such a name holds ours, the compiled endpoint runs and the door costs
nothing; when one is set, every lookup is forgotten, and what is compiled anew goes through the replacement.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ._watched import forget_lookups

_MODULE = "vivace.routing"
_own: dict[str, Any] = {}

# The doors that are steps of a handler, rather than makers of one.
STEPS = ("run_endpoint_function", "solve_dependencies", "serialize_response")


class _ModuleWithDoors(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _own:
            forget_lookups()


def install(*names: str) -> None:
    """Make these names of the routing module doors; called by that module once they are defined."""
    module = sys.modules[_MODULE]
    _own.update({name: getattr(module, name) for name in names})
    module.__class__ = _ModuleWithDoors


def module() -> Any:
    """The module with the doors: whoever calls through one looks it up there."""
    return sys.modules[_MODULE]


def are_replaced(*names: str) -> bool:
    """Whether any of these doors, or any at all, is not ours any more."""
    return any(getattr(sys.modules[_MODULE], name) is not _own[name] for name in names or _own)
