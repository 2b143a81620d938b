"""The front ends of an included router."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from vivace._body_limit import get_body_size_limit, wrap_app_with_body_limit
from vivace._compile.composed import frontend_solver
from vivace._frontend import FrontendRouteGroup, IncludedFrontends
from vivace._options import IncludeContext

if TYPE_CHECKING:
    from vivace.routing import APIRouter


class FrontendsOfRouter(IncludedFrontends):
    """A group of front ends, with the limits and dependencies of the router that is included."""

    def __init__(self, group: FrontendRouteGroup, router: APIRouter, context: IncludeContext) -> None:
        dependencies = [*context.dependencies, *group.dependencies]
        solve = frontend_solver(dependencies, context.dependency_overrides_provider)
        super().__init__(group, prefix=context.prefix, solve=solve)
        limit = get_body_size_limit(router.max_body_size, context.max_body_size)
        self._limited = wrap_app_with_body_limit(super().handle, limit)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._limited(scope, receive, send)
