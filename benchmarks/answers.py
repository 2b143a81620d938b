"""Whether contenders answer equally: status, headers less Date, body.

Figures of programs that do different things cannot be compared, so this is asked before anything is measured.
"""

from __future__ import annotations

import http.client
from typing import Literal

from benchmarks.contenders import HOST
from benchmarks.messages import Answer, Request, make_answer
from benchmarks.workloads import Load

TIMEOUT = 10.0  # seconds for one answer


def ask_all(workload: Load, port: int) -> list[Answer]:
    """The answers to the workload's request and to its probes. Raises what `ask` raises."""
    asking = {"wrk": ask, "websocket": converse}[workload.client]
    return [asking(request, port) for request in (workload.request, *workload.probes)]


def ask(request: Request, port: int) -> Answer:
    """Send one request to 127.0.0.1. Raises `OSError` or `http.client.HTTPException` if there is no proper answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)
    try:
        connection.request(request.method, request.target, request.body or None, dict(request.headers))
        response = connection.getresponse()
        return make_answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def converse(request: Request, port: int) -> Answer:
    """Send the body as a text over a WebSocket; what comes back, with status 101. Raises `OSError`."""
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    url = f"ws://{HOST}:{port}{request.target}"
    try:
        with connect(url, open_timeout=TIMEOUT, proxy=None) as socket:
            socket.send(request.body.decode())
            text = socket.recv(timeout=TIMEOUT)
    except WebSocketException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    return Answer(101, (), text.encode() if isinstance(text, str) else text)


def difference(
    expected: Answer, actual: Answer, equal: Literal["bytes", "meaning", "constant"]
) -> str | None:
    """What differs, or None.

    What need not be equal to the byte is compared by status, media type and JSON value: peers may write other headers,
    parameters and spaces. Of a refusal, the class of the status counts: one framework's 422 is another's 400, and its
    text is its own.
    """
    if equal != "bytes" and 400 <= expected.status < 500:
        refused = 400 <= actual.status < 500
        return None if refused else f"status {actual.status} instead of a refusal, body {actual.body[:200]!r}"
    if expected.status != actual.status:
        return f"status {actual.status} instead of {expected.status}, body {actual.body[:200]!r}"
    if equal != "bytes":
        if expected.media_type != actual.media_type:
            return f"content type {actual.media_type!r} instead of {expected.media_type!r}"
        same = expected.content == actual.content
        return None if same else f"body {actual.body[:500]!r} instead of {expected.body[:500]!r}"
    if expected.headers != actual.headers:
        lacks = [pair for pair in expected.headers if pair not in actual.headers]
        has = [pair for pair in actual.headers if pair not in expected.headers]
        return f"headers: lacks {lacks}, has {has}"
    return (
        None
        if expected.body == actual.body
        else f"body {actual.body[:500]!r} instead of {expected.body[:500]!r}"
    )
