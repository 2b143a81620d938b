"""A pytest plugin that puts vivace's middlewares in the place of Starlette's, answering in the way that
`CONFORMANCE_WAY` names:

- `starlette`: nothing is replaced;
- `messages`: as they are. Starlette's test client knows nothing of lanes;
- `lane`: between an application that uses the lane where it can, and a server that has one;
- `answer`: around an application that makes `Response` objects, which are sent outside;
- `direct`: http middleware, called directly around an application that has only messages.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest
from starlette.middleware import base
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace._anyio import current_task
from vivace._http_middleware import DirectMiddleware
from vivace.middleware._layer import has_lane

MIDDLEWARES = {
    "cors": "CORSMiddleware",
    "gzip": "GZipMiddleware",
    "httpsredirect": "HTTPSRedirectMiddleware",
    "sessions": "SessionMiddleware",
    "trustedhost": "TrustedHostMiddleware",
}


# --- the lane -------------------------------------------------------------------------------------------------------


class Server:
    """A `send` with a lane, on top of one without: what comes on the lane is sent as messages, by `flush`."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.whole: list[Message] = []

    async def __call__(self, message: Message) -> None:
        await self.send(message)

    def respond(self, status: int, headers: Any, body: bytes) -> None:
        self.whole.append({"type": "http.response.start", "status": status, "headers": [*headers]})
        self.whole.append({"type": "http.response.body", "body": body})

    async def flush(self) -> None:
        while self.whole:
            await self.send(self.whole.pop(0))


class UsesLane:
    """The application inside: a start and a whole body become one call."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None

        async def fold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message.keys() <= {"type", "status", "headers"}:
                start = message
                return
            if start is not None:
                held, start = start, None
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    send.respond(held["status"], held.get("headers", ()), message.get("body", b""))  # type: ignore[attr-defined]
                    return
                await send(held)
            await send(message)

        await self.app(scope, receive, fold if has_lane(send) else send)


def on_the_lane(ours: type[Any]) -> type[Any]:
    class OnTheLane(ours):  # type: ignore[misc]
        def __init__(self, app: ASGIApp, *args: Any, **kwargs: Any) -> None:
            super().__init__(UsesLane(app), *args, **kwargs)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await super().__call__(scope, receive, send)
                return
            server = Server(send)
            try:
                await super().__call__(scope, receive, server)
            finally:
                await server.flush()

    return OnTheLane


# --- the answer -----------------------------------------------------------------------------------------------------


class Replayed(Response):
    """Messages that are no plain response: with a path, or with trailers."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__()
        self.messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for message in self.messages:
            await send(message)


class Answers:
    """The application inside: what it sends becomes a `Response`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append({**message})

        await self.app(scope, receive, keep)
        start, *rest = messages
        bodies = [message.get("body", b"") for message in rest]
        if not start.keys() <= {"type", "status", "headers"} or any(
            message["type"] != "http.response.body" for message in rest
        ):
            return Replayed(messages)
        response = Response(bodies[0]) if len(rest) == 1 else StreamingResponse(iter(bodies[:-1]))
        if bodies[-1] and len(rest) > 1:
            return Replayed(messages)
        response.status_code = start["status"]
        response.raw_headers = [*start.get("headers", ())]
        return response


def as_answers(ours: type[Any]) -> type[Any]:
    class AsAnswers(ours):  # type: ignore[misc]
        def __init__(self, app: ASGIApp, *args: Any, **kwargs: Any) -> None:
            super().__init__(Answers(app), *args, **kwargs)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                response = await self.answer(scope, receive)
                await response(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)

    return AsAnswers


# --- http middleware ------------------------------------------------------------------------------------------------


def directly(ours: type[Any]) -> type[Any]:
    class Direct(BaseHTTPMiddleware):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and current_task() is not None:
                await DirectMiddleware(self)(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)

    return Direct


WAYS: dict[str, Any] = {"messages": lambda ours: ours, "lane": on_the_lane, "answer": as_answers}


def pytest_configure(config: pytest.Config) -> None:
    way = os.environ["CONFORMANCE_WAY"]
    if way == "starlette":
        return
    if way == "direct":
        base.BaseHTTPMiddleware = directly(base.BaseHTTPMiddleware)  # type: ignore[misc]
        return
    for module, name in MIDDLEWARES.items():
        ours = getattr(importlib.import_module(f"vivace.middleware.{module}"), name)
        setattr(importlib.import_module(f"starlette.middleware.{module}"), name, WAYS[way](ours))


# Starlette expects this of its own http middleware to fail: it does not see context variables set inside of it.
PASSES_DIRECTLY = "test_contextvars[asyncio-CustomMiddlewareUsingBaseHTTPMiddleware]"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if os.environ["CONFORMANCE_WAY"] == "direct" and item.nodeid.endswith(PASSES_DIRECTLY):
            item.own_markers = [mark for mark in item.own_markers if mark.name != "xfail"]
