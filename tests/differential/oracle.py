"""Ask FastAPI and vivace the same question, and compare the answers byte for byte.

An application is a function `build(fw) -> app`. It takes every framework name from `fw`, so that one source text serves
both::

    def shop(fw):
        app = fw.FastAPI()

        @app.get("/items/{item_id}")
        async def read_item(item_id: int, q: Annotated[str | None, fw.Query(max_length=3)] = None):
            return seen(item_id=item_id, q=q)

        return app

    compare(shop, get("/items/3?q=abcd"))

`compare` drives both applications with real ASGI messages, lifespan included, without a client library between, and
raises `Difference` with the request, both answers as a diff and a program that shows it again. What is compared:
status, headers in order and with duplicates (less `Date`), body, whether the body was finished, the type and message of
an exception that reaches the server, and what the application reported through `recorder`.

`VIVACE_DIFFERENTIAL_SUBJECT=fastapi` compares FastAPI with itself: that must always pass, or a case is not repeatable.

Nothing here knows what a right answer is: FastAPI is the only judge.
"""

from __future__ import annotations

import asyncio
import difflib
import inspect
import json
import os
import re
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module, metadata
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode

from pydantic_core import SchemaError

from .recorder import events_taken, record

ORACLE = "fastapi"
SUBJECT = os.environ.get("VIVACE_DIFFERENTIAL_SUBJECT", "vivace")
ORACLE_VERSION = "0.165.0"
SECONDS_TO_ANSWER = 5

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
Build = Callable[[Any], Application]
Headers = tuple[tuple[str | bytes, str | bytes], ...]
T = TypeVar("T")
_EXPIRES = re.compile(rb"expires=[^;]*")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Framework:
    """The public names of one framework, submodules imported on first use: `fw.middleware.cors.CORSMiddleware`."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        full = f"{self._module}.{name}"
        try:
            value = getattr(import_module(self._module), name)
        except AttributeError:
            import_module(full)
            return Framework(full)
        return Framework(full) if isinstance(value, ModuleType) else value

    def __repr__(self) -> str:
        return f"<names of {self._module}>"


# --- Questions ---


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, as the application's server would pass it on.

    `target` is path and query as they stand on the request line; characters outside ASCII and blanks are
    percent-encoded. `body` may be several chunks: then there is no Content-Length. `Host` and `Content-Length` are
    added unless given; `client_leaves_after` ends the connection after that many body messages of the answer.
    """

    method: str = "GET"
    target: str | bytes = "/"
    headers: Headers = ()
    body: bytes | tuple[bytes, ...] = b""
    client_leaves_after: int | None = None

    def __str__(self) -> str:
        kind = next(
            (f" {_text(value)}" for name, value in self.headers if _text(name).lower() == "content-type"), ""
        )
        body = self.body if isinstance(self.body, bytes) else b"|".join(self.body)
        return (
            f"{self.method} {_text(self.raw_target())[:60]}{kind[:24]}{' ' + repr(body[:40]) if body else ''}"
        )

    def raw_target(self) -> bytes:
        """The request target in bytes."""
        target = self.target if isinstance(self.target, bytes) else self.target.encode()
        return quote(target, safe=bytes(range(33, 127))).encode()

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The header fields in order, names in lower case as ASGI asks for, with those that a client would add."""
        given = [(_bytes(name).lower(), _bytes(value)) for name, value in self.headers]
        names = {name for name, _ in given}
        added = [] if b"host" in names else [(b"host", b"testserver")]
        if names.isdisjoint({b"content-length", b"transfer-encoding"}):
            if isinstance(self.body, tuple):
                given.append((b"transfer-encoding", b"chunked"))
            elif self.body:
                given.append((b"content-length", str(len(self.body)).encode()))
        return added + given

    def chunks(self) -> tuple[bytes, ...]:
        """The body as it arrives."""
        return self.body if isinstance(self.body, tuple) else (self.body,)


@dataclass(frozen=True, slots=True)
class WebSocketRequest:
    """One WebSocket conversation: the client says `messages` (text or bytes) and closes with `close_code`."""

    target: str | bytes = "/"
    headers: Headers = ()
    messages: tuple[str | bytes, ...] = ()
    subprotocols: tuple[str, ...] = ()
    close_code: int = 1000

    def __str__(self) -> str:
        return f"WEBSOCKET {self.target!r} {self.messages!r}"

    def raw_target(self) -> bytes:
        """The request target in bytes."""
        return Request(target=self.target).raw_target()

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The header fields of the handshake that an application looks at."""
        return Request(headers=self.headers).raw_headers()


