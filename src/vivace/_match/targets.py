"""From the routes of a router to the entries of its lookup.

A route whose path and methods say all is known to the lookup, and its compiled function answers. A route that
matches or answers in its own way is asked; so are mounts and hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from starlette.routing import Match, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from vivace._body_limit import wrap_app_with_body_limit
from vivace._handlers import limited
from vivace._lanes import tracked_app
from vivace._operation import Operation, Planned, WebSocketOperation
from vivace._watched import DependencyOverrides
from vivace.telemetry import _api as telemetry

from .include import ROUTE_KEY, EffectiveRoute, EffectiveStarletteRoute, IncludedRouter
from .refusal import Refusal
from .tree import Target

if TYPE_CHECKING:
    from vivace.routing import APIRouter


def targets_of(route: Any, router: APIRouter) -> Iterator[Target]:
    """The entries of the lookup for one route; an included router is flattened unless it matches in its own way."""
    if isinstance(route, IncludedRouter):
        if route.original_router.has_plain_matching:
            try:
                candidates = route.effective_candidates()
            except Exception:  # a combination that cannot be served is reported to those who ask for it
                candidates = None
            if candidates is None:
                yield Target(route, kind="any", prefix=_literal_prefix(route.include_context.prefix))
            else:
                for candidate in candidates:
                    yield from targets_of(candidate, router)
        else:
            yield Target(route, kind="any")
    elif _lacks_limits_of(route, router):
        yield Target(_Outside(route, router), kind="any")
    elif isinstance(route, Planned):
        yield _operation_target(route)
    else:
        yield _starlette_target(route, router)


def _lacks_limits_of(route: Any, router: APIRouter) -> bool:
    """Whether a route was made by hand, so that nobody gave it the limits of the router."""
    if not isinstance(route, Operation) or isinstance(route, EffectiveRoute):
        return False
    return bool(router.form_limits.keys() - route.form_limits.keys())


def _literal_prefix(path: str) -> str:
    """The whole segments that every path below `path` begins with: `/shop/` for `/shop/{kind}`."""
    return path.partition("{")[0].rpartition("/")[0] + "/"


def _operation_target(operation: Any) -> Target:
    route: Any = getattr(operation, "original_route", operation)
    kind = _kind(operation)
    if not route.has_plain_matching:
        return Target(operation, kind="any", updates={"route": route})
    included = operation is not route
    target = Target(
        operation,
        kind=kind,
        path=operation.path_format if not _has_convertors(operation) else operation.path,
        methods=frozenset(operation.methods) if kind == "http" else None,
        convertors=operation.param_convertors,
        updates={"endpoint": operation.endpoint, "route": route},
        shared={ROUTE_KEY: operation} if included else {},
    )
    if route.has_plain_handling:
        target.compile = _compiled(target, operation)
        if kind == "http":
            target.refusal = Refusal(405, {"Allow": ", ".join(operation.methods)})
    return target


def _kind(operation: Any) -> str:
    return "websocket" if isinstance(operation, WebSocketOperation) else "http"


def _has_convertors(operation: Any) -> bool:
    return ":" in operation.path


def _compiled(target: Target, operation: Any) -> Callable[[], ASGIApp]:
    """What compiles the operation when it is first asked for, and keeps the function in the lookup."""

    def compile_now() -> ASGIApp:
        app: ASGIApp = operation.app.current()
        if isinstance(operation, Operation):
            app = limited(app, operation.max_body_size)
        if _notifies(operation.dependency_overrides_provider):
            target.app = app
        return app

    return compile_now


def _notifies(provider: Any) -> bool:
    """Whether a change of the provider's overrides resets the lookup; a plain dict's changes go unseen."""
    return provider is None or isinstance(
        getattr(provider, "dependency_overrides", None), DependencyOverrides
    )


def _starlette_target(route: Any, router: APIRouter) -> Target:
    actual: Any = route.starlette_route if isinstance(route, EffectiveStarletteRoute) else route
    holder = route if isinstance(route, EffectiveStarletteRoute) else router
    cls = type(actual)
    shown: Scope = {} if isinstance(route, EffectiveStarletteRoute) else {"route": route}
    if cls in (Route, WebSocketRoute):
        target = Target(
            route,
            kind="http" if cls is Route else "websocket",
            path=actual.path,
            methods=frozenset(actual.methods) if cls is Route and actual.methods else None,
            convertors=actual.param_convertors,
            updates={"endpoint": actual.endpoint, **shown},
        )
        limit = holder.max_body_size if cls is Route else None
        target.app = tracked_app(wrap_app_with_body_limit(actual.handle, limit))
        return target
    prefix = ""
    if cls is Mount:
        prefix = _literal_prefix(actual.path + "/")
    target = Target(_Outside(route, holder), kind="any", prefix=prefix, updates=shown)
    return target


def note_target(scope: Scope, target: Target) -> None:
    """Tell telemetry which route was selected."""
    candidate = target.candidate
    route: Any = candidate.route if isinstance(candidate, _Outside) else candidate
    shown = route.starlette_route if isinstance(route, EffectiveStarletteRoute) else route
    path = getattr(route, "path_format", None)
    if path is not None:
        telemetry.route_selected(scope, path, mount=isinstance(shown, Mount))


def note_low_priority(scope: Scope, route: Any) -> None:
    """Tell telemetry which front end, or other low-priority route, was selected."""
    select = getattr(route, "select", None)
    found = select(scope) if select is not None else None
    if found is not None:
        telemetry.route_selected(scope, found.template)
    elif getattr(route, "path_format", None) is not None:
        telemetry.route_selected(scope, route.path_format)


class _Outside:
    """A mount, host or foreign route: what is below it inherits the limits that stand here."""

    def __init__(self, route: Any, holder: Any) -> None:
        self.route = route
        self.form_limits = holder.form_limits
        self._handle = wrap_app_with_body_limit(route.handle, holder.max_body_size)
        self._shown = None if isinstance(route, (EffectiveStarletteRoute, IncludedRouter)) else route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = self.route.matches(scope)
        if match is not Match.NONE and self._shown is not None:
            child_scope = {"route": self._shown, **child_scope}
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.form_limits:
            inner = scope.setdefault("fastapi", {})
            inner["form_limits"] = {**inner.get("form_limits", {}), **self.form_limits}
        await self._handle(scope, receive, send)
