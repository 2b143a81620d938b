"""What a request becomes: scope and body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .serving import Served

HOST = b"Host: example.org\r\n"


def ask(served: Served, raw: bytes) -> dict[str, Any]:
    """The scope that the application saw, and the body."""
    reply = served.ask(raw)
    assert reply.statuses == [200], reply.raw
    found: dict[str, Any] = json.loads(reply.content)
    return found


def test_scope(shown: Served) -> None:
    found = ask(shown, b"GET /a%20b/c?d=%20&e HTTP/1.1\r\nHOST: example.org\r\nX-Y: 1\r\nx-y:\t 2 \r\n\r\n")
    client, port = found.pop("client")
    assert client == "127.0.0.1" and port
    assert found == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ["127.0.0.1", shown.port],
        "scheme": "http",
        "root_path": "",
        "extensions": {"http.response.trailers": {}, "http.response.early_hint": {}},
        "method": "GET",
        "path": "/a b/c",
        "raw_path": "/a%20b/c",
        "query_string": "d=%20&e",
        "headers": [["host", "example.org"], ["x-y", "1"], ["x-y", "2"]],
        "state": {},
        "body": "",
    }


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/?", "/", ""),
        ("/a?b?c", "/a", "b?c"),
        ("//evil/x", "//evil/x", ""),
        ("/%C3%BC", "/ü", ""),
        ("/a|b{c}?\"<^>`", "/a|b{c}", "\"<^>`"),
        ("http://example.org", "/", ""),
        ("HTTPS://example.org:8080/a%2Fb?c", "/a/b", "c"),
        ("http://example.org?c", "/", "c"),
    ],
)  # fmt: skip
def test_target(shown: Served, target: str, path: str, query: str) -> None:
    found = ask(shown, b"GET %b HTTP/1.1\r\n%b\r\n" % (target.encode(), HOST))
    assert (found["path"], found["query_string"]) == (path, query)


def test_asterisk_form(shown: Served) -> None:
    assert ask(shown, b"OPTIONS * HTTP/1.1\r\n%b\r\n" % HOST)["path"] == "*"


def test_absolute_form_counts_instead_of_host(shown: Served) -> None:
    """RFC 9112, section 3.2.2."""
    found = ask(shown, b"GET http://other:81/ HTTP/1.1\r\n%bA: b\r\n\r\n" % HOST)
    assert found["headers"] == [["host", "other:81"], ["a", "b"]]


def test_empty_lines_in_front(shown: Served) -> None:
    """RFC 9112, section 2.2."""
    assert ask(shown, b"\r\n\r\nGET /a HTTP/1.1\r\n%b\r\n" % HOST)["path"] == "/a"


def test_http_1_0_needs_no_host(shown: Served) -> None:
    found = ask(shown, b"GET / HTTP/1.0\r\n\r\n")
    assert (found["http_version"], found["headers"]) == ("1.0", [])


@pytest.mark.parametrize("method", ["GET", "PUT", "QUERY", "M-SEARCH", "PROPFIND"])
def test_method(shown: Served, method: str) -> None:
    assert ask(shown, b"%b / HTTP/1.1\r\n%b\r\n" % (method.encode(), HOST))["method"] == method


# --- bodies -------------------------------------------------------------------------------------------------------

BODIES = {
    b"Content-Length: 5\r\n\r\nhello": "hello",
    b"Content-Length: 0\r\n\r\n": "",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n": "hello",
    b"Transfer-Encoding: CHUNKED\r\n\r\n2\r\nhe\r\n03\r\nllo\r\n000\r\n\r\n": "hello",
    b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3;c=\"d\"\r\nllo\r\n0\r\nTrailer: x\r\n\r\n": "hello",
    b"Transfer-Encoding: chunked\r\n\r\n8\r\n\r\n\r\n\r\n\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n": "\r\n" * 6,
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n": "",
}  # fmt: skip


@pytest.mark.parametrize("rest", BODIES)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_body_in_pieces(shown: Served, rest: bytes, size: int) -> None:
    """Two requests, cut anywhere: both are the same as in one piece."""
    raw = b"POST / HTTP/1.1\r\n%b%b" % (HOST, rest)
    raw += b"GET /next HTTP/1.1\r\n%b\r\n" % HOST
    with shown.connect() as client:
        client.send(*(raw[start : start + size] for start in range(0, len(raw), size)), pause=0.0003)
        client.half_close()
        reply = client.read()
    assert reply.statuses == [200, 200]
    first, _, second = reply.content.partition(b"HTTP/1.1 200 OK")
    assert json.loads(first)["body"] == BODIES[rest]
    assert json.loads(second.partition(b"\r\n\r\n")[2])["path"] == "/next"


def test_unsupported_upgrade_is_ignored(shown: Served) -> None:
    """RFC 9110, section 7.8. The body is a body, and the next request a request."""
    head = b"POST / HTTP/1.1\r\n%bConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc" % HOST
    reply = shown.ask(head + b"GET / HTTP/1.1\r\n%b\r\n" % HOST)
    assert reply.statuses == [200, 200]
    assert b'"body": "abc"' in reply.content


def test_root_path() -> None:
    from .apps import show
    from .serving import serve

    with serve(show, root_path="/api") as served:
        found = ask(served, b"GET /a HTTP/1.1\r\n%b\r\n" % HOST)
    assert (found["root_path"], found["path"], found["raw_path"]) == ("/api", "/api/a", "/api/a")


def test_state_is_copied_for_each_request() -> None:
    from .apps import answer
    from .serving import GET, serve

    seen: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["database"] = "connected"
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        seen.append(dict(scope["state"]))
        scope["state"]["user"] = "me"
        scope["headers"].append((b"x", b"y"))
        await answer(send, repr(scope["headers"]).encode())

    with serve(app, lifespan="on") as served:
        reply = served.ask(GET + GET)
    assert seen == [{"database": "connected"}] * 2
    assert reply.content.count(b"b'x'") == 2