Question = Request | WebSocketRequest


def get(target: str | bytes, *headers: tuple[str | bytes, str | bytes], method: str = "GET") -> Request:
    """`get("/items?q=1", ("x-token", "a"))`."""
    return Request(method, target, headers)


def post(
    target: str | bytes,
    body: bytes | str | tuple[bytes, ...] = b"",
    *headers: tuple[str | bytes, str | bytes],
    kind: str | None = "application/json",
    method: str = "POST",
) -> Request:
    """`post("/items", '{"name": "x"}')`: a body as it is, with a Content-Type (or none at all)."""
    fields = (*headers, ("content-type", kind)) if kind is not None else headers
    return Request(method, target, fields, body.encode() if isinstance(body, str) else body)


def post_json(
    target: str | bytes, value: Any, *headers: tuple[str | bytes, str | bytes], method: str = "POST"
) -> Request:
    """`post_json("/items", {"name": "x"})`."""
    return post(target, json.dumps(value), *headers, method=method)


def post_form(target: str | bytes, *fields: tuple[str, str]) -> Request:
    """`post_form("/login", ("name", "a"), ("name", "b"))`: an urlencoded form, duplicates allowed."""
    return post(target, urlencode(fields), kind="application/x-www-form-urlencoded")


Part = (
    tuple[str, str | bytes]
    | tuple[str, str | bytes, str | None]
    | tuple[str, str | bytes, str | None, str | None]
)


def post_multipart(target: str | bytes, *parts: Part, method: str = "POST") -> Request:
    """`post_multipart("/up", ("name", "value"), ("file", b"content", "a.txt", "text/plain"))`."""
    body = b"".join(_multipart_part(*part) for part in parts) + b"--limit--\r\n"
    return post(target, body, kind="multipart/form-data; boundary=limit", method=method)


def _multipart_part(
    name: str, value: str | bytes, filename: str | None = None, kind: str | None = None
) -> bytes:
    """One part, quoted as browsers do (HTML Living Standard, multipart/form-data encoding algorithm)."""

    def quoted(text: str) -> str:
        return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")

    head = f'--limit\r\nContent-Disposition: form-data; name="{quoted(name)}"'
    head += f'; filename="{quoted(filename)}"' if filename is not None else ""
    head += f"\r\nContent-Type: {kind}" if kind is not None else ""
    return head.encode() + b"\r\n\r\n" + _bytes(value) + b"\r\n"


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


