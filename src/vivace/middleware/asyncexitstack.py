"""A place in the request's scope for clean-up that must wait until the response has been sent."""

from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Receive, Scope, Send


class AsyncExitStackMiddleware:
    """Puts an exit stack into `scope[context_name]`, and closes it when the application inside is done.

    Whoever handles the request pushes on it what must happen then:

        app = AsyncExitStackMiddleware(app)
        # and inside: request.scope["fastapi_middleware_astack"].push_async_callback(file.close)
    """

    def __init__(self, app: ASGIApp, context_name: str = "fastapi_middleware_astack") -> None:
        self.app = app
        self.context_name = context_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            scope[self.context_name] = stack
            await self.app(scope, receive, send)
