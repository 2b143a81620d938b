"""The content of one answer: how its end is marked, and what of it is still to be written.

What an application sends in one step of its task is gathered and leaves in one write: one packet, one TLS record. Only
large pieces are written by themselves, since copying them would cost more than a write.
"""

from __future__ import annotations

import asyncio

__all__ = ["LARGE", "Content", "length_error"]

LARGE = 32 * 1024
"""Bytes of content from which on it is written by itself, and that are gathered at most."""


class Content:
    """What follows a head, and the head itself until it is written.

    `missing` is what Content-Length has announced and was not sent yet, in bytes; None if there is no such header. An
    answer that `discards` its content has none: to HEAD, or with status 204.
    """

    __slots__ = (
        "_pending",
        "_write",
        "discards",
        "has_left",
        "has_trailers",
        "is_chunked",
        "is_empty",
        "missing",
        "size",
    )

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        head: list[bytes],
        *,
        missing: int | None,
        is_chunked: bool,
        discards: bool,
        has_trailers: bool,
    ) -> None:
        self._write = transport.write
        self._pending = head
        self.size = 0
        """Bytes of content that are pending."""
        self.missing = missing
        self.is_chunked = is_chunked
        self.discards = discards
        self.has_trailers = has_trailers
        self.is_empty = True
        self.has_left = False
        """The head is on its way: there can be no other answer any more."""

    @property
    def is_delimited(self) -> bool:
        """Whether the client can tell an answer that was cut short from a complete one."""
        return self.is_chunked or self.missing is not None

    def add(self, body: bytes, more: bool) -> None:
        """A piece of the content; the last one unless there is `more`.

        Raises:
            RuntimeError: it disagrees with Content-Length. Nothing of it is written then.
        """
        if type(body) is not bytes:
            body = _frozen(body)
        size = 0 if self.discards else len(body)
        if self.missing is not None:
            if size > self.missing or not (more or size == self.missing):
                raise length_error(size, self.missing)
            self.missing -= size
        if size:
            self.is_empty = False
            if size >= LARGE:
                self._write_large(body, size)
            else:
                self.size += size
                if self.is_chunked:
                    self._pending += (b"%x\r\n" % size, body, b"\r\n")
                else:
                    self._pending.append(body)
        if not more and self.is_chunked and not self.has_trailers:
            self._pending.append(b"0\r\n\r\n")

    def _write_large(self, body: bytes, size: int) -> None:
        # PERF (W9, W11): not copied. uvloop writes it together with what is around it.
        if self.is_chunked:
            self._pending.append(b"%x\r\n" % size)
        self.flush()
        self._write(body)
        if self.is_chunked:
            self._pending.append(b"\r\n")

    def add_trailers(self, lines: bytes) -> None:
        """The trailer section, and with it the end (RFC 9112, section 7.1.2).

        Without chunks there is no place for it, and whoever announced it may not know: it is dropped then
        (RFC 9110, section 6.5.1).
        """
        if self.is_chunked:
            self._pending.append(b"0\r\n%b\r\n" % lines)

    def flush(self) -> None:
        """Write what is pending, if anything is."""
        if self._pending:
            self._write(b"".join(self._pending))
            self._pending = []
            self.size = 0
            self.has_left = True


def length_error(size: int, announced: int) -> RuntimeError:
    """For content that is not as long as Content-Length says."""
    relation = "longer" if size > announced else "shorter"
    return RuntimeError(f"Response content {relation} than Content-Length")


def _frozen(body: object) -> bytes:
    """A copy of a buffer: what is pending must not change any more."""
    if not isinstance(body, bytearray | memoryview):
        raise TypeError(f"The body of a message must be bytes, not {type(body).__name__}")
    return bytes(body)
