"""What our middlewares have beyond Starlette's: the fast lane of `send`, and answers that are `Response` objects.

Each is Starlette's class, and what it does to a response is done by Starlette's code, so that a correction there is one
here. That code is written for ASGI messages. A `Layer` runs it in two more ways:

- **The lane.** If the `send` of the server has `respond`, the `send` that goes inwards has it too (`Lane`). A response
  that comes through is shown to Starlette's code as the two messages it stands for, and goes on as one.
- **The answer.** If the application inside has `answer(scope, receive)`, the layer has it too. The `Response` that
  comes out is shown to Starlette's code as its messages, and goes on as a `Response` (`pass_out`).

Both rest on two properties that all middlewares here have: they look at the request before they call the application
and do nothing after it; and they decide at the start message whether they touch the body. Where `send` has no lane,
Starlette's code runs as ever.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Coroutine
from contextlib import aclosing
from functools import cached_property
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace._answers import Answer, AnswerForm
from vivace._lanes import RawHeaders, is_plain, is_plain_stream


class Outward:
    """The `send` outside of a layer: passes messages on to `send`, or keeps them while there is none."""

    __slots__ = ("kept", "send")

    def __init__(self) -> None:
        self.send: Send | None = None
        self.kept: list[Message] = []

    async def __call__(self, message: Message) -> None:
        if self.send is None:
            self.kept.append(message)
        else:
            await self.send(message)

    def take(self) -> list[Message]:
        kept, self.kept = self.kept, []
        return kept


class Lane:
    """The `send` inside of a layer, where the one outside has a lane."""

    __slots__ = ("inward", "layer", "outward", "scope", "send")

    def __init__(self, layer: Layer, scope: Scope, inward: Send, outward: Outward, send: Send) -> None:
        self.layer = layer
        self.scope = scope
        self.inward = inward
        self.outward = outward
        self.send = send

    async def __call__(self, message: Message) -> None:
        self.outward.send = self.send
        await self.inward(message)

    def respond(self, status: int, headers: RawHeaders, body: bytes) -> None:
        if self.layer.leaves(self.scope, body):
            respond(self.send, status, headers, body)
            return
        self.outward.send = None
        run(self.inward(start_message(status, headers)))
        run(self.inward(body_message(body)))
        start, end = self.outward.take()
        respond(self.send, start["status"], start["headers"], end["body"])


class Layer:
    """Mixed into a middleware of Starlette's, before it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not has_lane(send):
            await self.starlette(self.app, scope, receive, send)
            return
        outward = Outward()
        inward = self.enter(scope, outward)
        if inward is None:
            for message in outward.take():
                await send(message)
        else:
            await self.app(scope, receive, Lane(self, scope, inward, outward, send))

    @cached_property
    def answer(self) -> AnswerForm:
        """`await layer.answer(scope, receive)`: the response to an http request, unsent. Absent if the application
        inside has none to give."""
        self.inner_answer  # noqa: B018
        return self._answer

    @cached_property
    def inner_answer(self) -> AnswerForm:
        answer: AnswerForm = self.app.answer  # type: ignore[attr-defined]
        return answer

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        outward = Outward()
        inward = self.enter(scope, outward)
        if inward is None:
            start, end = outward.take()
            return remade(Response(), start["status"], start["headers"], body=end["body"])
        response = await self.inner_answer(scope, receive)
        if inward is outward or (is_plain(response) and self.leaves(scope, response.body)):
            return response
        return await pass_out(response, inward, outward)

    def leaves(self, scope: Scope, body: bytes | memoryview) -> bool:
        """Whether a response with this body goes out as it came, if that is easily said."""
        return False

    def starlette(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> Coroutine[Any, Any, None]:
        """A call of Starlette's middleware, with this one's settings, around `app`."""
        layer = self
        if app is not self.app:
            layer = object.__new__(type(self))
            vars(layer).update(vars(self), app=app)
        call: Coroutine[Any, Any, None] = super(Layer, layer).__call__(scope, receive, send)  # type: ignore[misc]
        return call

    def enter(self, scope: Scope, outward: Outward) -> Send | None:
        """The `send` that Starlette's middleware hands inwards; None if it has answered itself."""
        inward: Send | None = None

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal inward
            inward = send

        run(self.starlette(app, scope, _receive, outward))
        return inward


async def _receive() -> Message:
    raise AssertionError("these middlewares do not look at the body of a request")


async def pass_out(response: Response, inward: Send, outward: Outward) -> Response:
    """The response as it is outside of a layer, which is known by the `send` on its two sides."""
    if not (is_plain(response) or is_stream(response)):
        return LayeredResponse(response, inward, outward)
    await inward(start_message(response.status_code, response.raw_headers))
    if is_plain(response):
        await inward(body_message(bytes(response.body)))
        start, end = outward.take()
        return remade(response, start["status"], start["headers"], body=end["body"])
    if outward.kept:  # so the body is not touched
        (start,) = outward.take()
        return remade(response, start["status"], start["headers"])
    # The start waits for the first chunk. So does the answer, as a start message would: an exception before the
    # first chunk can still become an answer of its own.
    chunks = _chunks(response, inward, outward)
    start, first = await anext(chunks)
    return remade(response, start["status"], start["headers"], body_iterator=_bodies(first, chunks))


async def _chunks(response: Any, inward: Send, outward: Outward) -> AsyncGenerator[list[Message]]:
    """The messages that each chunk of a stream has become, and those of its end."""
    try:
        async for chunk in response.body_iterator:
            if isinstance(chunk, dict):  # http.response.pathsend, which is the end too
                await inward(chunk)
                yield outward.take()
                return
            body = chunk.encode(response.charset) if isinstance(chunk, str) else bytes(chunk)
            await inward({"type": "http.response.body", "body": body, "more_body": True})
            yield outward.take()
        await inward({"type": "http.response.body", "body": b"", "more_body": False})
        yield outward.take()
    finally:
        if isinstance(response.body_iterator, AsyncGenerator):
            await response.body_iterator.aclose()


async def _bodies(first: Message, rest: AsyncGenerator[list[Message]]) -> AsyncGenerator[Any]:
    async with aclosing(rest):
        if content := first.get("body", first):
            yield content
        async for (message,) in rest:
            if content := message.get("body", message):
                yield content


class LayeredResponse(Response):
    """A response that makes up its messages when it is sent (a file, a class of the program's): the layer sees them
    then."""

    def __init__(self, response: Response, inward: Send, outward: Outward) -> None:
        self.response = response
        self.inward = inward
        self.outward = outward
        self.status_code = response.status_code
        self.raw_headers = response.raw_headers  # the same list: what others add to it is sent
        self.background = None  # the response inside has its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.outward.send = send
        await self.response(scope, receive, self.inward)


def is_stream(response: Response) -> bool:
    """It sends its status, `raw_headers` and what `body_iterator` yields."""
    return is_plain_stream(response) or (isinstance(response, Answer) and not response.is_whole)


def remade(response: Response, status: int, headers: list[tuple[bytes, bytes]], **changed: Any) -> Response:
    """The response with another start. A copy: a program may return the same object again."""
    other = object.__new__(type(response))
    attributes = vars(other)
    attributes.update(vars(response), status_code=status, raw_headers=headers)
    attributes.pop("_headers", None)  # a view of the list that was
    for name, value in changed.items():
        setattr(other, name, value)
    return other


def start_message(status: int, headers: RawHeaders) -> Message:
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


def body_message(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body}


def has_lane(send: Send) -> bool:
    return getattr(send, "respond", None) is not None


def respond(send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    send.respond(status, headers, body)  # type: ignore[attr-defined]


def run(call: Awaitable[None]) -> None:
    """Run what does not wait for anything to its end."""
    assert isinstance(call, Coroutine)
    try:
        call.send(None)
    except StopIteration:
        return
    call.close()
    raise AssertionError("a middleware waits for something where it has nothing to wait for")


def first_value(headers: RawHeaders, name: bytes) -> bytes | None:
    for field in headers:
        if field[0] == name:
            return field[1]
    return None
