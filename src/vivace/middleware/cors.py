"""Cross-origin resource sharing: which sites' pages may read answers (https://fetch.spec.whatwg.org, section 3.3)."""

from __future__ import annotations

from functools import cached_property

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ._layer import (
    Layer,
    Outward,
    RawHeaders,
    first_value,
    has_lane,
    is_stream,
    is_whole,
    pass_out,
    remade,
    respond,
    run,
    start_message,
)

MOST_REMEMBERED = 1000
"""Clients choose their `Origin`."""


class CORSMiddleware(Layer, StarletteCORSMiddleware):
    """Lets pages of other origins read answers, and answers browsers' preflight requests.

    app.add_middleware(CORSMiddleware, allow_origins=["https://example.com"], allow_credentials=True)
    """

    # PERF (W6): what Starlette adds to a response depends on the request's `Origin` alone, so it is asked once for
    # each, and what it adds is appended from then on.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_simple(scope):
            await self.app(scope, receive, (_Lane if has_lane(send) else _Send)(self, scope, send))
        else:
            await super().__call__(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        if not self._is_simple(scope):
            return await super()._answer(scope, receive)
        response = await self.inner_answer(scope, receive)
        if response is None:
            return None
        if is_whole(response) or is_stream(response):
            headers = self._add_to(response.raw_headers, scope)
            return remade(response, response.status_code, headers)
        outward = Outward()
        return await pass_out(response, _Send(self, scope, outward), outward)

    def _is_simple(self, scope: Scope) -> bool:
        """Not a preflight request, for which browsers use OPTIONS, and no class that adds things of its own."""
        return scope["method"] != "OPTIONS" and not self._is_changed

    @cached_property
    def _is_changed(self) -> bool:
        names = ("send", "simple_response", "allow_explicit_origin")
        return any(getattr(type(self), name) is not getattr(StarletteCORSMiddleware, name) for name in names)

    def _add_to(self, headers: RawHeaders, scope: Scope) -> list[tuple[bytes, bytes]]:
        origin = first_value(scope["headers"], b"origin")
        # Asked every time: the origins may be a collection of the program's, and change.
        is_allowed = (
            origin is not None
            and not self.allow_all_origins
            and self.is_allowed_origin(origin.decode("latin-1"))
        )
        key = (origin, is_allowed)
        added = self._additions.get(key)
        if added is None:
            if len(self._additions) >= MOST_REMEMBERED:
                self._additions.clear()
            added = self._additions[key] = self._ask(scope, [])
        for name, _ in added:
            for field in headers:
                if field[0] == name:  # to be replaced, or to be joined
                    return self._ask(scope, headers)
        return [*headers, *added]

    def _ask(self, scope: Scope, headers: RawHeaders) -> list[tuple[bytes, bytes]]:
        outward = Outward()
        run(self.send(start_message(200, headers), outward, Headers(raw=scope["headers"])))
        (start,) = outward.take()
        asked: list[tuple[bytes, bytes]] = start["headers"]
        return asked

    @cached_property
    def _additions(self) -> dict[tuple[bytes | None, bool], list[tuple[bytes, bytes]]]:
        return {}


class _Send:
    """The `send` inside: what comes through gets the headers."""

    __slots__ = ("cors", "scope", "send")

    def __init__(self, cors: CORSMiddleware, scope: Scope, send: Send) -> None:
        self.cors = cors
        self.scope = scope
        self.send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = self.cors._add_to([*message.get("headers", ())], self.scope)
        await self.send(message)


class _Lane(_Send):
    __slots__ = ()

    def respond(self, status: int, headers: RawHeaders, body: bytes) -> None:
        respond(self.send, status, self.cors._add_to(headers, self.scope), body)
