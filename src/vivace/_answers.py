"""Answers that travel: http middleware calls what is inside it and gets a Response object, which is sent outermost.

An application that can be called this way has, beside its ASGI form, `async answer(scope, receive) -> Response`.
Whatever lacks it (a mount, a middleware of somebody else's) runs in a task, whose messages become a response.

Nothing of the request may end before its answer was sent: what has to wait (exit code, background tasks, the task) is
left with the `Answering` of the layer that sends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import Context, copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any

from anyio import BrokenResourceError, EndOfStream, get_cancelled_exc_class
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivace._anyio import cancel_scope_of, current_task
from vivace._lanes import tells_by_send

if TYPE_CHECKING:
    from asyncio import Task

    from anyio import CancelScope

ANSWERING = "vivace.answering"

AnswerForm = Callable[[Scope, Receive], Coroutine[Any, Any, Response]]


class Answer(Response):
    """A response as http middleware knows it from `call_next`: its body may be read, and replaced, as a stream.

    async for chunk in response.body_iterator: ...
    response.body_iterator = iterate_in_threadpool([b"another body"])
    """

    source: StreamingResponse | None = None  # the stream that it is, if nobody has asked for its chunks
    info: Any = None  # for Starlette's test client
    _chunks: Any = None

    @classmethod
    def of(cls, response: Response) -> Answer:
        """The same answer, without background tasks; edits do not reach the response, which may be sent again."""
        answer = cls._bare(response.status_code, list(response.raw_headers))
        answer.media_type = response.media_type
        if isinstance(response, StreamingResponse):
            answer.source = response
        else:
            answer.body = response.body
        return answer

    @classmethod
    def of_chunks(cls, status: int, headers: list[tuple[bytes, bytes]], chunks: Any, info: Any) -> Answer:
        """An answer whose body comes from an async iterator of bytes (or of messages, for an ASGI extension)."""
        answer = cls._bare(status, headers)
        answer.info = info
        answer._chunks = chunks
        return answer

    @classmethod
    def _bare(cls, status: int, headers: list[tuple[bytes, bytes]]) -> Answer:
        answer = cls.__new__(cls)  # PERF (W6): what Response.__init__ works out is known
        answer.status_code = status
        answer.raw_headers = headers
        answer.background = None
        return answer

    @property
    def is_whole(self) -> bool:
        """Whether its body is `body`."""
        return self._chunks is None and self.source is None

    @property
    def chunks(self) -> Any:
        """Where the stream comes from that is sent; `None` if it is none."""
        return self.source.body_iterator if self._chunks is None and self.source else self._chunks

    @property
    def body_iterator(self) -> Any:
        if self._chunks is None:
            self._chunks = _once(self.body) if self.source is None else _encoded(self.source)
        return self._chunks

    @body_iterator.setter
    def body_iterator(self, chunks: Any) -> None:
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._chunks is not None and (self.source is None or tells_by_send(scope)):
            await self._stream(send)
        elif self._chunks is not None:
            await _Watched(self)(scope, receive, send)
        elif self.source is not None:
            self.source.status_code = self.status_code
            self.source.raw_headers = self.raw_headers
            await self.source(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
            return
        if self.background is not None:
            await self.background()

    async def _stream(self, send: Send) -> None:
        if self.info is not None:
            await send({"type": "http.response.debug", "info": self.info})
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        ends_itself = False
        async for chunk in self._chunks:
            if isinstance(chunk, dict):  # a message of an extension, such as http.response.pathsend
                ends_itself = True
                await send(chunk)
            else:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if not ends_itself:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Watched(StreamingResponse):
    """An answer's stream, which ends when the client goes, where `send` does not say so."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.background = None

    async def stream_response(self, send: Send) -> None:
        await self.answer._stream(send)


async def _once(body: Any) -> AsyncIterator[Any]:
    if body:
        yield body


async def _encoded(response: StreamingResponse) -> AsyncIterator[Any]:
    async for chunk in response.body_iterator:
        if chunk:
            yield chunk.encode(response.charset) if isinstance(chunk, str) else chunk


