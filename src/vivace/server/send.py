"""`send`, as the application gets it: an answer, from its messages to the bytes on the connection.

The lanes are the methods `respond` and `write` (see `docs/fast-lanes.md`). All ways build on the same two steps,
`_open` and `_add`, and `respond` has a shorter way for the answer that nearly every request gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .content import LARGE, Content, length_error
from .fields import Fields, Header, encode_fields, has_content, without_framing
from .states import (
    ON_CONTENT_END,
    ON_CONTENT_END_WITH_TRAILERS,
    ON_GONE,
    ON_RETRACT,
    ON_START,
    ON_TRAILERS,
    ON_WHOLE,
    Answer,
)

if TYPE_CHECKING:
    from .protocol import HTTPProtocol
    from .receive import Receive

__all__ = ["ClientDisconnected", "Send", "run"]

_DUE, _STARTED, _TRAILERS = Answer.DUE, Answer.STARTED, Answer.TRAILERS
_COMPLETE, _GONE = Answer.COMPLETE, Answer.GONE


class ClientDisconnected(OSError):
    """The client has gone while the application still produces content for it (ASGI, spec version 2.4)."""


class Send:
    """The answer to one request.

    ```python
    send.respond(200, ((b"content-type", b"text/plain"),), b"hello")  # whole, at once: the lane
    await send({"type": "http.response.start", "status": 200, "headers": []})  # ASGI
    ```
    """

    # PERF (W1): no __slots__, and defaults on the class: a request about which nothing is special sets three
    # attributes. That is half the price of an object with slots for all of them.
    is_plain = True
    """The request is complete and a kept HTTP/1.1 connection waits for content: what `respond` can be quick about."""
    is_head = False
    is_old = False
    keeps_alive = True
    _content: Content | None = None  # from the start message on
    _is_flush_due = False
    _is_noted = False  # in the access log
    _status = 0
    _trailers = b""
    _was_told = False  # the application knows that the client has gone: what it raises now follows from that

    def __init__(self, connection: HTTPProtocol, scope: dict[str, Any]) -> None:
        self.state = _DUE
        self._connection = connection
        self._scope = scope

    @property
    def is_delimited(self) -> bool:
        """Whether the client can tell an answer that was cut short from a complete one."""
        return self._content is not None and self._content.is_delimited

    # --- the lanes -------------------------------------------------------------------------------------------------

    def respond(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Send a whole response, as `http.response.start` and `http.response.body` would.

        `headers` as in a start message. Without a content-length among them, the server writes it before them. A
        tuple is encoded once and remembered. Does nothing if the client has gone. Does not wait: the next request
        of the connection begins when this response has left.

        Raises:
            RuntimeError: the response has started already, a header is invalid, or the content-length disagrees
                with the body. Nothing was written then.
        """
        connection = self._connection
        shared = connection.shared
        state = self.state
        if state is not _DUE:
            if state is _GONE:
                return
            raise RuntimeError("respond() after the response has started")
        # PERF (W1, W2, W3): one look into a dictionary, one join, one write.
        fields = shared.fields(headers)
        size = len(body)
        if self.is_plain and fields.is_plain and size < LARGE:
            if shared.state.default_headers is not shared.defaults:
                shared.renew(shared.state.default_headers)
            beginning = shared.whole_beginnings.get(status) or (
                shared.whole_beginning(status) if has_content(status) else None
            )
            if beginning is not None and (fields.length is None or fields.length == size):
                if fields.length is None:
                    whole = b"".join((beginning, b"%d" % size, fields.end, body))
                else:
                    whole = b"".join((shared.beginnings[status], fields.end, body))
                connection.transport.write(whole)
                self.state = ON_WHOLE[state]
                if shared.access is not None:
                    shared.access.note(self._scope, status)
                connection.answered()
                return
        self._respond_at_length(status, headers, fields, body)

    def _respond_at_length(self, status: int, headers: Sequence[Header], fields: Fields, body: bytes) -> None:
        is_content = has_content(status)
        if fields.length is None and not fields.is_chunked and is_content:
            headers = [(b"content-length", b"%d" % len(body)), *headers]
        elif fields.length is not None and fields.length != len(body) and is_content and not self.is_head:
            raise length_error(len(body), fields.length)
        self._add(self._open(status, headers, has_trailers=False), body, more=False)

    def write(self, body: bytes) -> Awaitable[None] | None:
        """Send a piece of the content, as `http.response.body` with more to come would.

        Gives something to wait for before the next piece, if the client is slow.

        Raises:
            ClientDisconnected: the client has gone.
            RuntimeError: no content is due, or the piece disagrees with the content-length.
        """
        # PERF (W9): no message, no coroutine.
        content = self._content
        if self.state is not _STARTED or content is None:
            self._refuse_piece()
        else:
            self._add(content, body, more=True)
        connection = self._connection
        return connection.drained() if connection.is_write_paused else None

    def _refuse_piece(self) -> None:
        if self.state is _GONE:
            self._was_told = True
            raise ClientDisconnected("The client has gone")
        raise RuntimeError(_unexpected("http.response.body", self.state))

    # --- ASGI ------------------------------------------------------------------------------------------------------

    async def __call__(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            ClientDisconnected: the client has gone, and the message says that more content is to come. The last
                message of an answer is dropped silently: there is nothing left that the application could spare.
            RuntimeError: the message is not due, or invalid.
        """
        connection = self._connection
        kind = message["type"]
        if connection.is_write_paused and self.state is not _COMPLETE:
            await connection.drained()
        state = self.state
        content = self._content
        if state is _STARTED and content is not None and kind == "http.response.body":
            self._add(content, message.get("body", b""), message.get("more_body", False))
        elif state is _GONE:
            if message.get("more_body", False):
                self._refuse_piece()
        elif state is _DUE and kind == "http.response.start":
            self._open(message["status"], message.get("headers", ()), message.get("trailers", False))
            if connection.stepping is not self:
                self._flush_soon()
        elif state is _TRAILERS and content is not None and kind == "http.response.trailers":
            self._add_trailers(content, message.get("headers", ()), message.get("more_trailers", False))
        elif state is _DUE and kind == "http.response.early_hint":
            self._write_early_hint(message.get("links", ()))
        else:
            raise RuntimeError(_unexpected(kind, state))

    # --- the steps -------------------------------------------------------------------------------------------------

    def _open(self, status: int, headers: Iterable[Header], has_trailers: bool) -> Content:
        """The head of the answer, and with it the decision how its content ends (RFC 9112, section 6.3)."""
        connection = self._connection
        shared = connection.shared
        fields = shared.fields(headers)
        is_content = has_content(status)
        if (self.is_old and fields.is_chunked) or not (is_content or status == 304):
            fields = encode_fields(without_framing(headers))
        lines = [shared.beginning(status), fields.lines]
        self.state = ON_START[self.state]
        discards = self.is_head or not is_content
        is_chunked = not (discards or self.is_old) and fields.length is None
        has_end = discards or is_chunked or fields.length is not None
        keeps_alive = self.keeps_alive and status >= 200 and has_end and connection.may_go_on()
        if not (keeps_alive or fields.closes):
            lines.append(b"connection: close\r\n")
        if is_chunked and not fields.is_chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        self.keeps_alive = keeps_alive and not fields.closes
        self._status = status
        self._content = content = Content(
            connection.transport,
            lines,
            missing=None if discards else fields.length,
            is_chunked=is_chunked,
            discards=discards,
            has_trailers=has_trailers,
        )
        return content

    def _add(self, content: Content, body: bytes, more: bool) -> None:
        """A piece of the content, and the end of the answer if it is the last."""
        content.add(body, more)
        if more:
            if content.size >= LARGE:
                self.flush()
            elif not self._is_flush_due and self._connection.stepping is not self:
                self._flush_soon()
            return
        self.flush()
        if content.has_trailers:
            self.state = ON_CONTENT_END_WITH_TRAILERS[self.state]
        else:
            self.state = ON_CONTENT_END[self.state]
            self._connection.answered()

    def _add_trailers(self, content: Content, headers: Iterable[Header], more: bool) -> None:
        self._trailers += encode_fields(headers).lines
        if not more:
            content.add_trailers(self._trailers)
            self.flush()
            self.state = ON_TRAILERS[self.state]
            self._connection.answered()

    def _write_early_hint(self, links: Iterable[bytes]) -> None:
        """An interim response (RFC 8297); a client of HTTP/1.0 must not see one (RFC 9110, section 15.2)."""
        fields = encode_fields([(b"link", link) for link in links])
        if not self.is_old:
            self._connection.transport.write(b"HTTP/1.1 103 Early Hints\r\n%b\r\n" % fields.lines)

    def _flush_soon(self) -> None:
        """Write what is pending at the end of this step; of the first one, the connection knows the end."""
        self._is_flush_due = True
        self._connection.loop.call_later(0, self.flush)

    def flush(self) -> None:
        """Write what is pending."""
        self._is_flush_due = False
        if self._content is not None and self.state is not _GONE:
            self._content.flush()
            access = self._connection.shared.access
            if access is not None and not self._is_noted:
                self._is_noted = True
                access.note(self._scope, self._status)

    def lose(self) -> None:
        """There is nobody to answer any more."""
        self.state = ON_GONE[self.state]

    # --- the end of the application --------------------------------------------------------------------------------

    def finish(self, result: object) -> None:
        """The application has returned."""
        error = self._connection.shared.logger.error
        if result is not None:
            error("ASGI callable should return None, but returned '%s'.", result)
        elif self.state is _DUE:
            error("ASGI callable returned without starting response.")
        elif self.state is _STARTED or self.state is _TRAILERS:
            error("ASGI callable returned without completing response.")
        self._end()

    def fail(self, exc: BaseException) -> None:
        """The application has raised: 500 if nothing was sent, else an answer that visibly has no end."""
        logger = self._connection.shared.logger
        if self.state is _GONE and (self._was_told or is_disconnect(exc)):
            logger.debug("The client has gone: %r", exc)
        else:
            logger.error("Exception in ASGI application\n", exc_info=exc)
        self._end()
        if isinstance(exc, asyncio.CancelledError):
            self._connection.leave_at_once()

    def _end(self) -> None:
        """Whatever of the answer is missing will not come: 500 if nothing was sent."""
        content = self._content
        if content is not None and self.state is _STARTED and content.is_empty and not content.has_left:
            self.state = ON_RETRACT[self.state]
        if self.state is _DUE:
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            self.respond(500, headers, b"Internal Server Error")
        elif self.state is not _COMPLETE and self.state is not _GONE:
            self.flush()  # what was produced before the failure is good
            self._connection.give_up(self)


def _unexpected(kind: str, state: Answer) -> str:
    if state is _COMPLETE:
        return f"Unexpected ASGI message '{kind}' sent, after response already completed."
    due = {
        _DUE: "http.response.start",
        _STARTED: "http.response.body",
        _TRAILERS: "http.response.trailers",
    }
    return f"Expected ASGI message '{due[state]}', but got '{kind}'."


def is_disconnect(exc: BaseException) -> bool:
    """Whether an exception only says that the client has gone: ours, one raised because of it, or a framework's own.

    Frameworks have no common class for it, but a common name: `ClientDisconnect`, `ClientDisconnected`.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [exc]
    while pending:
        found = pending.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        if any(kind.__name__ in ("ClientDisconnect", "ClientDisconnected") for kind in type(found).__mro__):
            return True
        pending += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            pending += found.exceptions
    return False


async def run(app: Any, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One request: the application, and what is to be done if it does not do its part."""
    try:
        result = await app(scope, receive, send)
    except BaseException as exc:
        send.fail(exc)
    else:
        # PERF (W1): nothing more to do is nearly always the case.
        if result is not None or send.state is not _COMPLETE:
            send.finish(result)