# --- Answers ---


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that one application said to one question."""

    status: int | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    chunks: tuple[bytes, ...] = ()
    finished: bool = False
    messages: tuple[str, ...] = ()
    error: str | None = None
    events: tuple[str, ...] = ()

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks)

    def agrees(self, subject: Answer) -> bool:
        """Whether the subject's answer is this one; its exception may go on after the oracle's words, to help more.

        An event stream that fails may send more of the events produced before: see `test_deviations`.
        """
        if not error_agrees(self.error, subject.error):
            return False
        if self.error and (b"content-type", b"text/event-stream; charset=utf-8") in self.headers:
            head = (self.status, self.headers) == (subject.status, subject.headers)
            return head and subject.body.startswith(self.body)
        return replace(self, error=None) == replace(subject, error=None)

    def without_body(self) -> Answer:
        """The same answer without its body and the body's length, for pages whose words are each framework's own."""
        headers = tuple(header for header in self.headers if header[0] != b"content-length")
        return replace(self, headers=headers, chunks=())

    def whole(self) -> Answer:
        """The same answer with its body in one piece, for when its cuts do not matter."""
        return replace(self, chunks=(self.body,))

    def lines(self) -> list[str]:
        """The answer as text, for people: a JSON body is spread over lines, its order kept."""
        head = [f"{_text(name)}: {_text(value)}" for name, value in self.headers]
        facts = [
            f"status {self.status}",
            *head,
            *self.messages,
            *_body_lines(self.chunks),
            f"finished: {self.finished}",
        ]
        return [*facts, f"error: {self.error}", *(f"event: {event}" for event in self.events)]


def _body_lines(chunks: tuple[bytes, ...]) -> list[str]:
    try:
        (body,) = chunks
        return [
            "body:",
            *json.dumps(json.loads(body), indent=1, ensure_ascii=False).splitlines(),
            f"raw: {body!r}",
        ]
    except ValueError:
        return [f"body: {line!r}" for chunk in chunks for line in chunk.splitlines(keepends=True)]


@dataclass(slots=True)
class _Notes:
    """Collects the messages of one answer, and objects to a sequence that ASGI does not allow."""

    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    finished: bool = False
    messages: list[str] = field(default_factory=list)

    def add(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            assert self.status is None, "a second http.response.start"
            self.status = message["status"]
            headers = ((bytes(name), bytes(value)) for name, value in message.get("headers", ()))
            self.headers = [_settled(*header) for header in headers if header[0].lower() != b"date"]
        elif kind == "http.response.body":
            assert self.status is not None and not self.finished, "http.response.body out of order"
            self.chunks.append(bytes(message.get("body", b"")))
            self.finished = not message.get("more_body", False)
        elif not kind.startswith(
            "http.response.debug"
        ):  # Starlette's test client extension: templates, not bytes
            self.messages.append(_describe(message))

    def answer(self, error: str | None) -> Answer:
        chunks = tuple(chunk for chunk in self.chunks if chunk)
        return Answer(
            self.status,
            tuple(self.headers),
            chunks,
            self.finished,
            tuple(self.messages),
            error,
            events_taken(),
        )


def _settled(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header without what is left to chance: `Allow` is in the order of a set, a cookie expires from now on."""
    if name.lower() == b"allow":
        return name, b", ".join(sorted(value.split(b", ")))
    return name, _EXPIRES.sub(b"expires=then", value) if name.lower() == b"set-cookie" else value


def _describe(message: Message) -> str:
    """An ASGI message as text; absent keys and their default are the same thing to a server."""
    defaults = {
        "text": None,
        "bytes": None,
        "headers": [],
        "subprotocol": None,
        "reason": "",
        "more_body": False,
    }
    facts = {key: list(value) if key == "headers" else value for key, value in sorted(message.items())}
    told = {key: value for key, value in facts.items() if (value or None) != (defaults.get(key) or None)}
    return neutral(repr(told))


def _describe_error(error: BaseException | None) -> str | None:
    """Type and message of an exception, the framework's name made neutral."""
    if error is None:
        return None
    if isinstance(error, BaseExceptionGroup):
        inner = "; ".join(filter(None, map(_describe_error, error.exceptions)))
        return f"{type(error).__name__}({error.message}: {inner})"
    if isinstance(error, RecursionError):
        return "builtins.RecursionError"  # its message tells where the stack happened to end
    if isinstance(error, SchemaError):
        return (
            "pydantic_core.SchemaError"  # its message lists the schemas around the one that cannot be built
        )
    public = next(kind for kind in type(error).__mro__ if not kind.__module__.startswith(f"{SUBJECT}._"))
    return neutral(f"{public.__module__}.{public.__qualname__}: {error}")


def error_agrees(oracle: str | None, subject: str | None) -> bool:
    """Whether the subject raised what the oracle raised.

    The subject's message may go on after the oracle's words. Where a declaration is refused, the first sentence has to
    agree; what to do about it may be said in other words.
    """
    if oracle is None or subject is None:
        return oracle is subject
    refusal = any(
        oracle.startswith(f"{before}{name}: ") for before in ("", "not built: ") for name in _REFUSALS
    )
    return subject.startswith(oracle.split(". ")[0] if refusal else oracle)


_REFUSALS = ("builtins.AssertionError", "fastapi.exceptions.FastAPIError")