class Answering:
    """What the layer that sends an answer knows of the request: where it runs, and what ends after the answer."""

    __slots__ = ("_after", "_task", "cleanup", "send")

    def __init__(self, task: Task[Any], cleanup: CancelScope | None, send: Send) -> None:
        self.cleanup = cleanup  # the cancel scope of the layer, entered, if there is one
        self.send = send
        self._task = task
        self._after: AsyncExitStack | None = None

    def is_here(self) -> bool:
        """Whether exit code can be left to this layer: no middleware has made a task or a cancel scope in between."""
        task = current_task()
        return task is self._task and cancel_scope_of(task) is self.cleanup

    @property
    def after(self) -> AsyncExitStack:
        """What is to be left after the answer was sent."""
        if self._after is None:
            self._after = AsyncExitStack()
        return self._after

    def _travelling(self, response: Response) -> Response:
        if response.background is not None:
            self.after.push_async_exit(_Background(response.background))
            response.background = None
        return response if isinstance(response, Answer) else Answer.of(response)

    async def end(self, exc: BaseException | None) -> bool:
        """Leave what was left behind; tells whether that has swallowed the exception."""
        if self._after is None:
            return False
        if exc is None:
            await self._after.aclose()
            return False
        return bool(await self._after.__aexit__(type(exc), exc, exc.__traceback__))


# What sending raises once the client has gone.
_LEFT = (OSError, ClientDisconnect)


class _Background:
    """Background tasks on an exit stack: they run although the client has gone, but not after a failure."""

    __slots__ = ("tasks",)

    def __init__(self, tasks: BackgroundTask) -> None:
        self.tasks = tasks

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is None or isinstance(exc, _LEFT):
            await self.tasks()


async def let_travel(response: Response, scope: Scope, receive: Receive) -> Response:
    """The response as middleware shall see it; its background tasks stay behind, whatever becomes of it.

    A response that needs a `send` to become what it says (a file, a class with its own `__call__`) runs in a task.
    """
    if type(response).__call__ in _TRAVELLING:
        answering: Answering = scope[ANSWERING]
        return answering._travelling(response)
    return await answer_in_task(response, scope, receive)


_TRAVELLING = (Response.__call__, StreamingResponse.__call__, Answer.__call__)


async def answer_in_task(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The answer of any ASGI application, which runs in a task until its answer was sent."""
    running = _Running(app, scope, receive)
    scope[ANSWERING].after.push_async_exit(running)
    return await running.start()


class _Running:
    """An ASGI application in a task. Its messages wait for each other: a slow client slows it down."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        # PERF (W12): these bring modules that many programs never need.
        from anyio import Event, create_memory_object_stream

        self._sent = Event()
        self._send, self._messages = create_memory_object_stream[Message]()
        self._context: Context = copy_context()
        self._raised = self._client_left = False

    async def start(self) -> Response:
        """Run the application until its response begins. Raises what it raises."""
        from asyncio import create_task

        self._task = create_task(self._run(), context=self._context)
        message, info = await self._begin()
        if message is None:
            self._raised = True
            await self._task
            raise RuntimeError("No response returned.")
        _take_over(self._context)
        return Answer.of_chunks(message["status"], list(message.get("headers", ())), self._chunks(), info)

    async def _begin(self) -> tuple[Message | None, Any]:
        """The start message, `None` if the application ends without one, and what tells the test client more."""
        info = None
        try:
            message = await self._messages.receive()
            while message["type"] != "http.response.start":
                if message["type"] == "http.response.debug":
                    info = message["info"]
                else:
                    assert message["type"] == "http.response.early_hint", f"Unexpected message: {message}"
                    await self._scope[ANSWERING].send(message)
                message = await self._messages.receive()
        except EndOfStream:
            return None, info
        return message, info

    async def _run(self) -> None:
        with self._send:
            await self._app(self._scope, self._receive_or_disconnect, self._send_in_turn)

    async def _receive_or_disconnect(self) -> Message:
        return {"type": "http.disconnect"} if self._sent.is_set() else await self._receive()

    async def _send_in_turn(self, message: Message) -> None:
        try:
            await self._send.send(message)
        except BrokenResourceError:
            if self._client_left and message.get("more_body", False):
                raise OSError("the client has left") from None
            return  # a middleware has answered otherwise, or nobody listens
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if is_last or message["type"] == "http.response.pathsend":
            await self._sent.wait()

    async def _chunks(self) -> AsyncIterator[Any]:
        async for message in self._messages:
            if message["type"] == "http.response.pathsend":
                yield message
                return
            if body := message.get("body", b""):
                yield body
            if not message.get("more_body", False):
                return
        self._raised = True
        await self._task

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client_left = isinstance(exc, _LEFT)
        self._sent.set()
        self._messages.close()
        if exc is not None and not self._client_left:
            self._task.cancel()
        try:
            await self._task
        except get_cancelled_exc_class():
            if not self._task.cancelled():  # it is this request that was cancelled
                self._task.cancel()
                raise
        except Exception:
            if not self._raised and exc is None:
                raise


def _take_over(context: Context) -> None:
    """Show here what was set in the other context, as if it had been set in a call."""
    for variable, value in context.items():
        if variable.get(_MISSING) is not value:
            variable.set(value)


_MISSING: Any = object()
