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

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RawHeaders = Sequence[tuple[bytes, bytes]]
Answer = Callable[[Scope, Receive], Awaitable[Response | None]]


class Outward:
    """The `send` outside of a layer. Passes messages on, or keeps them for whoever asks what became of a response."""

    __slots__ = ("kept", "send")

    def __init__(self, send: Send | None = None) -> None:
        self.send = send
        self.kept: list[Message] | None = [] if send is None else None

    async def __call__(self, message: Message) -> None:
        if self.kept is not None:
            self.kept.append(message)
        else:
            assert self.send is not None
            await self.send(message)


class Lane:
    """The `send` inside of a layer, where the one outside has a lane."""

    __slots__ = ("inward", "outward")

    def __init__(self, inward: Send, outward: Outward) -> None:
        self.inward = inward
        self.outward = outward

    async def __call__(self, message: Message) -> None:
        await self.inward(message)

    def respond(self, status: int, headers: RawHeaders, body: bytes) -> None:
        outward = self.outward
        outward.kept = []
        run(self.inward(start_message(status, headers)))
        run(self.inward(body_message(body)))
        start, end = outward.kept
        outward.kept = None
        respond(outward.send, start["status"], start["headers"], end["body"])


class Layer:
    """Mixed into a middleware of Starlette's, before it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and has_lane(send):
            outward = Outward(send)
            inward = self.enter(scope, outward)
            if inward is not None:
                await self.app(scope, receive, Lane(inward, outward))
        else:
            await self.starlette(self.app, scope, receive, send)

    @cached_property
    def answer(self) -> Answer:
        """`await layer.answer(scope, receive)`: the response to an http request, unsent. Absent if the application
        inside has none to give."""
        self.inner_answer  # noqa: B018
        return self._answer

    @cached_property
    def inner_answer(self) -> Answer:
        answer: Answer = self.app.answer  # type: ignore[attr-defined]
        return answer

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        outward = Outward()
        inward = self.enter(scope, outward)
        if inward is None:
            return response_of(outward)
        response = await self.inner_answer(scope, receive)
        if response is None or inward is outward:
            return response
        return await pass_out(response, inward, outward)

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
    if not (is_whole(response) or is_stream(response)):
        return LayeredResponse(response, inward, outward)
    kept: list[Message] = []
    outward.kept = kept
    await inward(start_message(response.status_code, response.raw_headers))
    if is_whole(response):
        await inward(body_message(bytes(response.body)))
        start, end = kept
        return remade(response, start["status"], start["headers"], body=end["body"])
    assert isinstance(response, StreamingResponse)
    if kept:  # the body is not touched
        return remade(response, kept[0]["status"], kept[0]["headers"])
    # The start waits for the first chunk. So does the answer, as a start message would: an exception before the
    # first chunk can still become an answer of its own.
    chunks = _chunks(response, inward, kept)
    first = await anext(chunks)
    status, headers = first.start["status"], first.start["headers"]
    return remade(response, status, headers, body_iterator=_bodies(first.body, chunks))


class _Chunk:
    __slots__ = ("body", "start")

    def __init__(self, messages: list[Message]) -> None:
        *starts, end = messages
        self.start: Message = starts[0] if starts else {}
        self.body: bytes = end["body"]


async def _chunks(response: StreamingResponse, inward: Send, kept: list[Message]) -> AsyncGenerator[_Chunk]:
    async def passed(body: bytes, more_body: bool) -> _Chunk:
        await inward({"type": "http.response.body", "body": body, "more_body": more_body})
        chunk = _Chunk(kept)
        kept.clear()
        return chunk

    try:
        async for chunk in response.body_iterator:
            yield await passed(
                chunk.encode(response.charset) if isinstance(chunk, str) else bytes(chunk), True
            )
        yield await passed(b"", False)
    finally:
        if isinstance(response.body_iterator, AsyncGenerator):
            await response.body_iterator.aclose()


async def _bodies(first: bytes, rest: AsyncGenerator[_Chunk]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        if first:
            yield first
        async for chunk in rest:
            if chunk.body:
                yield chunk.body


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
        self.outward.send, self.outward.kept = send, None
        await self.response(scope, receive, self.inward)


def is_whole(response: Response) -> bool:
    """It sends its status, `raw_headers` and `body`, and nothing else."""
    return type(response).__call__ is Response.__call__


def is_stream(response: Response) -> bool:
    """It sends its status, `raw_headers` and what `body_iterator` yields."""
    kind = type(response)
    return (
        issubclass(kind, StreamingResponse)
        and kind.__call__ is StreamingResponse.__call__
        and kind.stream_response is StreamingResponse.stream_response
    )


def remade(response: Response, status: int, headers: list[tuple[bytes, bytes]], **changed: Any) -> Response:
    """The response with another start. A copy: a program may return the same object again."""
    other = object.__new__(type(response))
    attributes = vars(other)
    attributes.update(vars(response), status_code=status, raw_headers=headers, **changed)
    attributes.pop("_headers", None)  # a view of the list that was
    return other


def response_of(outward: Outward) -> Response:
    """The response whose two messages were kept."""
    assert outward.kept is not None
    start, end = outward.kept
    return remade(Response(), start["status"], start["headers"], body=end["body"])


def start_message(status: int, headers: RawHeaders) -> Message:
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


def body_message(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body}


def has_lane(send: Send) -> bool:
    return getattr(send, "respond", None) is not None


def respond(send: Send | None, status: int, headers: RawHeaders, body: bytes) -> None:
    send.respond(status, headers, body)  # type: ignore[union-attr]


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
