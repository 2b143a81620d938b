"""From the bytes of a request's head to what the server must know about it, or to a refusal.

httptools (llhttp) parses and is strict about syntax; the rules here are about meaning: one Host, one framing, a
version that we speak, a target that names something here. The head is complete when it comes in, so the verdict does
not depend on how the network cut it.

A head is a request line and a *block*: all that follows it. A client on a kept connection sends the same block again
and again, with another request line. So the two are kept apart, and a connection remembers its last block.
"""

from __future__ import annotations

import re
from typing import Final

import httptools

from .limits import Limits
from .refusals import (
    BAD_CODING,
    BAD_FIELD,
    BAD_HOST,
    BAD_LENGTH,
    BAD_REQUEST_LINE,
    BAD_TARGET,
    BAD_VERSION,
    BARE_LINE_END,
    LARGE_HEAD,
    LONG_TARGET,
    MANY_FIELDS,
    MANY_HOSTS,
    NO_HOST,
    NO_TUNNEL,
    OLD_CODING,
    TWO_FRAMINGS,
    UNKNOWN_METHOD,
    Refused,
)

__all__ = ["COMMON_LINE", "Block", "Head", "check_partial_head", "read_head"]

Headers = list[tuple[bytes, bytes]]

# Visible ASCII but "#": a target has no fragment (RFC 9112, section 3.2). Wider than RFC 3986, as every server is:
# browsers send "|", "{" and quotes as they are.
_CHARACTER = rb'[!"$-~]'

COMMON_LINE: Final = re.compile(
    rb'(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/[!"$->@-~]*)(?:\?([!"$-~]*))? HTTP/1\.1\r\n'
)
"""The request lines that need no parser: a common method, origin-form, HTTP/1.1. Groups: method, path, query."""

_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (" + _CHARACTER + rb"+) HTTP/([0-9])\.([0-9])\r\n")
_ORIGIN = re.compile(rb'(/[!"$->@-~]*)(?:\?(' + _CHARACTER + rb"*))?")

# RFC 3986, section 3.2.2, without user information: a name or IPv4 address, or an address in brackets; then a port.
_HOST = (
    rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+"
    rb"|\[(?:[0-9A-Fa-f:.]+|v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]"
)
_AUTHORITY = re.compile(rb"(?:" + _HOST + rb")(?::[0-9]*)?")
_ABSOLUTE = re.compile(
    rb'(?i:https?)://([^/?#]*)((?:/[!"$->@-~]*)?)(?:\?(' + _CHARACTER + rb"*))?",
)

_LENGTH = re.compile(rb"[0-9]{1,18}")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Block:
    """The fields of a head, judged: what follows from them for the connection."""

    __slots__ = (
        "chunked",
        "close",
        "expects_continue",
        "headers",
        "is_forwarded",
        "length",
        "raw",
        "upgrades",
        "websocket",
    )

    def __init__(self, raw: bytes, headers: Headers) -> None:
        self.raw = raw
        """From after the request line to the empty line, both line ends included."""
        self.headers = headers
        """Names in lower case, in the order in which they came. To be copied: applications edit their list."""
        self.length = 0
        """Of the body in bytes; of no meaning if it is chunked."""
        self.chunked = False
        self.close = False
        """`Connection: close`."""
        self.expects_continue = False
        self.is_forwarded = any(name.startswith(b"x-forwarded-") for name, _ in headers)
        """A proxy says whom it speaks for."""
        self.upgrades = False
        """`Connection: Upgrade`, with whatever `Upgrade`."""
        self.websocket = False
        """That, with `Upgrade: websocket`."""

    def is_memorable(self) -> bool:
        """Whether the same bytes may be taken for the same thing again."""
        return not (self.chunked or self.expects_continue or self.upgrades)


