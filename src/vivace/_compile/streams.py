"""Endpoints that yield: raw chunks, JSON Lines, and server-sent events with keep-alive comments."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import aclosing
from functools import lru_cache
from math import isfinite
from time import monotonic
from typing import Any

from anyio import Event, create_task_group, sleep
from anyio.lowlevel import checkpoint
from pydantic_core import ValidationError
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Scope, Send

from vivace import _doors
from vivace._json import spaced_json_bytes
from vivace._lanes import close_chunks, tells_by_send
from vivace._plan.fields import ModelField, located_errors
from vivace._plan.nodes import SerializeOptions
from vivace._threads import run_exit_in_thread
from vivace.encoders import jsonable_encoder
from vivace.exceptions import EndpointContext, ResponseValidationError
from vivace.sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event

ContextMaker = Callable[[Scope], EndpointContext]


def ping_interval() -> float:
    """After how many seconds of silence an event stream sends a comment. Programs set it in `vivace.routing`."""
    interval: float = _doors.module()._PING_INTERVAL
    return interval


# How many items a generator that never waits may give before other requests have their turn.
_TURN = 32


def raw_chunks(result: Any, scope: Scope) -> Any:
    """The chunks of an endpoint, cancellable in between. A sync generator runs in worker threads."""
    return _cancellable(result, scope) if hasattr(result, "__aiter__") else _in_threads(result)


async def _cancellable(chunks: Any, scope: Scope) -> AsyncGenerator[Any, None]:
    # Where `send` does not say that the client has gone, only waiting can: the response is cancelled.
    # PERF (W9): where it does, a wait for each item would cost more than the item.
    turn = _TURN if tells_by_send(scope) else 1
    left = turn
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk
            left -= 1
            if not left:
                left = turn
                await checkpoint()


async def _in_threads(chunks: Any) -> AsyncGenerator[Any, None]:
    """A sync generator, advanced in worker threads, and closed in one when the stream ends, however it ends."""
    try:
        async for chunk in iterate_in_threadpool(chunks):
            yield chunk
    finally:
        if isinstance(chunks, Generator):
            await run_exit_in_thread(chunks.close)


def _items(result: Any, scope: Scope) -> AsyncGenerator[Any, None]:
    return _cancellable(result if hasattr(result, "__aiter__") else _in_threads(result), scope)


class ItemWriter:
    """Writes one item of a stream as JSON text."""

    def __init__(self, field: ModelField | None, options: SerializeOptions) -> None:
        self.field = field
        self.options = options

    def write(self, item: Any, context: ContextMaker, scope: Scope) -> bytes:
        if self.field is None:
            return dump_untyped(item)
        try:
            value = self.field.validator.validate_python(item, from_attributes=True)
        except ValidationError as exc:
            errors = located_errors(exc, ("response",))
            raise ResponseValidationError(errors, body=item, endpoint_ctx=context(scope)) from exc
        options = self.options
        return self.field.serialize_json(
            value,
            include=options.include,
            exclude=options.exclude,
            by_alias=options.by_alias,
            exclude_unset=options.exclude_unset,
            exclude_defaults=options.exclude_defaults,
            exclude_none=options.exclude_none,
        )


def dump_untyped(item: Any) -> bytes:
    """Any value as JSON; numbers that JSON does not have become null (RFC 8259, section 6)."""
    text = spaced_json_bytes(item)
    if text is not None:
        return text
    data = jsonable_encoder(item)
    try:
        return json.dumps(data, allow_nan=False).encode()
    except ValueError:
        return json.dumps(without_non_finite(data)).encode()


def without_non_finite(data: Any) -> Any:
    """The same data with NaN and the infinities replaced by `None`; keys stay."""
    if isinstance(data, float):
        return data if isfinite(data) else None
    if isinstance(data, dict):
        return {key: without_non_finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [without_non_finite(value) for value in data]
    return data


def json_lines(
    result: Any, writer: ItemWriter, context: ContextMaker, scope: Scope, **arguments: Any
) -> StreamingResponse:
    """One JSON value per line (https://jsonlines.org)."""

    async def lines() -> AsyncIterator[bytes]:
        async with aclosing(_items(result, scope)) as items:
            async for item in items:
                yield writer.write(item, context, scope) + b"\n"

    return StreamingResponse(lines(), media_type="application/jsonl", **arguments)


def event_stream(
    result: Any,
    writer: ItemWriter,
    context: ContextMaker,
    scope: Scope,
    response_class: type[EventSourceResponse] = EventSourceResponse,
    **arguments: Any,
) -> EventSourceResponse:
    """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

    async def events() -> AsyncIterator[bytes]:
        async with aclosing(_items(result, scope)) as items:
            async for item in items:
                yield _event(item, writer, context, scope)

    # mypy looks for the hash of the class among its instances' methods.
    response = _with_keepalive(response_class)(events(), **arguments)  # type: ignore[arg-type]
    response.headers["Cache-Control"] = "no-cache"
    # Proxies such as nginx would collect events before they pass them on.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _event(item: Any, writer: ItemWriter, context: ContextMaker, scope: Scope) -> bytes:
    if not isinstance(item, ServerSentEvent):
        return format_sse_event(data_str=writer.write(item, context, scope).decode())
    if item.raw_data is not None:
        data: str | None = item.raw_data
    elif item.data is not None:
        data = _event_data(item.data)
    else:
        data = None
    return format_sse_event(
        data_str=data, event=item.event, id=item.id, retry=item.retry, comment=item.comment
    )


def _event_data(data: Any) -> str:
    if hasattr(data, "model_dump_json"):
        return str(data.model_dump_json())
    return dump_untyped(data).decode()


@lru_cache(maxsize=64)
def _with_keepalive(cls: type[EventSourceResponse]) -> type[EventSourceResponse]:
    """The response class, sending a comment whenever nothing else was sent for the ping interval."""

    class KeptAlive(cls):  # type: ignore[misc,valid-type]  # mypy wants base classes that it knows by name
        async def stream_response(self, send: Send) -> None:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            line = _Line(send)
            try:
                async with create_task_group() as group:
                    group.start_soon(line.ping)
                    # The generator runs here from start to end: it may hold a task group or a time-out open.
                    try:
                        async for chunk in self.body_iterator:
                            await line.write(chunk.encode(self.charset) if isinstance(chunk, str) else chunk)
                    finally:
                        await close_chunks(self.body_iterator)  # inside the scopes in which it was opened
                    group.cancel_scope.cancel()
            except ExceptionGroup as failures:
                _, others = failures.split(OSError)
                if others is None:  # the client has left, which Starlette knows by the plain error
                    raise failures.exceptions[0] from None
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    KeptAlive.__name__, KeptAlive.__qualname__ = cls.__name__, cls.__qualname__
    return KeptAlive


class _Line:
    """An event stream's way to the client, with two who write: the endpoint, and the ping while that is silent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._write = getattr(send, "write", None)
        self._last = monotonic()
        self._is_writing = False
        self._ping_sent: Event | None = None

    async def write(self, chunk: bytes | memoryview) -> None:
        if self._ping_sent is not None:
            await self._ping_sent.wait()
        if self._write is None:
            self._is_writing = True
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._is_writing = False
        elif (wait := self._write(chunk)) is not None:
            self._is_writing = True
            await wait
            self._is_writing = False
        self._last = monotonic()

    async def ping(self) -> None:
        while True:
            silent = monotonic() - self._last
            interval = ping_interval()
            if silent < interval or self._is_writing:
                await sleep(max(interval - silent, 0.001))
                continue
            self._ping_sent = Event()
            await self._send({"type": "http.response.body", "body": KEEPALIVE_COMMENT, "more_body": True})
            self._last = monotonic()
            self._ping_sent.set()
            self._ping_sent = None


__all__ = ["ItemWriter", "event_stream", "json_lines", "raw_chunks"]