def neutral(text: str) -> str:
    """The text with the subject's module names written as the oracle's, and without addresses of objects."""
    return _ADDRESS.sub("", text.replace(f"{SUBJECT}.", f"{ORACLE}."))


# --- Driving an application ---


@cache
def _loop() -> asyncio.Runner:
    """One event loop for the whole process: starting one per request would cost more than the request."""
    return asyncio.Runner()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop that all applications here share."""
    return _loop().run(work)


async def ask(app: Application, question: Question, state: Mapping[str, Any] | None = None) -> Answer:
    """Put one question to one application. Whatever it raises becomes part of the answer."""
    notes = _Notes()
    connect = _http(question, notes) if isinstance(question, Request) else _websocket(question, notes)
    scope, receive, send = connect
    if state is not None:
        scope["state"] = dict(state)
    events_taken()
    with warnings_recorded():
        # A context of its own, as a server gives to each request.
        error = await asyncio.create_task(_call(app, scope, receive, send), context=Context())
    return notes.answer(_describe_error(error))


async def _call(app: Application, scope: Message, receive: Receive, send: Send) -> Exception | None:
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            await app(scope, receive, send)
    except Exception as error:
        return error
    return None


@contextmanager
def warnings_recorded() -> Iterator[None]:
    """Make the framework's own warnings into events, so that they are compared too.

    Pydantic's are left out: those that can differ are about models which a framework makes for itself.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if warning.category.__module__.startswith(f"{SUBJECT}._"):
            continue  # the subject may warn of more
        kind = neutral(f"{warning.category.__module__}.{warning.category.__name__}")
        if kind.startswith(f"{ORACLE}.") or str(warning.message).startswith("Duplicate Operation ID"):
            record("warning", neutral(f"{kind}: {warning.message}"))


def _scope(question: Question, kind: str) -> Message:
    path, _, query = question.raw_target().partition(b"?")
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ("testserver", 80),
        "client": ("testclient", 50000),
        "root_path": "",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": question.raw_headers(),
    }


def _http(request: Request, notes: _Notes) -> tuple[Message, Receive, Send]:
    scope = _scope(request, "http") | {"method": request.method, "scheme": "http"}
    chunks = list(request.chunks())
    done = asyncio.Event()

    async def receive() -> Message:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if request.client_leaves_after is not None and len(notes.chunks) >= request.client_leaves_after:
            done.set()
            raise OSError(
                "the client has left"
            )  # ASGI 2.4: what a server raises from send after a disconnect
        notes.add(message)
        if notes.finished:
            done.set()

    return scope, receive, send


def _websocket(question: WebSocketRequest, notes: _Notes) -> tuple[Message, Receive, Send]:
    scope = _scope(question, "websocket") | {"scheme": "ws", "subprotocols": list(question.subprotocols)}
    scope["extensions"] = {"websocket.http.response": {}}
    incoming: list[Message] = [{"type": "websocket.connect"}]
    incoming += [
        {"type": "websocket.receive", "text" if isinstance(m, str) else "bytes": m} for m in question.messages
    ]
    incoming.append({"type": "websocket.disconnect", "code": question.close_code, "reason": ""})

    async def receive() -> Message:
        return incoming.pop(0) if len(incoming) > 1 else incoming[0]

    async def send(message: Message) -> None:
        notes.add(message)

    return scope, receive, send


class Lifespan:
    """The application's lifespan, run beside the questions as a server runs it."""

    def __init__(self, app: Application) -> None:
        self.state: dict[str, Any] = {}
        self.said: list[str] = []
        self._app = app
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message | None] = asyncio.Queue()

    async def start(self) -> None:
        """Send `lifespan.startup` and wait for what the application says to it."""
        self._task = asyncio.create_task(self._serve())
        if await self._say("startup") != "lifespan.startup.complete":
            await self._task

    async def stop(self) -> None:
        """Send `lifespan.shutdown` and wait until the application has ended."""
        if not self._task.done():
            await self._say("shutdown")
        await self._task
        self.said += events_taken()

    async def _say(self, what: str) -> str | None:
        self._to_app.put_nowait({"type": f"lifespan.{what}"})
        answer = await self._from_app.get()
        self.said += [*events_taken(), _describe(answer) if answer else f"ended before {what} was answered"]
        return str(answer["type"]) if answer else None

    async def _serve(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._to_app.get, self._from_app.put)
        except Exception as exc:
            self.said.append(str(_describe_error(exc)))
        self._from_app.put_nowait(None)


