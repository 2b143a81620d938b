"""Redirects from http to https."""

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware as StarletteHTTPSRedirectMiddleware
from starlette.types import Receive, Scope, Send

from ._layer import Layer


class HTTPSRedirectMiddleware(Layer, StarletteHTTPSRedirectMiddleware):
    """Redirects every request that did not come over https (or wss) to the same URL there, with status 307.

    app.add_middleware(HTTPSRedirectMiddleware)

    Behind a proxy that ends TLS, the server must be told to believe its `X-Forwarded-Proto`.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette's hands `send` on as it is, lane and all.
        await self.starlette(self.app, scope, receive, send)
