"""`max_body_size=`: refusing request bodies that are too large, by app, router and route.

Starlette counts the bytes, and raises its own error from `receive` at the one that is too many. This module
sees to it that the error comes through: out of the exception groups in which task groups wrap it, and as a
413 response from mounted applications, whose outermost layer would otherwise make it a 500. The innermost
limit that is set counts.
"""

from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY as MAX_BODY_SIZE_SCOPE_KEY
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace._starlette import RequestBodyLimitResponseSent as _response_sent
from vivace._starlette import RequestBodyTooLarge as _too_large
from vivace.exception_handlers import http_exception_handler

_body_limit_errors: tuple[type[Exception], ...] = (_too_large, _response_sent)


def validate_max_body_size(max_body_size: int | None) -> None:
    """Raise ValueError unless this is a number of bytes, or None for no limit."""
    if max_body_size is None:
        return
    if not isinstance(max_body_size, int) or isinstance(max_body_size, bool) or max_body_size < 0:
        raise ValueError("max_body_size must be a non-negative integer or None")


def get_body_size_limit(*limits: int | None) -> int | None:
    """The first limit that is set, given from the innermost outwards; None if none is."""
    return next((limit for limit in limits if limit is not None), None)


def get_body_limit_error(exc: Exception) -> Exception | None:
    """The error of the body limit that `exc` is, or that a group holds and nothing else; otherwise None.

    Of several, the one that says "already answered" goes first: a second answer would break the protocol.
    """
    if not isinstance(exc, ExceptionGroup):
        return exc if isinstance(exc, _body_limit_errors) else None
    if exc.split(_body_limit_errors)[1] is not None:
        return None
    errors = [error for inner in exc.exceptions if (error := get_body_limit_error(inner))]
    return next((error for error in errors if isinstance(error, _response_sent)), errors[0])


def wrap_app_with_body_limit(app: ASGIApp, max_body_size: int | None) -> ASGIApp:
    """`app` with a limit in bytes; `app` itself if there is none."""
    if max_body_size is None:
        return app
    return RequestBodyLimitMiddleware(_BodyLimitExceptionMiddleware(app), max_body_size=max_body_size)


class _BodyLimitExceptionMiddleware:
    """Takes the limit's error out of an exception group, where Starlette would not look for it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except ExceptionGroup as group:
            error = get_body_limit_error(group)
            if error is None:
                raise
            raise error from group


class AppBodyLimitMiddleware:
    """The limit of an application, which may be mounted in another one that has a limit too."""

    def __init__(self, app: ASGIApp, max_body_size: int | None) -> None:
        self.app = wrap_app_with_body_limit(app, max_body_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_mounted = scope["type"] == "http" and MAX_BODY_SIZE_SCOPE_KEY in scope
        if not is_mounted:
            await self.app(scope, receive, send)
            return

        has_started = False

        async def send_response(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_response)
        except Exception as exc:
            error = get_body_limit_error(exc)
            if has_started or not isinstance(error, HTTPException):
                raise
            response = await http_exception_handler(Request(scope), error)
            await response(scope, receive, send)
