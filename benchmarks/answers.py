"""Whether contenders answer equally: status, headers less Date, body.

Figures of programs that do different things cannot be compared, so this runs before anything is measured.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Literal

from benchmarks.contenders import HOST
from benchmarks.workloads import Request

TIMEOUT = 10.0  # seconds for one answer


@dataclass(frozen=True, slots=True)
class Answer:
    """Names of headers are in lower case; their order among different names means nothing (RFC 9110, 5.3)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def make_answer(status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    named = [(name.lower(), value) for name, value in headers]
    kept = sorted((pair for pair in named if pair[0] != "date"), key=lambda pair: pair[0])
    return Answer(status, tuple(kept), body)


def ask(request: Request, port: int) -> Answer:
    """Send one request to 127.0.0.1. Raises `OSError` or `http.client.HTTPException` if there is no proper answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)
    try:
        connection.request(request.method, request.target, request.body or None, dict(request.headers))
        response = connection.getresponse()
        return make_answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def difference(expected: Answer, actual: Answer, equal: Literal["bytes", "meaning"]) -> str | None:
    """What differs, or None. `meaning` compares status and JSON value: peers may write other headers and spaces."""
    if expected.status != actual.status:
        return f"status {actual.status} instead of {expected.status}, body {actual.body[:200]!r}"
    if equal == "meaning":
        same = json.loads(expected.body) == json.loads(actual.body)
        return None if same else f"body {actual.body!r} instead of {expected.body!r}"
    if expected.headers != actual.headers:
        lacks = [pair for pair in expected.headers if pair not in actual.headers]
        has = [pair for pair in actual.headers if pair not in expected.headers]
        return f"headers: lacks {lacks}, has {has}"
    return None if expected.body == actual.body else f"body {actual.body!r} instead of {expected.body!r}"