# --- Comparing ---


class Difference(AssertionError):
    """The subject's answer is not the oracle's."""


def _forget_places() -> None:
    """Empty FastAPI's memory of where endpoints are defined.

    It is keyed by `id(function)`, so once earlier applications are gone it names their files in new errors.
    """
    places: dict[int, Any] = import_module(f"{ORACLE}.routing")._endpoint_context_cache
    places.clear()


@dataclass(slots=True)
class Side:
    """One framework's copy of an application: built, or refused with an error."""

    framework: str
    app: Application | None
    refusal: str | None
    events: tuple[str, ...]
    lifespan: Lifespan | None = None

    @classmethod
    def build(cls, framework: str, build: Build) -> Side:
        """Build the application; a refusal is an answer too, and is compared."""
        events_taken()
        _forget_places()
        app = refusal = None
        with warnings_recorded():
            try:
                app = build(Framework(framework))
            except Exception as exc:
                refusal = _describe_error(exc)
        return cls(framework, app, refusal, events_taken())

    async def start(self) -> None:
        """Run the start-up half of the lifespan."""
        if self.app is not None:
            self.lifespan = Lifespan(self.app)
            await self.lifespan.start()

    async def ask(self, question: Question) -> Answer:
        """Put one question; an application that was refused answers with its refusal."""
        if self.app is None:
            return Answer(error=f"not built: {self.refusal}")
        return await ask(self.app, question, self.lifespan.state if self.lifespan else None)

    async def stop(self) -> None:
        """Run the shut-down half of the lifespan."""
        if self.lifespan is not None:
            await self.lifespan.stop()


@dataclass(slots=True)
class Pair:
    """The same application on both frameworks."""

    oracle: Side
    subject: Side
    program: str

    @classmethod
    def build(cls, build: Build, program: str) -> Pair:
        """Build both; `program` is the text that a failure prints to build it again."""
        return cls(Side.build(ORACLE, build), Side.build(SUBJECT, build), program)

    @property
    def sides(self) -> tuple[Side, Side]:
        """The oracle's side first."""
        return self.oracle, self.subject

    def check_refusal(self) -> None:
        """Raise `Difference` unless both were built, or refused for the same reason, with the same warnings."""
        oracle, subject = self.sides
        if oracle.events != subject.events or not error_agrees(oracle.refusal, subject.refusal):
            texts = ["\n".join([side.refusal or "built", *side.events]) for side in self.sides]
            raise Difference(self._report("building the application", texts))

    async def check(self, question: Question, *, chunks: bool = False, body: bool = True) -> Answer:
        """Put one question to both; return the oracle's answer or raise `Difference`."""
        oracle, subject = [await side.ask(question) for side in self.sides]
        if not body:
            oracle, subject = oracle.without_body(), subject.without_body()
        if not chunks:
            oracle, subject = oracle.whole(), subject.whole()
        if not oracle.agrees(subject):
            texts = ["\n".join(answer.lines()) for answer in (oracle, subject)]
            raise Difference(self._report(_wire(question), texts, question))
        return oracle

    async def both(self, question: Question) -> tuple[Answer, Answer]:
        """Both answers, the oracle's first, without comparing them."""
        oracle, subject = [(await side.ask(question)).whole() for side in self.sides]
        return oracle, subject

    async def start(self) -> None:
        """Start both lifespans and compare what they said."""
        for side in self.sides:
            await side.start()
        self.check_lifespan()

    async def stop(self) -> None:
        """Stop both lifespans and compare what they said."""
        for side in self.sides:
            await side.stop()
        self.check_lifespan()

    def check_lifespan(self) -> None:
        """Raise `Difference` unless both lifespans have said the same so far."""
        said = [side.lifespan.said if side.lifespan else [] for side in self.sides]
        if said[0] != said[1]:
            raise Difference(self._report("lifespan", ["\n".join(lines) for lines in said]))

    def _report(self, asked: str, texts: list[str], question: Question | None = None) -> str:
        diff = difflib.unified_diff(
            texts[0].splitlines(), texts[1].splitlines(), ORACLE, SUBJECT, lineterm="", n=30
        )
        call = f"compare(build, {question!r})" if question else "compare(build)"
        parts = [
            f"{SUBJECT} differs from {ORACLE} in its answer to",
            asked,
            "",
            *diff,
            "",
            "To see it again:",
            "",
        ]
        return "\n".join([*parts, self.program, call])


