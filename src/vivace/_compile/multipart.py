"""Receive a multipart form (RFC 7578), with large files written in few and large portions.

Starlette's parser, on python-multipart, reads the form: headers, boundaries, limits and errors are its own. What it
does for a large file is to hand each piece to a worker thread, and to look at the next when that has come back. A
connection brings pieces of some ten to a hundred kilobytes; here they are collected, and a thread gets a portion of
them. A piece that can be nothing but the content of a file does not go through the parser at all.

The form is the one that Starlette's parser gives for the same bytes, however they are cut; a test compares them
(`tests/extract/test_multipart.py`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

from vivace._starlette import current_part
from vivace._threads import run_in_thread

__all__ = ["is_multipart", "read_multipart"]

PORTION = 1024 * 1024
"""Bytes of files that are collected before they are written. One file may keep as much in memory anyway."""

PIECE_OVERHEAD = 128
"""What a piece takes in memory besides its content, about: a form that comes byte by byte must not take megabytes."""

Piece = tuple[UploadFile, bytes | None]  # more of a file, or None: that was all of it


def is_multipart(request: Request) -> bool:
    """Whether the request says that its body is a multipart form."""
    media_type, _ = _content_type(request.headers)
    return media_type == b"multipart/form-data"


async def read_multipart(request: Request, **limits: Any) -> FormData:
    """The form of a request for which `is_multipart`. Limits are those of `Request.form`.

        form = await read_multipart(request, max_files=3)

    Raises:
        MultiPartException: the body is malformed, or over a limit.
        ClientDisconnect: there will be no more of it.
    """
    async with aclosing(request.stream()) as body:
        parser = _PortioningParser(request.headers, body, **limits)
        # Closed, the generator forgets the parser that it belongs to, and the files that are not written yet.
        async with aclosing(parser.stream):
            return await parser.parse()


def _content_type(headers: Headers) -> tuple[bytes, dict[bytes, bytes]]:
    # Here, because only who takes forms has to install it.
    from python_multipart.multipart import parse_options_header

    return parse_options_header(headers.get("Content-Type"))


class _PortioningParser(MultiPartParser):
    """Starlette's parser, except for how the content of files comes to where it is kept.

    It asks its stream for the body. The stream is a generator of its own, so whatever is to be done between two pieces
    is done there: writing, and passing pieces by.
    """

    def __init__(self, headers: Headers, body: AsyncGenerator[bytes, None], **limits: Any) -> None:
        super().__init__(headers, self._unparsed(body), **limits)
        _, options = _content_type(headers)
        self._delimiter = b"\r\n--" + options.get(b"boundary", b"")
        self._open_file: UploadFile | None = None  # the parser has stopped amid its content
        self._piece = b""  # what the parser has been given
        self._pieces: list[Piece] = []
        self._collected = 0

    # --- called by the parser ---------------------------------------------------------------------------------------

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        file = current_part(self).file
        if file is None:
            super().on_part_data(data, start, end)
            return
        self._add(file, data[start:end])
        # Up to the end of the piece: the parser holds nothing back that may be the beginning of a boundary.
        if data is self._piece and end == len(data):
            self._open_file = file

    def on_part_end(self) -> None:
        part = current_part(self)
        if part.file is None:
            super().on_part_end()
            return
        self._pieces.append((part.file, None))
        self.items.append((part.field_name, part.file))

    # --- between pieces ---------------------------------------------------------------------------------------------

    async def _unparsed(self, body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The body, less what need not be parsed."""
        async for piece in body:
            file = self._open_file
            if file is not None and self._is_content(piece):
                self._add(file, piece)
            else:
                self._open_file = None
                self._piece = piece
                yield piece
            if self._collected >= PORTION:
                await self._write()
        await self._write()

    def _is_content(self, piece: bytes) -> bool:
        """Whether no boundary is in a piece, nor the beginning of one at its end.

        PERF (W11): that is all that the parser would find out. The search for the boundary is the dearest thing that
        it does, and CPython is twice as fast at it from the end as from the beginning.
        """
        delimiter = self._delimiter
        # A boundary begins with the only CR in it.
        return piece.rfind(b"\r", -len(delimiter)) < 0 and piece.rfind(delimiter) < 0

    def _add(self, file: UploadFile, content: bytes) -> None:
        self._pieces.append((file, content))
        self._collected += len(content) + PIECE_OVERHEAD
        file.size = (file.size or 0) + len(content)

    async def _write(self) -> None:
        pieces, self._pieces, self._collected = self._pieces, [], 0
        # With a limit of 0 a `SpooledTemporaryFile` stays in memory, whatever its size.
        large = {file for file, _ in pieces if 0 < self.spool_max_size < (file.size or 0)}
        if large:
            # PERF (W11): four trips to a thread for 4 MB, where a trip for each piece makes twenty or more.
            await run_in_thread(_write_pieces, pieces, large)
        else:
            _write_pieces(pieces, large)


def _write_pieces(pieces: Iterable[Piece], large: Iterable[UploadFile]) -> None:
    # PERF (W11): what will be too large for memory is not put there first.
    for file in large:
        file.file.rollover()  # type: ignore[attr-defined]  # a SpooledTemporaryFile; UploadFile also takes others
    for file, content in pieces:
        if content is None:
            file.file.seek(0)
        else:
            file.file.write(content)
