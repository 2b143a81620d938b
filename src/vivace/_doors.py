"""Doors: names of `vivace.routing` that instrumentation replaces.

Error trackers and tracers set `routing.get_request_handler`, `routing.run_endpoint_function` and their like
to functions of their own. While such a name holds ours, the compiled endpoint runs and the door costs
nothing; when one is set, every lookup is forgotten, and what is compiled anew goes through the replacement.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from ._watched import forget_lookups

_MODULE = "vivace.routing"
_own: dict[str, Any] = {}  # the doors that have been looked at, as they are without replacement
_elsewhere: dict[str, str] = {}  # the doors that another module defines
_shown: dict[str, str] = {}  # names that are no doors, and come from another module when somebody asks

# The doors that are steps of a handler, rather than makers of one.
STEPS = ("run_endpoint_function", "solve_dependencies", "serialize_response")


class _ModuleWithDoors(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _own or name in _elsewhere:
            forget_lookups()

    def __getattr__(self, name: str) -> Any:
        # PERF (W12): what compiles endpoints is imported when the first one is compiled.
        where = _elsewhere.get(name) or _shown.get(name)
        if where is None:
            raise AttributeError(f"module {_MODULE!r} has no attribute {name!r}")
        value = getattr(import_module(where), name)
        if name in _elsewhere:
            _own[name] = value
        super().__setattr__(name, value)
        return value


def install(*names: str, elsewhere: Mapping[str, str], shown: Mapping[str, str]) -> None:
    """Make these names of the routing module doors; called by that module once they are defined.

    `elsewhere` names doors that the module shows and another defines, with that module; `shown` names what is shown
    so and is no door.
    """
    module = sys.modules[_MODULE]
    _own.update({name: getattr(module, name) for name in names})
    _elsewhere.update(elsewhere)
    _shown.update(shown)
    module.__class__ = _ModuleWithDoors


def module() -> Any:
    """The module with the doors: whoever calls through one looks it up there."""
    return sys.modules[_MODULE]


def are_replaced(*names: str) -> bool:
    """Whether any of these doors, or any at all, is not ours any more."""
    shown = vars(sys.modules[_MODULE])
    return any(shown.get(name) is not _own.get(name) for name in names or {*_own, *_elsewhere})
