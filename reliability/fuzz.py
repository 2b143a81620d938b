"""Fuzzing of what reads a client's bytes by hand: each parser against another that does the same.

A *target* takes bytes and raises if something is wrong with what became of them: an exception that no client may cause,
or another result than the judge's. The judge of the framework's parsers is FastAPI itself, asked the same question;
that of the server's is `reference.py`.

In CI hypothesis makes the bytes, out of the tokens that mean something to the parser. For long runs atheris (libFuzzer
for Python) makes them, guided by what the parser's code does with them: `python -m reliability fuzz`. An input that
takes more than a second is a finding, too.
"""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from reliability.answers import FIELD
from reliability.fuzz_app import make_app
from reliability.reference import IncompleteError, RefusedError, read_chunks, read_head
from reliability.runs import Result, Task
from reliability.splits import at_random
from reliability.tools import python_with

SLOWEST = 1.0  # seconds for one input
ROOT = Path(__file__).resolve().parent.parent


class FindingError(AssertionError):
    """A parser did something that it must not do; the message has the input."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parser: what is done with the bytes, and the tokens that mean something to it."""

    name: str
    check: Callable[[bytes], None]
    tokens: Sequence[bytes]

    def try_one(self, data: bytes) -> None:
        """Raises `FindingError` for an exception, another result than the judge's, or more than a second, twice."""
        if self._time(data) > SLOWEST and (took := self._time(data)) > SLOWEST:
            raise FindingError(f"{self.name}: {took:.1f} s for {data!r}")

    def _time(self, data: bytes) -> float:
        began = time.perf_counter()
        try:
            self.check(data)
        except FindingError:
            raise
        except Exception as error:
            raise FindingError(f"{self.name}: {type(error).__name__}: {error} for {data!r}") from error
        return time.perf_counter() - began


# --- the framework, against FastAPI ---------------------------------------------------------------------------------


@cache
def _apps() -> tuple[Any, Any]:
    return make_app("vivace"), make_app("fastapi")


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


Reply = tuple[int, list[tuple[bytes, bytes]], bytes]


async def _ask(
    app: Any, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> Reply | str:
    """One request, answered in this process; an exception that the application lets out is a reply, too."""
    sent: list[Any] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode("utf-8", "surrogatepass"), "query_string": query,
        "root_path": "", "headers": [(b"host", b"a.example"), *headers], "server": ("a.example", 80),
        "client": ("b.example", 50000),
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], sorted(sent[0]["headers"]), content


def _same(
    method: str, path: str, query: bytes = b"", headers: Sequence[tuple[bytes, bytes]] = (), body: bytes = b""
) -> None:
    """Both applications give the same reply, and none fails in a way of its own."""
    ours, theirs = (_runner().run(_ask(app, method, path, query, [*headers], body)) for app in _apps())
    if ours != theirs:
        raise FindingError(f"{method} {path!r}?{query!r} {headers!r} {body!r}: {ours}, FastAPI {theirs}")


def _value(data: bytes) -> bytes:
    """The bytes as a field's value, as a server hands it on: without controls, and without spaces around it."""
    return re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"", data).strip(b" \t")


def query(data: bytes) -> None:
    _same("GET", "/query", re.sub(rb"[^\x21-\x7e]|#", b"", data))


def path(data: bytes) -> None:
    _same("GET", "/" + data.decode("utf-8", "replace"))


def json_body(data: bytes) -> None:
    for place in ("/json", "/two"):
        _same("POST", place, b"", [(b"content-type", b"application/json")], data)


def content_type(data: bytes) -> None:
    _same("POST", "/json", b"", [(b"content-type", _value(data))], b'{"name": "a"}')


def form_body(data: bytes) -> None:
    _same("POST", "/form", b"", [(b"content-type", b"application/x-www-form-urlencoded")], data)


def multipart_body(data: bytes) -> None:
    _same("POST", "/form", b"", [(b"content-type", b"multipart/form-data; boundary=B")], data)


def authorization(data: bytes) -> None:
    for place in ("/basic", "/bearer"):
        _same("GET", place, b"", [(b"authorization", _value(data))])


