"""Applications that tests run, in plain ASGI."""

from __future__ import annotations

import json
from typing import Any

from .serving import Receive, Scope, Send

PLAIN = ((b"content-type", b"text/plain"),)


async def read_body(receive: Receive) -> bytes:
    """The whole body.

    Raises:
        ConnectionError: it ended too early.
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError("the client left")
        body += message["body"]
        if not message["more_body"]:
            return body


async def answer(send: Send, body: bytes, status: int = 200, headers: Any = PLAIN) -> None:
    """A whole answer on the ordinary path."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-length", b"%d" % len(body)), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, b"hello")


async def hello_on_the_lane(scope: Scope, receive: Any, send: Any) -> None:
    send.respond(200, PLAIN, b"hello")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, await read_body(receive))


async def path(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, scope["path"].encode())


def readable(scope: Scope) -> dict[str, Any]:
    """A scope as JSON can have it: bytes as text."""

    def convert(value: Any) -> Any:
        if isinstance(value, bytes):
            return value.decode("latin-1")
        if isinstance(value, dict):
            return {key: convert(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [convert(item) for item in value]
        return value

    converted: dict[str, Any] = convert(dict(scope))
    return converted


async def show(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the scope and the body."""
    body = await read_body(receive)
    found = {**readable(scope), "body": body.decode("latin-1")}
    await answer(send, json.dumps(found).encode(), headers=[(b"content-type", b"application/json")])
