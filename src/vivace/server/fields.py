"""From status and headers to the bytes of a response's head.

Every header that leaves is validated here, on the ordinary path and on the lane: a name is a token, a value holds no
control (RFC 9110, sections 5.1 and 5.5), so nothing an application passes on can end a line and begin another.
"""

from __future__ import annotations

import http
import re
from collections.abc import Iterable

__all__ = ["Fields", "Header", "encode_fields", "has_content", "status_line", "without_framing"]

Header = tuple[bytes, bytes]

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_FRAMING = (b"content-length", b"transfer-encoding")


class Fields:
    """The headers of one response: their lines, and what they say about its framing."""

    __slots__ = ("closes", "end", "is_chunked", "is_plain", "length", "lines")

    def __init__(self, lines: bytes, length: int | None, is_chunked: bool, closes: bool) -> None:
        self.lines = lines
        self.length = length
        self.is_chunked = is_chunked
        self.closes = closes
        self.is_plain = not (is_chunked or closes)
        """Nothing about them changes how a whole response is written."""
        self.end = b"%b\r\n" % lines if length is not None else b"\r\n%b\r\n" % lines
        """The end of a whole response's head: its lines, after the number of bytes unless they say it."""


def encode_fields(headers: Iterable[Header]) -> Fields:
    """The headers as lines, names in lower case.

    Raises:
        RuntimeError: a name or value that would not be one field; the message names it.
    """
    lines: list[bytes] = []
    length: int | None = None
    is_chunked = closes = False
    for given, value in headers:
        try:
            line = _lines.get((given, value))
        except TypeError:  # a bytearray
            line = None
        if line is None:
            name = _names.get(given) or _checked_name(given)
            if _CONTROL.search(value):
                raise RuntimeError(f"Invalid HTTP header value: {name!r} holds a control character")
            line = b"%b: %b\r\n" % (name, value)
            if name == b"content-length":
                if length is not None or not _LENGTH.fullmatch(value):
                    raise RuntimeError(f"Invalid or repeated content-length: {bytes(value)!r}")
                length = int(value)
            elif name == b"transfer-encoding":
                if value.lower() != b"chunked":
                    raise RuntimeError(
                        f"The server writes no transfer-encoding but chunked, not {bytes(value)!r}"
                    )
                is_chunked = True
            elif name == b"connection":
                closes = closes or b"close" in {option.strip() for option in value.lower().split(b",")}
            elif type(value) is bytes and len(line) <= _MAX_LINE:
                _remember(given, value, line)
        lines.append(line)
    if length is not None and is_chunked:
        # Frameworks add a length to every answer that they know whole; the coding that was asked for wins, and then
        # the length must not be sent (RFC 9112, section 6.2).
        length = None
        lines = [line for line in lines if not line.startswith(b"content-length:")]
    return Fields(b"".join(lines), length, is_chunked, closes)


# PERF (W9): a program uses few names, and a look into a dictionary costs a quarter of an expression. Bounded, since an
# application may make names up.
_names: dict[bytes, bytes] = {}
_MAX_NAMES = 1024


# PERF (W6, 401): and few fields. Whatever says nothing about framing is checked once. Values that differ from answer
# to answer (a request's ID, a cookie) come and go: when the memory is full, it begins anew, and each field is checked
# once more.
_lines: dict[Header, bytes] = {}
_MAX_LINES = 1024
_MAX_LINE = 512  # bytes


def _remember(name: bytes, value: bytes, line: bytes) -> None:
    if len(_lines) >= _MAX_LINES:
        _lines.clear()
    _lines[name, value] = line


def _checked_name(name: bytes) -> bytes:
    """The name in lower case."""
    if not _NAME.fullmatch(name):
        raise RuntimeError(f"Invalid HTTP header name: {name!r}")
    lower = name.lower()
    if len(_names) < _MAX_NAMES:
        _names[name] = lower
    return lower


def without_framing(headers: Iterable[Header]) -> list[Header]:
    """The headers of a response that must not announce any content (RFC 9110, section 8.6; RFC 9112, section 6.1)."""
    return [header for header in headers if header[0].lower() not in _FRAMING]


def has_content(status: int) -> bool:
    """Whether a response of that status has content at all (RFC 9110, sections 6.4.1, 15.2, 15.3.5, 15.4.5)."""
    return not (status < 200 or status == 204 or status == 304)


def status_line(status: int) -> bytes:
    """`status_line(200)` is `b"HTTP/1.1 200 OK\\r\\n"`.

    Raises:
        RuntimeError: it is no status code (RFC 9110, section 15).
    """
    if not 100 <= status <= 999:
        raise RuntimeError(f"Invalid HTTP status code: {status!r}")
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return b"HTTP/1.1 %d %b\r\n" % (status, phrase.encode("ascii"))