def cookies(data: bytes) -> None:
    _same("GET", "/cookie", b"", [(b"cookie", _value(data))])


def header_values(data: bytes) -> None:
    _same("GET", "/header", b"", [(b"x-a", _value(value)) for value in data.split(b"\n")])


# --- the server, against the reference ------------------------------------------------------------------------------


def head(data: bytes) -> None:
    """A head, up to its empty line: the same verdict, and the same meaning."""
    server = import_module("vivace.server.head")
    refused = import_module("vivace.server.refusals").Refused
    limits = import_module("vivace.server.limits").Limits()
    raw = data.replace(b"\r\n\r\n", b"\r\n").lstrip(b"\r\n").removesuffix(b"\r\n") + b"\r\n\r\n"
    expected: Any = None
    with suppress(RefusedError):
        expected = read_head(raw[:-4])
    try:
        found = server.read_head(raw, limits)
    except refused as error:
        if expected is not None:
            raise FindingError(f"head: {error} for {raw!r}") from error
        return
    if expected is None:
        raise FindingError(f"head: accepted {raw!r}")
    target = found.path + (b"?" + found.query if found.query else b"")
    theirs = (expected.method, expected.target.removesuffix(b"?"), expected.framing.length, expected.is_last)
    ours = (found.method, target, None if found.block.chunked else found.block.length, found.block.close)
    if ours != theirs or tuple(found.block.headers) != expected.headers:
        raise FindingError(
            f"head: {ours} {found.block.headers}, expected {theirs} {expected.headers} for {raw!r}"
        )


def chunks(data: bytes) -> None:
    """A body in chunks, cut anywhere: the same content, ending at the same place."""
    chunked = import_module("vivace.server.body").ChunkedBody
    refused = import_module("vivace.server.refusals").Refused
    try:
        expected: Any = read_chunks(data, 0)
    except RefusedError:
        expected = "refused"
    except IncompleteError:
        expected = "incomplete"
    for pieces in ([data], at_random(data, random.Random(len(data)))):
        body, position = chunked(None), 0
        content: list[bytes] = []
        try:
            for piece in pieces:
                position += body.take(piece, 0, content)
                if body.complete:
                    break
            found: Any = (b"".join(content), position) if body.complete else "incomplete"
        except refused:
            found = "refused"
        # What cannot become a body any more may be refused before it has ended.
        if found != expected and (found, expected) != ("refused", "incomplete"):
            raise FindingError(f"chunks: {found}, expected {expected} for {data!r} in {pieces!r}")


def response_fields(data: bytes) -> None:
    """Fields of a response: refused, or lines that a strict reader takes apart into the same fields."""
    encode = import_module("vivace.server.fields").encode_fields
    headers = [tuple((line.split(b"\x01", 1) + [b""])[:2]) for line in data.split(b"\x02")]
    try:
        lines: bytes = encode(headers).lines
    except RuntimeError:
        return
    read = [(found[1], found[2]) for found in FIELD.finditer(lines)]
    expected = [(name.lower(), value.strip(b" \t")) for name, value in headers]
    if read != expected or b"".join(found[0] for found in FIELD.finditer(lines)) != lines:
        raise FindingError(f"response fields: {lines!r} for {headers!r}")


def _tokens(text: bytes) -> tuple[bytes, ...]:
    return tuple(text.split(b"|"))


