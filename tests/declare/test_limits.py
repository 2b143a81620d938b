"""`max_body_size` and `form_limits`: what may be said, which limit counts, and how too much is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from fastapi import _body_limit as fastapi_body_limit
from starlette.middleware.body_limit import _RequestBodyLimitResponseSent, _RequestBodyTooLarge
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace import _body_limit
from vivace._form_limits import _validate_form_limits

TOO_LARGE = _RequestBodyTooLarge()
ANSWERED = _RequestBodyLimitResponseSent()


@pytest.mark.parametrize("limit", [-1, True, 1.5, "5"])
def test_a_body_limit_is_a_number_of_bytes(limit: Any) -> None:
    with pytest.raises(ValueError, match="max_body_size must be a non-negative integer or None"):
        _body_limit.validate_max_body_size(limit)


@pytest.mark.parametrize(
    ("limits", "expected"), [((), None), ((None, 2, 1), 2), ((0, 5), 0), ((None,), None)]
)
def test_the_innermost_limit_counts(limits: tuple[int | None, ...], expected: int | None) -> None:
    assert _body_limit.get_body_size_limit(*limits) == expected


@pytest.mark.parametrize(
    "limits", [{"max_fields": -1}, {"max_files": True}, {"max_part_size": "1"}, {"max_parts": 1}]
)
def test_form_limits_are_counts(limits: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        _validate_form_limits(limits)


def test_form_limits_are_copied() -> None:
    limits = {"max_fields": 1}
    assert _validate_form_limits(limits) == limits  # type: ignore[arg-type]
    assert _validate_form_limits(limits) is not limits  # type: ignore[arg-type]
    assert _validate_form_limits(None) == {}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TOO_LARGE, TOO_LARGE),
        (ValueError(), None),
        (ExceptionGroup("g", [TOO_LARGE]), TOO_LARGE),
        (ExceptionGroup("g", [ExceptionGroup("h", [TOO_LARGE, ANSWERED])]), ANSWERED),
        (ExceptionGroup("g", [TOO_LARGE, ValueError()]), None),
    ],
)
def test_the_limit_in_a_group(error: Exception, expected: Exception | None) -> None:
    assert _body_limit.get_body_limit_error(error) is expected


async def read(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(await Request(scope, receive).body())(scope, receive, send)


async def read_in_a_task_group(scope: Scope, receive: Receive, send: Send) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(read, scope, receive, send)


async def answer_without_reading(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("done")(scope, receive, send)


async def answer_then_read(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await Request(scope, receive).body()


async def fail(scope: Scope, receive: Receive, send: Send) -> None:
    raise ExceptionGroup("both", [TOO_LARGE, ValueError("and more")])


def exchange(app: ASGIApp, content_length: bytes | None) -> list[Any]:
    """What the app sends for a body of two chunks with six bytes, and what it raises."""
    received = iter([b"123", b"456"])
    seen: list[Any] = []

    async def receive() -> Message:
        body = next(received, b"")
        return {"type": "http.request", "body": body, "more_body": body != b"456"}

    async def send(message: Message) -> None:
        seen.append(message)

    headers = [] if content_length is None else [(b"content-length", content_length)]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    try:
        anyio.run(app, scope, receive, send)
    except Exception as exc:
        seen.append(repr(exc))
    return seen


NESTINGS: dict[str, Callable[[Any, ASGIApp], ASGIApp]] = {
    "app": lambda m, app: m.AppBodyLimitMiddleware(app, 5),
    "app without limit": lambda m, app: m.AppBodyLimitMiddleware(app, None),
    "route": lambda m, app: m.wrap_app_with_body_limit(app, 5),
    "larger route": lambda m, app: m.AppBodyLimitMiddleware(m.wrap_app_with_body_limit(app, 10), 5),
    "smaller route": lambda m, app: m.AppBodyLimitMiddleware(m.wrap_app_with_body_limit(app, 5), 10),
    "mounted app": lambda m, app: m.AppBodyLimitMiddleware(m.AppBodyLimitMiddleware(app, None), 5),
    "smaller mounted app": lambda m, app: m.AppBodyLimitMiddleware(m.AppBodyLimitMiddleware(app, 5), 10),
}


@pytest.mark.parametrize("content_length", [None, b"6", b"what"])
@pytest.mark.parametrize("app", [read, read_in_a_task_group, answer_without_reading, answer_then_read, fail])
@pytest.mark.parametrize("nesting", NESTINGS)
def test_same_body_same_answer(nesting: str, app: ASGIApp, content_length: bytes | None) -> None:
    ours = exchange(NESTINGS[nesting](_body_limit, app), content_length)
    assert ours == exchange(NESTINGS[nesting](fastapi_body_limit, app), content_length)


def test_a_mounted_app_answers_in_its_own_way() -> None:
    start, body = exchange(NESTINGS["mounted app"](_body_limit, read), None)
    assert start["status"] == 413
    assert body["body"] == b'{"detail":"Content Too Large"}'
