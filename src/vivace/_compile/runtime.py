"""The helpers that generated code calls. Each does one step of a request; none asks about the endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextvars import copy_context
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import PydanticUndefined, ValidationError
from starlette.background import BackgroundTask, BackgroundTasks
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from vivace._body_limit import get_body_limit_error
from vivace._departure import BODY_READ
from vivace._lanes import JSON_HEADERS, RESPONSE_STARTED, arrived_body, is_own_reading
from vivace._starlette import keep_body
from vivace._status import is_body_allowed_for_status_code
from vivace.exceptions import (
    EndpointContext,
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)

_NO_QUERY: dict[str, str] = {}


MISSING = PydanticUndefined
UNSET = object()  # the value of a parameter that was invalid
UNREAD = object()  # a body that went straight to its value


# --- reading -------------------------------------------------------------------------------------------------------


def parse_query(raw: bytes) -> Mapping[str, str]:
    """The query string's last value of each name (application/x-www-form-urlencoded, WHATWG URL section 5)."""
    # PERF (W1, W2): most requests have no query, and most queries nothing to decode; parse_qsl costs 2 µs and more.
    if not raw:
        return _NO_QUERY
    text = raw.decode("latin-1")
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    values: dict[str, str] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            values[name] = value
    return values


def find_header(headers: list[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first header of that (lower-case) name."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None


def read_cookies(scope: Scope) -> dict[str, str]:
    return HTTPConnection(scope).cookies


async def receive_body(scope: Scope, receive: Receive, request: Request | None = None) -> bytes:
    """The whole body; `request`, where there is one, is new and gets it too, so that the endpoint can ask for it again.

    What goes wrong is turned into an answer: 413 for a limit, 400 for anything else.
    """
    body = arrived_body(receive)
    if body is not None:
        if request is not None:
            keep_body(request, body)
        return body
    try:
        if request is None and is_own_reading():
            body = await _received(receive)
        else:
            body = await (request or Request(scope, receive)).body()
    except Exception as exc:
        raise body_error(exc) from exc
    scope[BODY_READ] = True
    return body


async def body_of_request(request: Request) -> bytes:
    """`receive_body` for a request that somebody else has made, or read already."""
    try:
        return await request.body()
    except Exception as exc:
        raise body_error(exc) from exc


async def _received(receive: Receive) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return message.get("body", b"")  # type: ignore[no-any-return]  # PERF (W3): nearly always one message
    chunks: list[bytes] = []
    while message["type"] == "http.request":
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()
    raise ClientDisconnect()


_LONG_NUMBER = re.compile(rb"[0-9]{3}")


def body_error(exc: Exception) -> Exception:
    """The HTTP error for a body that could not be read."""
    limit_error = get_body_limit_error(exc)
    if limit_error is not None:
        return limit_error
    if isinstance(exc, StarletteHTTPException):
        return exc
    return StarletteHTTPException(status_code=400, detail="There was an error parsing the body")


def is_json(content_type: str | None, strict: bool) -> bool:
    """Whether a Content-Type announces JSON: `application/json` or `application/*+json` (RFC 8259, RFC 6839).

    Without one a body is JSON only if the check is not strict: a browser sends no preflight for it (CVE-2021-32677).
    """
    if content_type == "application/json":
        return True
    if not content_type:
        return not strict
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )


def parse_body(scope: Scope, raw: bytes, strict: bool, context: Callable[[Scope], EndpointContext]) -> Any:
    """The body as data: `MISSING` if empty, parsed if its type says JSON, else as it came."""
    if not raw:
        return MISSING
    try:
        if not is_json(find_header(scope["headers"], b"content-type"), strict):
            return raw
        return json.loads(raw)
    except json.JSONDecodeError as exc:
        error = {
            "type": "json_invalid",
            "loc": ("body", exc.pos),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": exc.msg},
        }
        raise RequestValidationError([error], body=exc.doc, endpoint_ctx=context(scope)) from exc
    except Exception as exc:
        raise body_error(exc) from exc


def read_whole(
    scope: Scope,
    raw: bytes,
    strict: bool,
    validate_json: Callable[[bytes], Any],
    context: Callable[[Scope], EndpointContext],
) -> tuple[Any, Any]:
    """The value of a body that is one parameter, read in one pass, and the body as data if that was not possible."""
    # PERF (W3): one call instead of parsing to dicts and validating those.
    # A float of 309 digits or more is infinite to one of the two and refused by the other. Such a number covers three
    # hundredth bytes in a row; a false alarm only goes the long way.
    is_whole = raw and not _LONG_NUMBER.search(raw[::100])
    if is_whole and is_json(find_header(scope["headers"], b"content-type"), strict):
        try:
            return validate_json(raw), UNREAD
        except ValidationError:
            pass
    return MISSING, parse_body(scope, raw, strict, context)


def in_own_context(call: Callable[..., Any], /, **arguments: Any) -> Any:
    """Call a function that shares its hop to a worker thread with others."""
    return copy_context().run(call, **arguments)


def set_values(**values: Any) -> dict[str, Any]:
    """The values without those that were invalid."""
    return {name: value for name, value in values.items() if value is not UNSET}


# --- refusing ------------------------------------------------------------------------------------------------------


def validation_error(
    errors: list[Any], body: Any, scope: Scope, context: Callable[[Scope], EndpointContext]
) -> RequestValidationError:
    return RequestValidationError(errors, body=None if body is MISSING else body, endpoint_ctx=context(scope))


def unread_body(body: Any, raw: bytes) -> Any:
    """The body as data, for an error, where it was read in one pass."""
    return json.loads(raw) if body is UNREAD else body


def websocket_validation_error(
    errors: list[Any], scope: Scope, context: Callable[[Scope], EndpointContext]
) -> WebSocketRequestValidationError:
    return WebSocketRequestValidationError(errors, endpoint_ctx=context(scope))


def response_error(
    errors: list[Any], value: Any, scope: Scope, context: Callable[[Scope], EndpointContext]
) -> ResponseValidationError:
    return ResponseValidationError(errors, body=value, endpoint_ctx=context(scope))


# --- answering -----------------------------------------------------------------------------------------------------


async def run_background(tasks: BackgroundTask | None, scope: Scope) -> None:
    """Run background tasks after the response."""
    if tasks is not None:
        scope[RESPONSE_STARTED] = True
        await tasks()


def with_background(response: Response, tasks: BackgroundTasks | None) -> Response:
    """The endpoint's own response, with the background tasks of the request unless it brought its own."""
    if response.background is None:
        response.background = tasks
    return response


def json_response(
    payload: bytes, status_code: int = 200, background: BackgroundTask | None = None
) -> Response:
    """`Response(payload, status_code, media_type="application/json", background=background)`."""
    response = Response.__new__(Response)  # PERF (W6): what Response.__init__ works out is known
    response.status_code = status_code
    response.media_type = "application/json"
    response.background = background
    response.body = payload
    response.raw_headers = [(b"content-length", b"%d" % len(payload)), *JSON_HEADERS]
    return response


def injected_response() -> Response:
    """The response that a `response: Response` parameter is: only its headers, cookies and status count."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]  # a number only once somebody has set it
    return response


def without_forbidden_body(response: Response) -> Response:
    """The response, without the content of a status that has none (RFC 9110, section 15)."""
    if not is_body_allowed_for_status_code(response.status_code):
        response.body = b""
    return response
