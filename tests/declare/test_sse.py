"""Server-sent events on the wire (HTML standard, 9.2.6), and what an event may not say."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import sse as fastapi_sse
from pydantic import ValidationError

from vivace.sse import _SSE_EVENT_SCHEMA, EventSourceResponse, ServerSentEvent, format_sse_event


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"data_str": "hello"}, b"data: hello\n\n"),
        ({"data_str": ""}, b"data: \n\n"),
        ({"data_str": "a\nb\r\nc\rd"}, b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data_str": "a\n"}, b"data: a\ndata: \n\n"),
        (
            {"data_str": "a\u2028b\x0bc"},
            "data: a\u2028b\x0bc\n\n".encode(),
        ),  # no line breaks, by the standard
        ({"event": "tick"}, b"event: tick\n\n"),
        ({"id": "1"}, b"id: 1\n\n"),
        ({"retry": 0}, b"retry: 0\n\n"),
        ({"comment": "a\nb"}, b": a\n: b\n\n"),
        (
            {"data_str": "d", "event": "e", "id": "i", "retry": 1, "comment": "c"},
            b": c\nevent: e\ndata: d\nid: i\nretry: 1\n\n",
        ),
        ({}, b"\n"),
    ],
)
def test_an_event_on_the_wire(fields: dict[str, Any], expected: bytes) -> None:
    assert format_sse_event(**fields) == expected
    assert fastapi_sse.format_sse_event(**fields) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"data": 1, "raw_data": "x"},
        {"data": None, "raw_data": "x"},
        {"event": "a\nb"},
        {"event": "a\0b"},
        {"id": "a\rb"},
        {"id": "a\0b"},
        {"id": ""},
        {"id": 3},
        {"retry": -1},
        {"retry": 1.5},
        {"retry": "5"},
        {"comment": "a\nb"},
    ],
)
def test_what_an_event_may_say(fields: dict[str, Any]) -> None:
    def outcome(event: type[Any]) -> Any:
        try:
            return event(**fields).model_dump()
        except ValidationError as exc:
            return [(error["type"], error["loc"], error["msg"]) for error in exc.errors()]

    assert outcome(ServerSentEvent) == outcome(fastapi_sse.ServerSentEvent)


def test_the_response_is_an_event_stream() -> None:
    response = EventSourceResponse(iter([b""]))
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_the_schema_of_an_event() -> None:
    assert _SSE_EVENT_SCHEMA == fastapi_sse._SSE_EVENT_SCHEMA
