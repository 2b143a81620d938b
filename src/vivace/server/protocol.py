"""One connection: bytes come in, requests are given to the application, in order.

The class is what uvicorn's server makes for each connection, in the place of its own protocol classes. It keeps the two
states of `states`, lets `head` and `body` read, and gives the application a `Receive` and a `Send`. It decides when
to read, when the next request may begin, and how the connection ends.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import urllib.parse
from collections.abc import Coroutine
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from .body import Body, ChunkedBody, LengthBody
from .fields import encode_fields
from .head import COMMON_LINE, Block, check_partial_head, read_head
from .limits import Limits
from .link import Link
from .receive import HIGH_WATER, Receive
from .refusals import LARGE_BODY, SLOW_BODY, SLOW_HEAD, Refusal, Refused
from .send import Send, run
from .shared import shared_by
from .sockets import keep_little_unsent
from .states import (
    ON_BODY_END,
    ON_CLOSE,
    ON_HEAD,
    ON_HEAD_WITH_BODY,
    ON_NEXT,
    ON_UPGRADE,
    Answer,
    Reading,
)
from .sweep import UNSET

__all__ = ["HTTPProtocol"]

_HEAD, _BODY, _READ = Reading.HEAD, Reading.BODY, Reading.COMPLETE
_DUE, _COMPLETE = Answer.DUE, Answer.COMPLETE

BURST = 16
"""Pipelined requests that are begun in one turn of the event loop: the other connections have theirs."""

_REFUSAL_HEADERS = (b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")


class HTTPProtocol(Link):
    """HTTP/1.1 for uvicorn's server: `uvicorn main:app --http vivace.server:HTTPProtocol`.

    Limits come from the environment (`VIVACE_…`, see `Limits`), or from a class of one's own:

    ```python
    uvicorn.run(app, http=HTTPProtocol.with_limits(Limits(max_body_size=10_000_000)))
    ```
    """

    limits: ClassVar[Limits | None] = None
    """The limits of this class's connections; None: those of the environment, or the defaults."""

    @classmethod
    def with_limits(cls, limits: Limits) -> type[HTTPProtocol]:
        """This class with other limits."""
        return type(cls.__name__, (cls,), {"limits": limits})

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__()
        if not config.loaded:
            config.load()
        # The server's.
        self.config = config
        self.loop = _loop or asyncio.get_event_loop()
        self.shared = shared_by(config, server_state, self.limits, self.loop)
        self._app = config.loaded_app
        # PERF (W1): without such a header, uvicorn's middleware for proxies has nothing to say, and takes two
        # microseconds for it. Nobody knows sooner than we.
        is_proxied = type(self._app) is ProxyHeadersMiddleware
        self._unproxied_app: Any = self._app.app if is_proxied else self._app
        self._app_state = app_state
        self._server_state = server_state
        self._tasks = server_state.tasks
        self._connections = server_state.connections
        self.ws_protocol_class = config.ws_protocol_class
        self._limit_concurrency = config.limit_concurrency
        self._root_path = config.root_path
        self._raw_root_path = config.root_path.encode("ascii")
        self._is_eager = _may_start_eagerly(self.loop)

        # The connection's.
        self.buffer: bytes | bytearray = b""  # arrived, and not taken yet
        self._has_eof = False  # the client has said its last word
        self._is_ending = False  # the server shuts down

        # The request's.
        self.reading = _HEAD
        self.send: Send | None = None
        self.receive: Receive | None = None
        self.stepping: Send | None = None  # whose application is in its first step
        self._body: Body | None = None
        self._unread = 0  # bytes that may still be thrown away
        self._is_taking = False
        self._is_resting = False  # has begun its share of requests in this turn of the loop
        self._is_fresh = True  # no request yet
        self._block: Block | None = None  # the last one, see `_take`
        self._longest_line = 0
        self._line = b""  # of the last request, if it was a common one: what follows is what it says
        self._unsent = 0

    # --- transport -------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.add(self)  # type: ignore[arg-type]  # uvicorn names its own classes
        self.shared.sweep.add(self)
        # Requests start from what was set before the connection, never from what another request has set.
        is_bare = getattr(self.config, "reset_contextvars", False)  # not every uvicorn has it
        self._context = contextvars.Context() if is_bare else contextvars.copy_context()
        # PERF (W1): what is the same as for the request before is copied, not built.
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": self.config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "server": get_local_addr(self.transport),
            "client": get_remote_addr(self.transport),
            "scheme": "https" if self._is_tls else "http",
            "root_path": self._root_path,
            "extensions": {"http.response.trailers": {}, "http.response.early_hint": {}},
        }
        max_unsent = self.shared.limits.max_unsent_size
        if max_unsent is not None:
            keep_little_unsent(self.transport, max_unsent)
        self._trace("HTTP connection made")
        if self.shared.is_ending:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._trace("HTTP connection lost")
        if self.reading is Reading.SWITCHED:
            return
        self.reading = ON_CLOSE[self.reading]
        self.buffer = b""
        self._lose_request()
        self.resume_writing()

    def _trace(self, event: str) -> None:
        logger = self.shared.logger
        if logger.isEnabledFor(TRACE_LOG_LEVEL):
            client = self._scope["client"]
            prefix = f"{client[0]}:{client[1]} - " if client else ""
            logger.log(TRACE_LOG_LEVEL, "%s%s", prefix, event)

    def _leave(self) -> None:
        self._connections.discard(self)
        self.shared.sweep.discard(self)

    def _lose_request(self) -> None:
        """The client does not hear the answer to the current request any more."""
        send, receive = self.send, self.receive
        self.send = self.receive = None
        if send is not None and receive is not None:
            send.lose()
            receive.lose()

    def eof_received(self) -> bool:
        """The client will send no more. It may still read: an answer that is due is given (half-close).

        An application that asks is told at once, since a client that hangs up looks the same: `http.disconnect`.
        """
        self._has_eof = True
        if not (self._is_answering() or self._must_wait()):
            return False  # nothing is due: the transport closes
        if self.receive is not None:
            self.receive.lose()
        return not self._is_tls  # TLS cannot be half-closed: https://bugs.python.org/issue35698

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.reading is _HEAD:
            self._take_buffer()

    # --- bytes -----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if not self.buffer:
            self._take(data)
            return
        seen = len(self.buffer)
        self.buffer += data
        if self.reading is _HEAD and not self._must_wait():
            if self._completes_head(seen):
                self._take_buffer()
        elif len(self.buffer) > HIGH_WATER:
            self.pause_reading()

    def _completes_head(self, seen: int) -> bool:
        """Whether the partial head in the buffer, of which `seen` bytes are not new, has come to its end.

        Only what is new is looked at, and nothing copied: a head may come byte by byte.
        """
        buffer = self.buffer
        if buffer.find(b"\r\n\r\n", max(0, seen - 3)) >= 0 or buffer.startswith(b"\r\n"):
            return True
        try:
            check_partial_head(buffer, seen, self.shared.limits)
        except Refused as exc:
            self.refuse(exc.refusal, is_head=buffer.startswith(b"HEAD "))
        return False

    def _take_buffer(self) -> None:
        """Go on with what has arrived already, unless that is being done further up."""
        if not self._is_taking:
            self._take(bytes(self.buffer))

    def _take(self, data: bytes) -> None:
        """Take from the bytes what can be taken now, and keep the rest."""
        position = burst = 0
        size = len(data)
        self._is_taking = True
        self._is_resting = False
        while position < size:
            reading = self.reading
            if reading is _HEAD:
                if self.is_write_paused:
                    break  # the last answer has not left: so much for the memory that a slow reader can cost
                if position:
                    burst += 1
                    if burst == BURST:
                        self._is_resting = True
                        self.loop.call_later(0, self._take_buffer)
                        break
                end = data.find(b"\r\n\r\n", position) + 4
                # PERF (W1, W2, W3): a client sends the same fields again and again. What was parsed and judged on
                # this connection needs a comparison only; the line in front of it, one expression, or a comparison
                # too. Whatever does not fit goes the parser's way, with the same result.
                block = self._block
                if block is not None:
                    line_end = end - len(block.raw)
                    if position < line_end <= position + self._longest_line and data.startswith(
                        block.raw, line_end
                    ):
                        line = data[position:line_end]
                        if line == self._line or self._read_common_line(line):
                            position = self._begin(block, data, end)
                            continue
                taken = self._read_head(data, position, end)
                if taken < 0:
                    break
                position = taken
            elif reading is _BODY:
                position = self._read_body(data, position)
            elif reading is _READ:
                break
            else:
                position = size
        self._is_taking = False
        self.buffer = bytearray(data[position:]) if position < size else b""
        if size - position > HIGH_WATER and (self.reading is _READ or self._must_wait()):
            self.pause_reading()
        elif self._is_read_paused and self.reading is _HEAD:
            self.resume_reading()
        if self._has_eof:  # this was in the buffer when the client's last word came
            if self.reading is _HEAD and not self._must_wait():
                self._close()
            elif self.receive is not None:
                self.receive.lose()  # as `eof_received` does; the rest of its body will not come

    def _must_wait(self) -> bool:
        """Whether there may be requests that have arrived and are not begun yet."""
        return bool(self.buffer) and (self.is_write_paused or self._is_resting)

    def _read_common_line(self, line: bytes) -> bool:
        """Whether a request line needs no parser; it is the current one then."""
        match = COMMON_LINE.fullmatch(line)
        if match is None:
            return False
        method, path, query = match.groups()
        self._set_request(method.decode(), path, query or b"")
        self._line = line
        return True

    def _set_request(self, method: str, path: bytes, query: bytes) -> None:
        """What the request line says, as a scope says it; it holds until another line comes."""
        text = path.decode("ascii")
        scope = self._scope
        scope["method"] = method
        scope["path"] = self._root_path + (urllib.parse.unquote(text) if "%" in text else text)
        scope["raw_path"] = self._raw_root_path + path
        scope["query_string"] = query

    def _read_head(self, data: bytes, position: int, end: int) -> int:
        """The position after the head that begins at `position`, or -1 if the rest of it has not arrived."""
        # Empty lines in front of a request are passed over (RFC 9112, section 2.2).
        if data.startswith(b"\r\n", position):
            return position + 2
        limits = self.shared.limits
        try:
            if end < 4:
                check_partial_head(data[position:], 0, limits)
                if not data.startswith(b"\r", position):
                    self.deadline = UNSET  # the clock of this head starts
                return -1
            head = read_head(data[position:end], limits)
            block = head.block
            if limits.max_body_size is not None and block.length > limits.max_body_size:
                raise Refused(LARGE_BODY)
        except Refused as exc:
            self.refuse(exc.refusal, is_head=data.startswith(b"HEAD ", position))
            return len(data)
        if block.upgrades:
            if block.websocket and self.ws_protocol_class is not None:
                self._switch(data[position : end - len(block.raw)], block, data[end:])
                return len(data)
            self._warn_of_upgrade()
        if block.is_memorable() and not head.is_old:
            self._block = block
            self._longest_line = min(limits.max_target_size, limits.max_head_size - len(block.raw))
        self._set_request(head.method, head.path, head.query)
        self._line = b""
        return self._begin(block, data, end, head.is_old, head.authority)

    def _read_body(self, data: bytes, position: int) -> int:
        """The position after what belongs to the body."""
        body, send, receive = self._body, self.send, self.receive
        assert body is not None and send is not None and receive is not None
        pieces: list[bytes] = []
        try:
            position = body.take(data, position, pieces)
        except Refused as exc:
            self.refuse(exc.refusal, send.is_head)
            return len(data)
        self.deadline = UNSET
        receive.expects_continue = False  # it did not wait
        if body.complete:
            self._body = None
            self.reading = ON_BODY_END[self.reading]
        if send.state is _COMPLETE:
            self._throw_away(sum(map(len, pieces)))
            return position
        receive.add(pieces, body.complete)
        if body.complete:
            send.is_plain = send.keeps_alive and not (send.is_head or send.is_old)
        elif receive.size > HIGH_WATER:
            self.pause_reading()
        return position

    def _throw_away(self, size: int) -> None:
        """More of a body that nobody will read: it must not be taken for a request."""
        self._unread -= size
        if self._unread < 0:
            self._close()
        elif self.reading is _READ:
            self._next()

    # --- requests --------------------------------------------------------------------------------------------------

    def _begin(
        self, block: Block, data: bytes, position: int, is_old: bool = False, authority: bytes | None = None
    ) -> int:
        """Give a request to the application; the position after what was taken of its body."""
        scope = self._scope.copy()
        scope["asgi"] = scope["asgi"].copy()
        scope["extensions"] = scope["extensions"].copy()
        scope["headers"] = block.headers.copy()
        scope["state"] = self._app_state.copy()
        send = self.send = Send(self, scope)
        if scope["method"] == "HEAD":
            send.is_head = True
            send.is_plain = False
        if is_old:
            send.is_old = True
            scope["http_version"] = "1.0"
        self.deadline = UNSET
        self._is_fresh = False

        length = block.length
        if not block.chunked and len(data) - position >= length:
            self.reading = ON_HEAD[self.reading]
            receive = self.receive = Receive(send, data[position : position + length])
            position += length
        else:
            self.reading = ON_HEAD_WITH_BODY[self.reading]
            receive = self.receive = Receive(send, None)
            receive.await_body(self, block.expects_continue)
            send.is_plain = False
            self._body = (
                ChunkedBody(self.shared.limits.max_body_size) if block.chunked else LengthBody(length)
            )
            if position < len(data):
                position = self._read_body(data, position)
                if self.reading is Reading.CLOSED:
                    return position

        if authority is not None:
            others = [header for header in block.headers if header[0] != b"host"]
            scope["headers"] = [(b"host", authority), *others]
        if block.close or self._is_ending:
            self._announce_close(send)
        app = self._app if block.is_forwarded else self._unproxied_app
        limit = self._limit_concurrency
        if limit is not None and (len(self._connections) >= limit or len(self._tasks) >= limit):
            self.shared.logger.warning("Exceeded concurrency limit.")
            app = service_unavailable
        self._start(run(app, scope, receive, send), send)
        return position

    def _start(self, coroutine: Coroutine[Any, Any, None], send: Send) -> None:
        context = self._context.copy()
        if sys.version_info >= (3, 12) and self._is_eager:
            # PERF (W1): the task's first step runs now. An endpoint that does not wait has answered when this returns,
            # and the loop has never heard of it.
            self.stepping = send
            task = asyncio.Task(coroutine, loop=self.loop, context=context, eager_start=True)
            self.stepping = None
            if task.done():
                return
            send.flush()
        else:
            task = context.run(self.loop.create_task, coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _announce_close(self, send: Send) -> None:
        """The current answer is the last one of the connection."""
        send.is_plain = False
        send.keeps_alive = False

    def want_body(self, receive: Receive) -> None:
        """The application waits for the body."""
        if receive.expects_continue:
            receive.expects_continue = False
            if self.send is not None and self.send.state is _DUE:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.resume_reading()

    def _is_answering(self) -> bool:
        """Whether the client waits for something that the application has to say."""
        return self.send is not None and self.send.state is not _COMPLETE

    def may_go_on(self) -> bool:
        """Whether another request can follow the current one: its body has arrived, or is short enough to come."""
        if self.reading is not _BODY:
            return self.reading is _READ
        # A client that was not told to go on may send its body or not: nobody can tell (RFC 9110, section 10.1.1).
        if self.receive is None or self.receive.expects_continue:
            return False
        return (
            not isinstance(self._body, LengthBody) or self._body.missing <= self.shared.limits.max_unread_body
        )

    def answered(self) -> None:
        """The answer to the current request is complete."""
        send, receive = self.send, self.receive
        assert send is not None and receive is not None
        self._server_state.total_requests += 1
        if receive.change is not None:
            receive.change.set()
        if not send.keeps_alive:
            self._close()
        elif self.reading is _READ:
            self._next()
        elif self._has_eof:
            self._close()
        else:
            self._unread = self.shared.limits.max_unread_body
            self.deadline = UNSET
            self.resume_reading()

    def _next(self) -> None:
        """The request is read and answered."""
        self.reading = ON_NEXT[self.reading]
        self.deadline = UNSET
        if self._is_read_paused:
            self.resume_reading()
        if self.buffer or self._has_eof:
            self._take_buffer()

    def _switch(self, line: bytes, block: Block, rest: bytes) -> None:
        """Leave the connection to uvicorn's WebSocket protocol, with the request as it came."""
        self._trace("Upgrading to WebSocket")
        self.reading = ON_UPGRADE[self.reading]
        self._leave()
        # Called as uvicorn calls it: by keywords that only its own classes have.
        make_protocol: Any = self.ws_protocol_class
        protocol = make_protocol(
            config=self.config, server_state=self._server_state, app_state=self._app_state
        )
        protocol.connection_made(self.transport)
        # Names in lower case, as uvicorn hands them over: some of its protocols pass them on as they are.
        fields = b"".join(b"%b: %b\r\n" % header for header in block.headers)
        protocol.data_received(b"%b%b\r\n%b" % (line, fields, rest))
        self.transport.set_protocol(protocol)

    def _warn_of_upgrade(self) -> None:
        """An upgrade that we do not follow is no mistake: the request gets its answer (RFC 9110, section 7.8)."""
        self.shared.logger.warning("Unsupported upgrade request.")
        if self.ws_protocol_class is None:
            self.shared.logger.warning(
                "No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\", or install "
                "'websockets' or 'wsproto' manually."
            )

    # --- ends ------------------------------------------------------------------------------------------------------

    def refuse(self, refusal: Refusal, is_head: bool) -> None:
        """Answer by ourselves, and end the connection. To HEAD, without the text (RFC 9110, section 9.3.2)."""
        self.shared.logger.warning("%s", refusal)
        send = self.send
        if send is not None and send.state is not _DUE and send.state is not _COMPLETE:
            self.give_up(send)
            return
        self._lose_request()
        text = f"{refusal}\n".encode("ascii")
        fields = encode_fields([*_REFUSAL_HEADERS, (b"content-length", b"%d" % len(text))])
        head = b"%b%b\r\n" % (self.shared.beginning(refusal.status), fields.lines)
        self.transport.write(head if is_head else head + text)
        self._close()

    def give_up(self, send: Send) -> None:
        """The answer cannot be completed: the connection ends in a way that the client can tell from a complete one."""
        if send is not self.send or send.state is _COMPLETE:
            return
        self._lose_request()
        if send.is_delimited:
            self._close()
        else:
            # The end of the connection would be the end of a complete answer: only a reset says otherwise.
            self.reading = ON_CLOSE[self.reading]
            self.reset()

    def _close(self, is_idle: bool = False) -> None:
        """End the connection when all is written.

        Gently, unless nothing can be under way. A server that shuts down only takes the time for that where it knows
        that something is.
        """
        is_quick = is_idle or self._has_eof or (self._is_ending and self.reading is not _BODY)
        self.reading = ON_CLOSE[self.reading]
        self.buffer = b""
        self.close(lingers=not is_quick)

    def leave_at_once(self) -> None:
        """The server's time is up: it has cancelled the request."""
        if self.reading is Reading.CLOSED and not self.transport.is_closing():
            self.transport.close()

    def shutdown(self) -> None:
        """The server ends: finish what has been asked, and say that it is the last."""
        self._is_ending = self.shared.is_ending = True
        if self.reading is _HEAD:
            # Under load, the next request of an idle connection is on its way already.
            self.loop.call_later(self.shared.limits.shutdown_grace, self._close_if_idle)
        elif self.send is not None and self._is_answering():
            self._announce_close(self.send)
        elif self.reading is _BODY:
            self._close()  # answered, and only waiting to keep the connection

    def _close_if_idle(self) -> None:
        if self.reading is _HEAD:
            self._close(is_idle=True)

    def patience(self) -> float | None:
        """How long the connection may stay as it is: see `sweep`."""
        limits = self.shared.limits
        if self.is_write_paused or self.reading is Reading.CLOSED:
            self._unsent = self.transport.get_write_buffer_size()
            return limits.write_timeout if self._unsent else limits.linger_timeout
        if self.reading is _HEAD:
            return limits.head_timeout if self._is_fresh or self.buffer else self.shared.keep_alive_timeout
        if self.reading is _BODY and self._is_body_due():
            return limits.body_timeout
        return None

    def _is_body_due(self) -> bool:
        """Whether it is the client who is waited for, and not the application."""
        waits_for_us = self.receive is not None and self.receive.expects_continue
        return not (waits_for_us or self._is_read_paused or self._has_eof)

    def expire(self) -> None:
        """That was too long."""
        if self.is_write_paused or self.reading is Reading.CLOSED:
            if 0 < self.transport.get_write_buffer_size() < self._unsent:
                self.deadline = UNSET  # slow, but taking its answer
            else:
                self.transport.abort()
        elif self.reading is _HEAD and not self.buffer:
            self._close(is_idle=True)
        elif self.reading is _HEAD:
            self.refuse(SLOW_HEAD, is_head=self.buffer.startswith(b"HEAD "))
        elif self.send is not None and self._is_answering():
            self.refuse(SLOW_BODY, self.send.is_head)
        else:
            self._close()


def _may_start_eagerly(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether tasks may be made past the loop: not if somebody has asked to make its tasks himself."""
    return (
        sys.version_info >= (3, 12)
        and isinstance(loop, asyncio.AbstractEventLoop)
        and loop.get_task_factory() is None
    )
