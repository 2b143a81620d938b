"""Server-sent events: the lines that an event is on the wire, and the value that an endpoint yields for one.

The format is that of the HTML standard (https://html.spec.whatwg.org/multipage/server-sent-events.html,
9.2.6). Running the stream, and keeping it alive, is the business of whoever answers the request.
"""

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import StreamingResponse

# What the document says of one event, where nothing more is known about its data.
_SSE_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}

# A comment, which clients ignore, sent when nothing else was for this many seconds: proxies drop silent
# connections.
KEEPALIVE_COMMENT = b": ping\n\n"
_PING_INTERVAL: float = 15.0


class EventSourceResponse(StreamingResponse):
    """A stream of server-sent events: the `response_class` of an endpoint that yields them.

        @app.get("/ticks", response_class=EventSourceResponse)
        async def ticks() -> AsyncIterable[Tick]:
            while True:
                yield Tick(at=datetime.now(UTC))
                await asyncio.sleep(1)

    Each yielded value is sent as JSON in an event's `data`; a `ServerSentEvent` says more than that.
    """

    media_type = "text/event-stream"


def _check_single_line(v: str | None, field_name: str) -> str | None:
    # A line break here would end the field, and let what follows pass for another one.
    if v is not None and ("\r" in v or "\n" in v):
        raise ValueError(f"SSE '{field_name}' must be a single line")
    return v


def _check_event_single_line(v: str | None) -> str | None:
    return _check_single_line(v, "event")


def _check_id_valid(v: str | None) -> str | None:
    # Clients ignore an id with a null character (9.2.6), and so would resume from the wrong event.
    if v is not None and "\0" in v:
        raise ValueError("SSE 'id' must not contain null characters")
    return _check_single_line(v, "id")


class ServerSentEvent(BaseModel):
    """One event, for endpoints that set more than its data.

        yield ServerSentEvent(data={"progress": 40}, event="progress", id="17")
        yield ServerSentEvent(raw_data="[DONE]")

    Raises Pydantic's ValidationError (a ValueError) for both kinds of data at once, a line break in `event`
    or `id`, a null character in `id`, and a negative `retry`.
    """

    model_config = ConfigDict(defer_build=True)  # PERF (W12)

    data: Any = None
    """Sent as JSON; a string too, in quotes."""
    raw_data: str | None = None
    """Sent as it is, each of its lines as a line of `data`. Instead of `data`."""
    event: Annotated[str | None, AfterValidator(_check_event_single_line)] = None
    """The name under which a browser dispatches the event; `message` without one."""
    id: Annotated[str | None, AfterValidator(_check_id_valid)] = None
    """What a client that reconnects sends back as `Last-Event-ID`."""
    retry: Annotated[int | None, Field(ge=0)] = None
    """How many milliseconds a client waits before it reconnects."""
    comment: str | None = None
    """Lines that clients ignore."""

    @model_validator(mode="after")
    def _check_data_exclusive(self) -> Self:
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' on the same ServerSentEvent."
                " Use 'data' for JSON-serialized payloads or 'raw_data' for pre-formatted strings."
            )
        return self


# Not str.splitlines, which splits at eight characters more than the standard does.
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def _split_sse_lines(value: str) -> list[str]:
    return _LINE_BREAK.split(value)


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """The bytes of one event.

    `data_str` and `comment` may have several lines; the other fields must not.

        format_sse_event(data_str='{"n":1}', event="tick", id="1")
        # b'event: tick\\ndata: {"n":1}\\nid: 1\\n\\n'
    """
    is_bare = event is None and id is None and retry is None and comment is None
    if is_bare and data_str is not None and not _LINE_BREAK.search(data_str):
        return f"data: {data_str}\n\n".encode()  # PERF (W9)
    lines = [f": {line}" for line in _split_sse_lines(comment)] if comment is not None else []
    if event is not None:
        lines.append(f"event: {event}")
    if data_str is not None:
        lines += [f"data: {line}" for line in _split_sse_lines(data_str)]
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return "\n".join([*lines, "", ""]).encode() if lines else b"\n"
