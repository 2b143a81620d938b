"""`@app.middleware("http")` and `BaseHTTPMiddleware`, called directly.

Starlette runs everything inside such a middleware in a task, and passes its messages through a stream. Here `call_next`
is a call: it returns the Response object that was made inside, and the outermost layer sends it (see `_answers.py`).
"""

from __future__ import annotations

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vivace._answers import ANSWERING, AnswerForm, Answering, answer_in_task
from vivace._anyio import current_task
from vivace._lanes import arrived_body, send_response
from vivace._starlette import CachedRequest, is_unread
from vivace.concurrency import cleanup_scope
from vivace.exceptions import _no_response_error

_starlettes_call = BaseHTTPMiddleware.__call__


def called_directly(app: ASGIApp) -> ASGIApp:
    """`app` itself, or what calls it directly if it is an http middleware that Starlette would run in a task."""
    if isinstance(app, BaseHTTPMiddleware) and type(app).__call__ is _starlettes_call:
        return DirectMiddleware(app)
    return app


class DirectMiddleware:
    """Calls an http middleware's `dispatch`."""

    def __init__(self, middleware: BaseHTTPMiddleware) -> None:
        self.middleware = middleware
        self.app = middleware.app
        self._inner: AnswerForm | None = getattr(middleware.app, "answer", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The outermost layer's form: sends the answer."""
        task = current_task()
        if scope["type"] != "http" or task is None:
            await self.middleware(scope, receive, send)
            return
        outer = scope.get(ANSWERING)
        with cleanup_scope(task) as cleanup:
            answering = scope[ANSWERING] = Answering(task, cleanup, send)
            try:
                response = await self.answer(scope, receive)
                await send_response(response, scope, receive, send)
            except BaseException as exc:
                if not await answering.end(exc):
                    raise
                raise _no_response_error() from exc
            else:
                await answering.end(None)
            finally:
                scope[ANSWERING] = outer

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        request = CachedRequest(scope, receive, scope[ANSWERING].send)

        async def call_next(_: Request) -> Response:
            inner_receive: Receive = request.wrapped_receive  # gives again what the middleware has read
            if arrived_body(receive) is not None and is_unread(request):
                inner_receive = receive
            if self._inner is None:
                return await answer_in_task(self.app, scope, inner_receive)
            return await self._inner(scope, inner_receive)

        return await self.middleware.dispatch_func(request, call_next)
