"""Where a request's body ends: by its length, or by its last chunk.

A body takes from the bytes of the connection what belongs to it and says where it stopped; what follows is the next
request. It keeps nothing: pieces go to whoever reads.
"""

from __future__ import annotations

from typing import Protocol

import httptools

from .refusals import BAD_CHUNK, LARGE_BODY, Refused

__all__ = ["Body", "ChunkedBody", "LengthBody"]

_EMPTY_LINE = b"\r\n\r\n"


class Body(Protocol):
    """A body that is arriving."""

    @property
    def complete(self) -> bool: ...

    def take(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        """Put what belongs to the body into the empty list `pieces`; return the position after it.

        Raises:
            Refused: the bytes are no body, or too long a one.
        """
        ...


class LengthBody:
    """A body whose Content-Length is known (RFC 9112, section 6.2)."""

    __slots__ = ("missing",)

    def __init__(self, length: int) -> None:
        self.missing = length

    @property
    def complete(self) -> bool:
        return not self.missing

    def take(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        available = len(data) - position
        if available < self.missing:
            # The whole of a read, as for most reads of an upload, is passed on without a copy.
            pieces.append(data[position:] if position else data)
            self.missing -= available
            return len(data)
        end = position + self.missing
        pieces.append(data[position:end])
        self.missing = 0
        return end


class ChunkedBody:
    """A body in chunks (RFC 9112, section 7.1). Chunk extensions and trailer fields are read and dropped.

    llhttp reads the chunks. It does not say where in its input a body ended, but a body can only end right after an
    empty line; so it is fed from one empty line to the next.
    """

    __slots__ = ("_chunks", "_limit", "_parser", "_received", "_tail", "_void")

    MAX_VOID = 64 * 1024
    """Bytes in a row that bring no content: chunk sizes, extensions, trailer fields."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._received = 0
        self._void = 0
        self._tail = b""  # the last bytes that were taken: an empty line may have begun in them
        self._chunks = _Chunks()
        self._parser = httptools.HttpRequestParser(self._chunks)
        self._parser.feed_data(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")

    @property
    def complete(self) -> bool:
        return self._chunks.complete

    def take(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        chunks = self._chunks
        chunks.pieces = pieces
        start = position
        try:
            end = self._straddling_end(data, position)
            while position < len(data) and not chunks.complete:
                if not end:
                    found = data.find(_EMPTY_LINE, position)
                    end = found + len(_EMPTY_LINE) if found >= 0 else len(data)
                self._parser.feed_data(data[position:end])
                position, end = end, 0
        except httptools.HttpParserError:
            raise Refused(BAD_CHUNK) from None
        self._tail = (self._tail + data[max(start, position - 3) : position])[-3:]
        self._count(sum(map(len, pieces)), position - start)
        return position

    def _straddling_end(self, data: bytes, position: int) -> int:
        """The end of an empty line that began in what was taken before, or 0."""
        found = (self._tail + data[position : position + 3]).find(_EMPTY_LINE)
        return 0 if found < 0 else position + found + len(_EMPTY_LINE) - len(self._tail)

    def _count(self, content: int, taken: int) -> None:
        self._received += content
        self._void = 0 if content else self._void + taken
        if self._void > self.MAX_VOID:
            raise Refused(BAD_CHUNK)
        if self._limit is not None and self._received > self._limit:
            raise Refused(LARGE_BODY)


class _Chunks:
    """What httptools calls back. An object of its own: with the body itself, the parser would make a circle."""

    __slots__ = ("complete", "pieces")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.complete = False

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.complete = True