def _wire(question: Question) -> str:
    """The question as it would stand on the wire."""
    method = question.method if isinstance(question, Request) else "GET (WebSocket)"
    head = [
        f"{method} {_text(question.raw_target())}",
        *(f"{_text(n)}: {_text(v)}" for n, v in question.raw_headers()),
    ]
    if isinstance(question, Request):
        return "\n".join([*head, "", *(repr(chunk)[2:-1] for chunk in question.chunks() if chunk)])
    return "\n".join([*head, "", *map(repr, question.messages)])


def _program(build: Build) -> str:
    """How to get at `build` again: an import where it can be imported, its source where it cannot."""
    name, module = getattr(build, "__qualname__", "build"), str(build.__module__)
    imports = "from tests.differential.oracle import Request, WebSocketRequest, compare"
    if name.isidentifier():
        return f"{imports}\nfrom tests.differential.{module.rpartition('.')[2]} import {name} as build"
    return f"{imports}\n{inspect.getsource(build)}"


@cache
def pair(build: Build) -> Pair:
    """Both applications of `build`, built once for all the questions of a table."""
    return Pair.build(build, _program(build))


@contextmanager
def served(build: Build) -> Iterator[Pair]:
    """A fresh pair with its lifespan running; leaving compares what the lifespans said."""
    fresh = Pair.build(build, _program(build))
    fresh.check_refusal()
    run(fresh.start())
    try:
        yield fresh
    finally:
        run(fresh.stop())


def compare(build: Build, *questions: Question, chunks: bool = False, body: bool = True) -> list[Answer]:
    """Put the questions to both applications in turn, and return the oracle's answers.

    With `chunks`, the cuts between the body's pieces must agree too; without `body`, bodies may differ.

    Raises:
        Difference: an answer is not the oracle's.
        ValueError: the oracle refuses to build the application, so that there is nothing to ask; see `compare_refusal`.
    """
    both = pair(build)
    both.check_refusal()
    if both.oracle.refusal:
        raise ValueError(f"{ORACLE} refuses to build this application: {both.oracle.refusal}")
    return [run(both.check(question, chunks=chunks, body=body)) for question in questions]


def compare_refusal(build: Build) -> str:
    """Compare how both refuse to build an application; returns the reason.

    Raises:
        Difference: the subject builds it, or gives another reason.
        ValueError: the oracle builds it.
    """
    both = Pair.build(build, _program(build))
    both.check_refusal()
    if both.oracle.refusal is None:
        raise ValueError(f"{ORACLE} builds this application: ask it something with `compare`")
    return both.oracle.refusal


def compare_openapi(build: Build, target: str = "/openapi.json") -> Answer:
    """Compare the OpenAPI documents byte for byte, which includes the order of keys; the oracle must answer 200."""
    (answer,) = compare(build, get(target))
    assert answer.status == 200, answer.lines()
    return answer


def labels(questions: Iterable[Question]) -> list[str]:
    """Readable test ids for a table of questions."""
    return [str(question) for question in questions]


def check_versions() -> None:
    """Refuse to compare unless the oracle is the FastAPI that was agreed on, and truly FastAPI.

    Raises:
        RuntimeError: another version is installed, or `fastapi` is an alias of the subject in this process.
    """
    found = metadata.version(ORACLE)
    if found != ORACLE_VERSION:
        raise RuntimeError(
            f"the oracle must be fastapi=={ORACLE_VERSION}, found {found}: install that version"
        )
    if import_module(ORACLE).__name__ != ORACLE:
        raise RuntimeError("`fastapi` answers with vivace here: run these tests without `vivace.as_fastapi`")
