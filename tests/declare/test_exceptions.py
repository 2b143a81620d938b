"""What errors say, and how the default handlers answer them."""

from __future__ import annotations

import asyncio
from typing import Any

import fastapi.exception_handlers
import fastapi.exceptions
import pytest
from starlette.requests import Request

import vivace.exception_handlers
from vivace import exceptions

ERRORS = [{"type": "missing", "loc": ("query", "q"), "msg": "Field required", "input": None}]
PLACE = {"function": "read_item", "path": "GET /items/{item_id}", "file": "/app/main.py", "line": 7}
REQUEST = Request({"type": "http", "method": "GET", "path": "/", "headers": []})


@pytest.mark.parametrize(
    "missing", [(), ("path",), ("file",), ("line",), ("function",), ("file", "path"), tuple(PLACE)]
)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_validation_error_names_its_place(missing: tuple[str, ...], count: int) -> None:
    place: Any = {key: value for key, value in PLACE.items() if key not in missing}
    ours = exceptions.RequestValidationError(ERRORS * count, body={}, endpoint_ctx=place)
    theirs = fastapi.exceptions.RequestValidationError(ERRORS * count, body={}, endpoint_ctx=place)
    assert str(ours) == str(theirs)
    assert vars(ours) == vars(theirs)


def test_the_place_reads_as_in_a_traceback() -> None:
    error = exceptions.ResponseValidationError([{"msg": "wrong"}], endpoint_ctx=PLACE)  # type: ignore[arg-type]
    assert str(error) == (
        "1 validation error:\n"
        "  {'msg': 'wrong'}\n"
        "\n"
        '  File "/app/main.py", line 7, in read_item\n'
        "    GET /items/{item_id}"
    )


@pytest.mark.parametrize(
    ("status", "detail", "headers", "body"),
    [
        (404, None, None, b'{"detail":"Not Found"}'),
        (401, {"why": ["who?"]}, {"WWW-Authenticate": "Bearer"}, b'{"detail":{"why":["who?"]}}'),
        (304, None, {"etag": "x"}, b""),
        (204, "ignored", None, b""),
    ],
)
def test_http_exceptions(status: int, detail: Any, headers: dict[str, str] | None, body: bytes) -> None:
    ours = asyncio.run(
        vivace.exception_handlers.http_exception_handler(
            REQUEST, exceptions.HTTPException(status, detail, headers)
        )
    )
    theirs = asyncio.run(
        fastapi.exception_handlers.http_exception_handler(
            REQUEST, fastapi.exceptions.HTTPException(status, detail, headers)
        )
    )
    assert ours.body == body
    assert (ours.status_code, ours.raw_headers, ours.body) == (
        theirs.status_code,
        theirs.raw_headers,
        theirs.body,
    )


def test_request_validation_errors() -> None:
    errors = [{"type": "value_error", "loc": ("body", 0), "ctx": {"error": ValueError("no")}, "input": {1}}]
    response = asyncio.run(
        vivace.exception_handlers.request_validation_exception_handler(
            REQUEST, exceptions.RequestValidationError(errors)
        )
    )
    assert response.status_code == 422
    assert (
        response.body
        == b'{"detail":[{"type":"value_error","loc":["body",0],"ctx":{"error":{}},"input":[1]}]}'
    )


def test_websocket_validation_errors() -> None:
    closed = []

    class Socket:
        async def close(self, code: int, reason: Any) -> None:
            closed.append((code, reason))

    error = exceptions.WebSocketRequestValidationError([{"loc": ("query", "q")}])
    asyncio.run(vivace.exception_handlers.websocket_request_validation_exception_handler(Socket(), error))  # type: ignore[arg-type]
    assert closed == [(1008, [{"loc": ["query", "q"]}])]