class Head:
    """A request as its head describes it."""

    __slots__ = ("authority", "block", "is_old", "method", "path", "query")

    def __init__(
        self, method: str, path: bytes, query: bytes, authority: bytes | None, is_old: bool, block: Block
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.authority = authority
        """Of a target in absolute-form: what counts instead of Host (RFC 9112, section 3.2.2)."""
        self.is_old = is_old
        """HTTP/1.0: never kept open, never chunked."""
        self.block = block


class _Fields:
    """What httptools calls back."""

    __slots__ = ("headers",)

    def __init__(self) -> None:
        self.headers: Headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        # llhttp leaves white space at the end of a value, which is no part of it (RFC 9112, section 5.1).
        self.headers.append((name.lower(), value.rstrip(b" \t")))


def read_head(raw: bytes, limits: Limits) -> Head:
    """The head that `raw` is: from the method to the empty line, both included.

    `read_head(b"GET /a?b HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", Limits())` has the path `b"/a"` and the query `b"b"`.

    Raises:
        Refused: it is not a request that this server answers.
    """
    line_end = raw.find(b"\r\n") + 2
    line = raw[:line_end]
    method, target, is_old = _check_request_line(line, limits)
    if len(raw) > limits.max_head_size:
        raise Refused(LARGE_HEAD)
    collected = _Fields()
    try:
        httptools.HttpRequestParser(collected).feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # whether we follow it is decided below
    except httptools.HttpParserInvalidMethodError:
        raise Refused(UNKNOWN_METHOD) from None
    except httptools.HttpParserInvalidURLError:
        raise Refused(BAD_TARGET) from None
    except httptools.HttpParserError:
        raise Refused(BAD_FIELD) from None
    if len(collected.headers) > limits.max_fields:
        raise Refused(MANY_FIELDS)
    block = _judge(Block(raw[line_end:], collected.headers), is_old)
    path, query, authority = _split_target(method, target)
    return Head(method.decode("ascii"), path, query, authority, is_old, block)


def _check_request_line(line: bytes, limits: Limits) -> tuple[bytes, bytes, bool]:
    """Method, target, and whether the version is 1.0.

    Raises:
        Refused: the line is malformed, or its target too long.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise Refused(LONG_TARGET if len(line) > limits.max_target_size + 64 else BAD_REQUEST_LINE)
    method, target, major, minor = match.groups()
    if major != b"1" or minor not in b"01":
        raise Refused(BAD_VERSION)
    if len(target) > limits.max_target_size:
        raise Refused(LONG_TARGET)
    return method, target, minor == b"0"


def check_partial_head(partial: bytes | bytearray, seen: int, limits: Limits) -> None:
    """Refuse early what no continuation could save. The first `seen` bytes were looked at before.

    Raises:
        Refused: as `read_head` would, or for a limit.
    """
    line_end = partial.find(b"\r\n") + 2
    if line_end > max(1, seen):
        _check_request_line(bytes(partial[:line_end]), limits)
    elif line_end == 1 and len(partial) > limits.max_target_size + 64:
        raise Refused(LONG_TARGET)
    if len(partial) > limits.max_head_size:
        raise Refused(LARGE_HEAD)
    new = partial[max(0, seen - 1) :]
    if seen and not new.startswith(b"\r"):
        new = new[1:]
    line_ends = new.count(b"\r\n")
    returns = new.count(b"\r") - new.endswith(b"\r")  # the last one may be half of a line end
    if returns != line_ends or new.count(b"\n") != line_ends or _CONTROL.search(new):
        raise Refused(BARE_LINE_END if line_end > 1 else BAD_REQUEST_LINE)


def _split_target(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Path, query, and the authority if the target brings one (RFC 9112, section 3.2)."""
    if method == b"CONNECT":
        raise Refused(NO_TUNNEL)
    if target == b"*" and method == b"OPTIONS":
        return target, b"", None
    match = _ORIGIN.fullmatch(target)
    if match is not None:
        return match[1], match[2] or b"", None
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise Refused(BAD_TARGET)
    if not _AUTHORITY.fullmatch(match[1]):
        raise Refused(BAD_HOST)
    return match[2] or b"/", match[3] or b"", match[1]


# --- what the fields mean -----------------------------------------------------------------------------------------


def _judge(block: Block, is_old: bool) -> Block:
    hosts = [value for name, value in block.headers if name == b"host"]
    if not hosts and not is_old:
        raise Refused(NO_HOST)
    if len(hosts) > 1:
        raise Refused(MANY_HOSTS)
    if hosts and not _AUTHORITY.fullmatch(hosts[0]):
        raise Refused(BAD_HOST)
    has_length = False
    upgrade = connection = b""
    for name, value in block.headers:
        if name == b"content-length":
            if has_length or not _LENGTH.fullmatch(value):
                raise Refused(BAD_LENGTH)
            has_length = True
            block.length = int(value)
        elif name == b"transfer-encoding":
            if is_old:
                raise Refused(OLD_CODING)
            if block.chunked or value.lower() != b"chunked":
                raise Refused(BAD_CODING)
            block.chunked = True
        elif name == b"connection":
            connection += b"," + value.lower()
        elif name == b"upgrade":
            upgrade = value.lower()
        elif name == b"expect":
            block.expects_continue = not is_old and value.lower() == b"100-continue"
    if has_length and block.chunked:
        raise Refused(TWO_FRAMINGS)
    options = {option.strip() for option in connection.split(b",")}
    block.close = is_old or b"close" in options
    block.upgrades = bool(upgrade) and b"upgrade" in options and not is_old
    block.websocket = block.upgrades and upgrade == b"websocket" and not (block.chunked or block.length)
    return block
