"""A check of the `Host` header."""

from functools import cached_property

from starlette.middleware.trustedhost import TrustedHostMiddleware as StarletteTrustedHostMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ._layer import Layer, Outward, first_value

MOST_REMEMBERED = 1000
"""A pattern like `*.example.com` fits any number of hosts, and clients choose them."""


class TrustedHostMiddleware(Layer, StarletteTrustedHostMiddleware):
    """Refuses requests whose `Host` is none of ours, with status 400.

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["example.com", "*.example.com"])

    With `www_redirect`, a request for `example.com` goes to `www.example.com` if only that is allowed.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_trusted(scope):
            await self.app(scope, receive, send)
        else:
            await self.starlette(self.app, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if self._is_trusted(scope):
            return await self.inner_answer(scope, receive)
        return await super()._answer(scope, receive)

    # PERF (W6): Starlette's verdict on a `Host` is remembered. It depends on that alone: of two fields the first
    # counts. Only good ones are, so that nobody can fill the memory with bad ones.
    def _is_trusted(self, scope: Scope) -> bool:
        if self.allow_any or scope["type"] not in ("http", "websocket"):
            return True
        host = first_value(scope["headers"], b"host")
        if host in self._trusted:
            return True
        if self.enter(scope, Outward()) is None:
            return False
        if len(self._trusted) >= MOST_REMEMBERED:
            self._trusted.clear()
        self._trusted.add(host)
        return True

    @cached_property
    def _trusted(self) -> set[bytes | None]:
        return set()
