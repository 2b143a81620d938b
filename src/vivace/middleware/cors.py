"""Cross-origin resource sharing: which sites' pages may read answers (https://fetch.spec.whatwg.org, section 3.3)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from vivace._lanes import RawHeaders, is_plain

from ._layer import (
    Layer,
    Outward,
    first_value,
    has_lane,
    is_stream,
    pass_out,
    remade,
    respond,
    run,
    start_message,
)

MOST_REMEMBERED = 1000
"""Clients choose their `Origin`."""

Field = tuple[bytes, bytes]
Key = tuple[bytes | None, bool]
K = TypeVar("K")
V = TypeVar("V")


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

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if not self._is_simple(scope):
            return await super()._answer(scope, receive)
        response = await self.inner_answer(scope, receive)
        if is_plain(response) or is_stream(response):
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

    def _add_to(self, headers: RawHeaders, scope: Scope) -> list[Field]:
        return self._join(headers, self._key(scope), scope)

    def _add_to_constant(self, headers: tuple[Field, ...], scope: Scope) -> tuple[Field, ...]:
        """The same tuple each time, so that a server can remember it."""
        key = self._key(scope)
        joined = self._joined.get((headers, key))
        if joined is None:
            joined = tuple(self._join(headers, key, scope))
            _remember(self._joined, (headers, key), joined)
        return joined

    def _key(self, scope: Scope) -> Key:
        """What of the request the headers depend on: its `Origin`, where that is echoed, and whether it is allowed."""
        origin = first_value(scope["headers"], b"origin")
        if origin is None:
            return (None, False)
        if self.allow_all_origins:
            return (origin if self.allow_credentials else b"*", True)
        # Asked every time: the origins may be a collection of the program's, and change.
        if self.is_allowed_origin(origin.decode("latin-1")):
            return (origin, True)
        return (b"*", False)

    def _join(self, headers: RawHeaders, key: Key, scope: Scope) -> list[Field]:
        added = self._added.get(key)
        if added is None:
            added = self._ask(scope, [])
            _remember(self._added, key, added)
        for name, _ in added:
            for field in headers:
                if field[0] == name:  # to be replaced, or to be joined
                    return self._ask(scope, headers)
        return [*headers, *added]

    def _ask(self, scope: Scope, headers: RawHeaders) -> list[Field]:
        """What Starlette makes of these headers."""
        outward = Outward()
        inward = self.enter(scope, outward)
        assert inward is not None
        run(inward(start_message(200, headers)))
        (start,) = outward.take()
        asked: list[Field] = start["headers"]
        return asked

    @cached_property
    def _added(self) -> dict[Key, list[Field]]:
        return {}

    @cached_property
    def _joined(self) -> dict[tuple[tuple[Field, ...], Key], tuple[Field, ...]]:
        return {}


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[key] = value


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

    @property
    def write(self) -> Any:
        return self.send.write  # type: ignore[attr-defined]  # absent if it has none; content is not touched

    def respond(self, status: int, headers: RawHeaders, body: bytes) -> None:
        added: RawHeaders
        if isinstance(headers, tuple):
            added = self.cors._add_to_constant(headers, self.scope)
        else:
            added = self.cors._add_to(headers, self.scope)
        respond(self.send, status, added, body)
