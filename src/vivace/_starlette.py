"""The one place that knows names which Starlette keeps to itself."""

from __future__ import annotations

from starlette._exception_handler import wrap_app_handling_exceptions as wrap_app_handling_exceptions
from starlette._utils import get_route_path as get_route_path
from starlette._utils import is_async_callable as is_async_callable
from starlette.middleware.body_limit import _RequestBodyLimitResponseSent as RequestBodyLimitResponseSent
from starlette.middleware.body_limit import _RequestBodyTooLarge as RequestBodyTooLarge
from starlette.routing import replace_params as replace_params

__all__ = [
    "RequestBodyLimitResponseSent",
    "RequestBodyTooLarge",
    "get_route_path",
    "is_async_callable",
    "replace_params",
    "wrap_app_handling_exceptions",
]
