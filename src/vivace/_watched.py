"""Containers that tell when they change, so that requests need not look.

A router's routes and an app's dependency overrides are ordinary lists and dicts to the programs that edit
them. What was made from them (the lookup, the compiled functions in it) is forgotten when they change.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, SupportsIndex

from starlette.routing import BaseRoute

if TYPE_CHECKING:
    from vivace.routing import APIRouter


class KnowsItsMethods:
    """Tells whether its methods are the ones that were written for it.

    Compiled code may stand in for a method only while nobody has put another one in its place: in a subclass,
    on the class (instrumentation does so), or on one object.
    """

    _own_methods: ClassVar[dict[str, Any]]

    @classmethod
    def remember_methods(cls, *names: str) -> None:
        cls._own_methods = {name: getattr(cls, name) for name in names}

    def has_own(self, *names: str) -> bool:
        mine = vars(self)
        return all(
            name not in mine and getattr(type(self), name) is self._own_methods[name] for name in names
        )


class WatchedApp:
    """The attribute `app` of a route: when another application is set, it answers from the next request on."""

    def __get__(self, route: Any, owner: type) -> Any:
        return self if route is None else vars(route)["app"]

    def __set__(self, route: Any, app: Any) -> None:
        known = "app" in vars(route)
        vars(route)["app"] = app
        if known:
            forget_lookups()


class RouteList(list[BaseRoute]):
    """A router's routes; whatever edits the list makes the lookup be built anew."""

    def __init__(self, routes: Iterable[BaseRoute], changed: Callable[[], None]) -> None:
        super().__init__(routes)
        self._changed = changed

    def append(self, route: BaseRoute) -> None:
        super().append(route)
        self._changed()

    def extend(self, routes: Iterable[BaseRoute]) -> None:
        super().extend(routes)
        self._changed()

    def insert(self, index: SupportsIndex, route: BaseRoute) -> None:
        super().insert(index, route)
        self._changed()

    def remove(self, route: BaseRoute) -> None:
        super().remove(route)
        self._changed()

    def pop(self, index: SupportsIndex = -1) -> BaseRoute:
        route = super().pop(index)
        self._changed()
        return route

    def clear(self) -> None:
        super().clear()
        self._changed()

    def sort(self, *args: Any, **kwargs: Any) -> None:
        super().sort(*args, **kwargs)
        self._changed()

    def reverse(self) -> None:
        super().reverse()
        self._changed()

    def __setitem__(self, index: Any, route: Any) -> None:
        super().__setitem__(index, route)
        self._changed()

    def __delitem__(self, index: Any) -> None:
        super().__delitem__(index)
        self._changed()

    # mypy compares it with `__add__`, which copies.
    def __iadd__(self, routes: Iterable[BaseRoute]) -> Self:  # type: ignore[override,misc]
        self.extend(routes)
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return (list, (list(self),))


routers: weakref.WeakSet[APIRouter] = weakref.WeakSet()


def forget_lookups() -> None:
    """Make every router look its routes up anew: something that compiled endpoints depend on has changed."""
    for router in list(routers):
        router._matcher = None


class DependencyOverrides(dict[Any, Any]):
    """`app.dependency_overrides`: a dict that tells when it changes, so that requests need not look."""

    def __init__(self, overrides: Mapping[Any, Any] = {}) -> None:
        super().__init__(overrides)
        self._changed()

    def _changed(self) -> None:
        forget_lookups()

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._changed()

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]  # mypy compares it with __or__
        self.update(other)
        return self

    def clear(self) -> None:
        super().clear()
        self._changed()

    def pop(self, *args: Any) -> Any:
        value = super().pop(*args)
        self._changed()
        return value

    def popitem(self) -> tuple[Any, Any]:
        item = super().popitem()
        self._changed()
        return item

    def setdefault(self, key: Any, default: Any = None) -> Any:
        value = super().setdefault(key, default)
        self._changed()
        return value

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self._changed()
