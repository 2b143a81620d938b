"""The one place that knows names which Starlette keeps to itself."""

from __future__ import annotations

from starlette._exception_handler import wrap_app_handling_exceptions as wrap_app_handling_exceptions
from starlette._utils import get_route_path as get_route_path
from starlette._utils import is_async_callable as is_async_callable
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartParser, MultipartPart
from starlette.middleware.base import _CachedRequest as CachedRequest
from starlette.middleware.body_limit import _RequestBodyLimitResponseSent as RequestBodyLimitResponseSent
from starlette.middleware.body_limit import _RequestBodyTooLarge as RequestBodyTooLarge
from starlette.requests import HTTPConnection, Request
from starlette.routing import replace_params as replace_params

__all__ = [
    "CachedRequest",
    "RequestBodyLimitResponseSent",
    "RequestBodyTooLarge",
    "current_part",
    "first_header",
    "get_route_path",
    "is_async_callable",
    "has_form",
    "is_unread",
    "keep_body",
    "keep_form",
    "reads_form_itself",
    "replace_params",
    "wrap_app_handling_exceptions",
]


def keep_body(request: Request, body: bytes) -> None:
    """Give a request its body, which it need not read any more."""
    request._body = body


def keep_form(request: Request, form: FormData) -> None:
    """Give a request its form, which `request.form()` gives from now on."""
    request._form = form


def has_form(request: Request) -> bool:
    """Whether somebody has read a request's form already."""
    return request._form is not None


def reads_form_itself(request: Request) -> bool:
    """Whether a request is of a class that reads forms in a way of its own."""
    cls = type(request)
    return cls.form is not Request.form or cls._get_form is not Request._get_form


def current_part(parser: MultiPartParser) -> MultipartPart:
    """The part of a form that a parser is at."""
    return parser._current_part


def is_unread(request: Request) -> bool:
    """Whether nobody has begun to read a request's body."""
    return not request._stream_consumed and not hasattr(request, "_body")


def first_header(connection: HTTPConnection, name: str) -> str | None:
    """The first header of that name, as `connection.headers.get(name)` gives it."""
    # PERF (W5): without the object for all headers, unless somebody has made it, and perhaps edited it.
    if hasattr(connection, "_headers"):
        return connection.headers.get(name)
    wanted = name.lower().encode("latin-1")
    for key, value in connection.scope["headers"]:
        if key == wanted:
            found: bytes = value
            return found.decode("latin-1")
    return None