TARGETS: tuple[Target, ...] = (
    Target("query", query, _tokens(b"q=|number=|many=|flag=|&|;|=|%41|%|%zz|+|1|true|%c3%a9|%ff")),
    Target(
        "path",
        path,
        _tokens(b"/|a|b|c|f/|u/|x/|.|..|1|-1|1.5|1e5|%2f|\xc3\xa9|\n|550e8400-e29b-41d4-a716-446655440000"),
    ),
    Target(
        "json",
        json_body,
        _tokens(
            b'{|}|[|]|"name"|"item"|"note"|"price"|"tags"|:|,|"a"|1|1e400|NaN|-|null|true| |\\u0000|\\ud800|"'
            b"|\xef\xbb\xbf|\xff"
        ),
    ),
    Target(
        "content-type",
        content_type,
        _tokens(b'application/|json|+json|text/plain|;|charset=|utf-8|"|\\| |=|\xff|APPLICATION/JSON|,|/'),
    ),
    Target("form", form_body, _tokens(b"name=|many=|&|;|=|%41|%|+|1|a|\xff|%00")),
    Target(
        "multipart",
        multipart_body,
        _tokens(
            b'--B|--B--|\r\n|Content-Disposition: form-data; |name="name"|name="many"|; filename=|"'
            b"|Content-Type: text/plain|; charset=|utf-16|1|\x00|\xff|a"
        ),
    ),
    Target(
        "authorization",
        authorization,
        _tokens(b"Basic |basic|Bearer |bearer| |YTpi|YQ==|=|\xff|%|Og==|w6k6"),
    ),
    Target("cookie", cookies, _tokens(b'a=|b=|; |;|=|"|\\|1|x|\xff|,| ')),
    Target("header", header_values, _tokens(b"a|,| |\n|\xff|\xc3\xa9")),
    Target(
        "head",
        head,
        _tokens(
            b"GET |POST |/|/a?b|*|http://a.example/| HTTP/1.1\r\n| HTTP/1.0\r\n|\r\n|Host: a.example\r\n|Host|: |:"
            b"|Content-Length: |5|0|Transfer-Encoding: chunked\r\n|Connection: close\r\n|Upgrade: websocket\r\n"
            b"| |\t|\x00|\xff|a|,"
        ),
    ),
    Target(
        "chunks",
        chunks,
        _tokens(
            b'0|5|a|\r\n|hello|;|a=b|"|\n|\r|X: a| |10000000000000000|0\r\n\r\n|5\r\nhello\r\n|Content-Length: 1'
        ),
    ),
    Target(
        "response-fields",
        response_fields,
        _tokens(
            b"\x01|\x02|x-a|a|\r\n|\n|\x00|:| |content-length|5|transfer-encoding|chunked|connection|close"
        ),
    ),
)


def by_name(name: str) -> Target:
    return next(target for target in TARGETS if target.name == name)


# --- the long run ---------------------------------------------------------------------------------------------------


def fuzz_one(target: Target, task: Task, executions: int) -> list[str]:
    """Let atheris make so many inputs for a target, in a process of its own; what it found."""
    python = python_with("atheris", sees_ours=True)
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name, "corpus")
        corpus.mkdir()
        for place, token in enumerate(target.tokens):
            (corpus / str(place)).write_bytes(token)
        dictionary = Path(name, "tokens")
        dictionary.write_text("".join(f'"{_escaped(token)}"\n' for token in target.tokens))
        command = [str(python), "-m", "reliability.fuzz", target.name, str(corpus), f"-dict={dictionary}"]
        command += [f"-runs={executions}", f"-seed={task.seed}", "-max_len=4096", f"-artifact_prefix={name}/"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return []
    output = done.stdout + done.stderr
    return [next((line for line in output.splitlines() if "FindingError" in line), output[-1500:])]


def _escaped(token: bytes) -> str:
    """As libFuzzer's dictionaries want it: https://llvm.org/docs/LibFuzzer.html#dictionaries."""
    return "".join(f"\\x{byte:02x}" for byte in token)


def run(task: Task) -> Result:
    """`task.count` executions, shared out among the targets."""
    executions = max(1, task.count // len(TARGETS))
    faults = []
    for target in TARGETS:
        faults += fuzz_one(target, task, executions)
        task.advance(executions, target.name)
    return Result(
        f"{executions * len(TARGETS):,} inputs for {len(TARGETS)} parsers: {len(faults)} findings", faults
    )


def fuzz_with_atheris(name: str, arguments: list[str]) -> None:
    """Never returns: libFuzzer ends the process. Called by `python -m reliability.fuzz NAME [libFuzzer options]`."""
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["vivace", "python_multipart", "starlette.requests"]):
        for module in ("vivace", "vivace.server.head", "vivace.server.body", "vivace.server.fields"):
            import_module(module)
    target = by_name(name)
    target.try_one(b"")
    atheris.Setup([name, *arguments], target.try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz_with_atheris(sys.argv[1], sys.argv[2:])
