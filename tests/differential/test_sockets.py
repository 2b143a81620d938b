"""The same comparison over real sockets: both applications on uvicorn, raw bytes compared (less `Date`).

The other tests speak ASGI directly; here a server stands between, so that what an application leaves to its server
(framing, keep-alive, aborted answers) is seen too.
"""

# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import pytest
import uvicorn

from .oracle import (
    ORACLE,
    SUBJECT,
    Build,
    Framework,
    Question,
    Request,
    get,
    post,
    post_form,
    post_json,
    post_multipart,
)
from .test_bodies import declarations as bodies
from .test_forms_files import files
from .test_middleware import classes as with_middleware
from .test_responses import codes
from .test_routing import routers


def streams(fw):
    """Answers whose framing the server decides."""
    app = fw.FastAPI()

    @app.get("/lines")
    async def lines():
        yield {"n": 1}
        yield {"n": 2}

    @app.get("/text")
    async def text():
        return fw.responses.StreamingResponse(iter(["a", "b" * 5000]))

    @app.get("/broken")
    async def broken():
        def content():
            yield "a" * 10
            raise ValueError("in stream")

        return fw.responses.StreamingResponse(content())

    @app.get("/short")
    async def short():
        return fw.responses.StreamingResponse(iter(["abc"]), headers={"content-length": "3"})

    @app.get("/error")
    async def error():
        raise ValueError("v")

    @app.post("/count")
    async def count(request: fw.Request, x: Annotated[str, fw.Header()] = "d"):
        return {"size": sum([len(chunk) async for chunk in request.stream()]), "x": x}

    @app.post("/unread")
    async def unread():
        return "unread"

    return app


@contextmanager
def listening(app: Any) -> Iterator[int]:
    """Serve an application on a free port of the loopback interface, with its lifespan, and stop it in the end."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="critical", ws="none", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    server.config.load()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    assert server.started, "uvicorn did not start in 20 s"
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, dict[Build, int]]]:
    """Every application on both frameworks: framework → build → port."""
    with ExitStack() as stack:
        yield {
            name: {build: stack.enter_context(listening(build(Framework(name)))) for build in APPLICATIONS}
            for name in dict.fromkeys((ORACLE, SUBJECT))
        }


def exchange(port: int, question: Request, *, close: bool = True) -> bytes:
    """Send the request as it stands and return all that comes back, with the date taken out."""
    head = [f"{question.method} ".encode() + question.raw_target() + b" HTTP/1.1"]
    head += [name + b": " + value for name, value in question.raw_headers()]
    head += [b"connection: close"] if close else []
    if isinstance(question.body, tuple):
        body = (
            b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in question.body if chunk) + b"0\r\n\r\n"
        )
    else:
        body = question.body
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        return _without_date(b"".join(iter(lambda: connection.recv(65536), b"")))


def _without_date(answer: bytes) -> bytes:
    return re.sub(rb"(?mi)^date: [^\r\n]*\r\n", b"", answer)


APPLICATIONS: dict[Build, list[Question]] = {
    streams: [
        *(
            get(path) for path in (
                "/lines", "/text", "/broken", "/short", "/error", "/nowhere", "/lines/",
                "/docs/oauth2-redirect/x",
            )
        ),
        *(get(path, method="HEAD") for path in ("/text", "/count")), post("/count", (b"one", b"two" * 9000)),
        post("/count", b"x" * 100_000), post("/unread", b"x" * 1000), post("/count", b"", ("x", b"\xff")),
        get("/lines", ("expect", "100-continue")),
    ],
    bodies: [
        post_json("/plain", {"name": "n", "price": 1}), post("/plain", "{"),
        post("/plain", (b'{"name":', b'"n","price":2}')), post_json("/three", {}),
        post_json("/any-method", {}, method="DELETE"), get("/openapi.json"),
    ],
    files: [
        post_multipart("/mixed", ("file", b"f", "f"), ("upload", b"u" * 3000, "u"), ("token", "t")),
        post_multipart("/upload", ("file", "x")), post_form("/optional", ("file", "x")),
        post("/upload", b"", kind="multipart/form-data; boundary=x"),
    ],
    codes: [
        get(f"/{kind}/{code}") for kind in (
            "value", "none", "response", "json", "changed",
        ) for code in (200, 204, 205, 304, 404, 500)
    ],
    with_middleware: [
        get("/json", ("accept-encoding", "gzip")), get("/stream", ("accept-encoding", "gzip")), get("/error"),
        get("/json", ("origin", "https://a.example")), get("/json", ("host", "bad.host")), get("/empty"),
        get("/task"),
    ],
    routers: [
        get("/leaf"), get("/leaf/"), get("/outer/1/middle/2/inner/leaf/read/3"), get("/leaf/read/x"),
        get("/leaf/nowhere", method="DELETE"), get("/%6Ceaf"), get("//leaf"),
    ],
}  # fmt: skip
ASKED = [(build, question) for build, questions in APPLICATIONS.items() for question in questions]


@pytest.mark.parametrize(
    ("build", "question"), ASKED, ids=[f"{build.__name__} {question}" for build, question in ASKED]
)
def test_raw_bytes(build: Build, question: Request, ports: dict[str, dict[Build, int]]) -> None:
    oracle, subject = (exchange(ports[name][build], question) for name in (ORACLE, SUBJECT))
    assert subject == oracle


def test_keep_alive(ports: dict[str, dict[Build, int]]) -> None:
    """Several requests on one connection are answered in order, with the same bytes."""
    questions = [
        get("/leaf"),
        get("/leaf/nowhere"),
        post_json("/leaf/", {"a": 1}),
        get("/leaf/read/x"),
        get("/leaf/read/1"),
    ]
    answers: list[bytes] = []
    for name in (ORACLE, SUBJECT):
        with socket.create_connection(("127.0.0.1", ports[name][routers]), timeout=10) as connection:
            received = b""
            for question in questions:
                assert isinstance(question, Request)
                lines = [f"{question.method} ".encode() + question.raw_target() + b" HTTP/1.1"]
                lines += [b": ".join(header) for header in question.raw_headers()]
                connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + b"".join(question.chunks()))
                received += _read_answer(connection)
            answers.append(_without_date(received))
    assert answers[0] == answers[1]


def _read_answer(connection: socket.socket) -> bytes:
    """One answer with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length, head
    while len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
