"""Endpoints that yield: raw chunks, JSON Lines, and server-sent events with keep-alive comments."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import lru_cache
from math import isfinite
from typing import Any, ClassVar

from anyio import (
    ClosedResourceError,
    EndOfStream,
    create_memory_object_stream,
    create_task_group,
    move_on_after,
)
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from anyio.lowlevel import checkpoint
from pydantic_core import ValidationError
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Scope, Send

from vivace._plan.fields import ModelField, located_errors
from vivace._plan.nodes import SerializeOptions
from vivace.encoders import jsonable_encoder
from vivace.exceptions import EndpointContext, ResponseValidationError
from vivace.sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event

ContextMaker = Callable[[Scope], EndpointContext]


class Settings:
    """What may be changed while the program runs; `routing` points `ping_interval` at its own setting."""

    ping_interval: ClassVar[staticmethod[[], float]] = staticmethod(lambda: 15.0)


def raw_chunks(result: Any) -> Any:
    """The chunks of an endpoint, cancellable between two of them. A sync generator runs in worker threads."""
    return _cancellable(result) if hasattr(result, "__aiter__") else result


async def _cancellable(chunks: Any) -> AsyncGenerator[Any, None]:
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk
            # A generator that never waits would otherwise never see that the client has gone.
            await checkpoint()


def _items(result: Any) -> AsyncGenerator[Any, None]:
    return _cancellable(result if hasattr(result, "__aiter__") else iterate_in_threadpool(result))


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
        async with aclosing(_items(result)) as items:
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
        async with aclosing(_items(result)) as items:
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
            sender, receiver = create_memory_object_stream[bytes](1)
            try:
                # The generator runs in one task from start to end: it may hold a task group or a time-out open.
                async with create_task_group() as group:
                    group.start_soon(_produce, self.body_iterator, sender)
                    await self._send_all(receiver, send)
            except ExceptionGroup as failures:
                _, others = failures.split(OSError)
                if others is None:  # the client has left, which Starlette knows by the plain error
                    raise failures.exceptions[0] from None
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def _send_all(self, receiver: ObjectReceiveStream[bytes], send: Send) -> None:
            async with receiver:
                while True:
                    chunk = KEEPALIVE_COMMENT
                    with move_on_after(Settings.ping_interval()):
                        try:
                            chunk = await receiver.receive()
                        except EndOfStream:
                            return
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})

    KeptAlive.__name__, KeptAlive.__qualname__ = cls.__name__, cls.__qualname__
    return KeptAlive


async def _produce(chunks: Any, sender: ObjectSendStream[bytes]) -> None:
    async with sender:
        try:
            async for chunk in chunks:
                await sender.send(chunk.encode() if isinstance(chunk, str) else chunk)
        except ClosedResourceError:  # pragma: no cover - the reader has gone first
            pass


__all__ = ["ItemWriter", "Settings", "event_stream", "json_lines", "raw_chunks"]
