"""A strict reader of requests, written from RFC 9112 and RFC 9110: the judge of what an application may see.

It reads a stream as a whole and is slow and plain. The server is right about a stream if it sees the requests that are
read here, no more and no others, and refuses where this refuses. That is all there is to request smuggling: two readers
that disagree about where a request ends.

Where the RFCs let a recipient choose between repairing and rejecting, it rejects, as docs/http.md announces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"(%s) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])" % TOKEN)
FIELD_LINE = re.compile(rb"(%s):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*" % TOKEN)
QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
CHUNK_LINE = re.compile(
    # Section 7.1.1 has a recipient skip whitespace around ";" and "=", which no sender may write; llhttp refuses it.
    rb"([0-9A-Fa-f]{1,16})((?:;%s(?:=(?:%s|%s))?)*)" % (TOKEN, TOKEN, QUOTED)
)
HOST = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[!$&'()*+,;=:\-._~0-9A-Za-z]+\]"
    rb"|(?:[!$&'()*+,;=\-._~0-9A-Za-z]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?"
)
"""RFC 3986, section 3.2.2, without a user name, and not empty (RFC 9110, sections 4.2.1 and 4.2.4)."""
ABSOLUTE = re.compile(rb"https?://([^/?#]+)([/?][^#]*)?", re.IGNORECASE)

METHODS = re.compile(
    "GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|QUERY|ACL|BIND|CHECKOUT|COPY|LINK|LOCK|M-SEARCH|MERGE"
    "|MKACTIVITY|MKCALENDAR|MKCOL|MOVE|NOTIFY|PROPFIND|PROPPATCH|PURGE|REBIND|REPORT|SEARCH|SOURCE|SUBSCRIBE|UNBIND"
    "|UNLINK|UNLOCK|UNSUBSCRIBE"
)
"""The methods that llhttp knows: the registered ones of HTTP and WebDAV, and a few others."""

MAX_HEAD = 64 * 1024  # bytes
MAX_FIELDS = 100
MAX_TARGET = 16 * 1024  # bytes


class RefusedError(Exception):
    """This must not be answered as a request; the message says why, with the section."""


class IncompleteError(Exception):
    """The stream ends before this does; its argument is what there is of the body."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """The requests of a stream, and how it ends."""

    requests: tuple[Request, ...]
    begun: Request | None = None  # a request whose body does not end, with what there is of it
    refusal: str | None = None  # why what follows is refused; None if there is nothing to refuse
    is_cut: bool = False  # the stream ends inside a head


def read_requests(data: bytes) -> Reading:
    """Read all requests up to the first refusal, the first that closes the connection, or the end."""
    requests: list[Request] = []
    position = 0
    while True:
        # Section 2.2: empty lines before a request line are ignored.
        while data.startswith(b"\r\n", position):
            position += 2
        if position >= len(data):
            return Reading(tuple(requests))
        end = data.find(b"\r\n\r\n", position)
        if end < 0 and len(data) - position <= MAX_HEAD:
            return Reading(tuple(requests), is_cut=True)
        try:
            head = read_head(data[position : end if end >= 0 else len(data)])
        except RefusedError as refusal:
            return Reading(tuple(requests), refusal=str(refusal))
        try:
            body, position = head.framing.read(data, end + 4)
        except RefusedError as refusal:
            return Reading(tuple(requests), begun=head.request(b""), refusal=str(refusal))
        except IncompleteError as cut:
            return Reading(tuple(requests), begun=head.request(cut.args[0]))
        requests.append(head.request(body))
        if head.is_last:
            return Reading(tuple(requests))


# --- the head -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """A head that is not refused."""

    method: str
    target: bytes
    version: int
    headers: tuple[tuple[bytes, bytes], ...]
    framing: Framing

    def request(self, body: bytes) -> Request:
        return Request(self.method, self.target, self.headers, body)

    @property
    def is_last(self) -> bool:
        """Whether the connection ends after this request (RFC 9112, section 9.3).

        A server may keep a connection of HTTP/1.0 that asks for it; this one does not.
        """
        return self.version == 0 or b"close" in _tokens(self.headers, b"connection")


def read_head(head: bytes) -> Head:
    """A head without the empty line that ends it. Raises `RefusedError`."""
    if len(head) + 4 > MAX_HEAD:
        raise RefusedError("RFC 6585, section 5: the head is too large")
    line, *lines = head.split(b"\r\n")
    method, target, version = _read_request_line(line)
    if len(lines) > MAX_FIELDS:
        raise RefusedError("RFC 6585, section 5: too many fields")
    headers = tuple(_read_field(line) for line in lines)
    _check_host(headers, version)
    return Head(method, _read_target(method, target), version, headers, _choose_framing(headers, version))


def _read_request_line(line: bytes) -> tuple[str, bytes, int]:
    match = REQUEST_LINE.fullmatch(line)
    if match is None:
        raise RefusedError("RFC 9112, section 3: not a request line")
    method, target, major, minor = match.groups()
    if len(target) > MAX_TARGET:
        raise RefusedError("RFC 9110, section 15.5.15: the target is too long")
    if (major, minor) not in ((b"1", b"0"), (b"1", b"1")):
        raise RefusedError("RFC 9112, section 2.3: this version is not spoken here")
    if METHODS.fullmatch(method.decode("ascii")) is None:
        raise RefusedError("RFC 9110, section 9.1: a method that nobody has registered")
    return method.decode("ascii"), target, int(minor)


def _read_target(method: str, target: bytes) -> bytes:
    """Path and query of a target (RFC 9112, section 3.2)."""
    if method == "CONNECT":
        raise RefusedError("RFC 9110, section 9.3.6: an origin server has no tunnels")
    if b"#" in target:
        raise RefusedError("RFC 9112, section 3.2: a target has no fragment")
    if target.startswith(b"/") or (target == b"*" and method == "OPTIONS"):
        return target
    absolute = ABSOLUTE.fullmatch(target)
    if absolute is None or HOST.fullmatch(absolute[1]) is None:
        raise RefusedError("RFC 9112, section 3.2: none of the four forms of a target")
    path = absolute[2] or b"/"
    return path if path.startswith(b"/") else b"/" + path


def _read_field(line: bytes) -> tuple[bytes, bytes]:
    match = FIELD_LINE.fullmatch(line)
    if match is None:
        raise RefusedError("RFC 9112, section 5: not a field line")
    name, value = match[1].lower(), match[2]
    if name == b"transfer-encoding" and b"\t" in line[len(line.rstrip(b" \t")) :]:
        raise RefusedError("llhttp takes no tab after a coding, which section 5.1 would have it skip")
    return name, value


def _values(headers: tuple[tuple[bytes, bytes], ...], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _tokens(headers: tuple[tuple[bytes, bytes], ...], name: bytes) -> set[bytes]:
    return {token.strip(b" \t").lower() for value in _values(headers, name) for token in value.split(b",")}


def _check_host(headers: tuple[tuple[bytes, bytes], ...], version: int) -> None:
    hosts = _values(headers, b"host")
    if len(hosts) > 1 or (not hosts and version == 1):
        raise RefusedError("RFC 9112, section 3.2: one Host field, no more and no less")
    if hosts and HOST.fullmatch(hosts[0]) is None:
        raise RefusedError("RFC 9112, section 3.2: Host is not a host and a port")


# --- the body -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Framing:
    """How the body ends: after `length` bytes, or with the last chunk if that is None."""

    length: int | None

    def read(self, data: bytes, position: int) -> tuple[bytes, int]:
        """The body, and where the next request begins."""
        if self.length is None:
            return read_chunks(data, position)
        end = position + self.length
        if end > len(data):
            raise IncompleteError(data[position:])
        return data[position:end], end


def _choose_framing(headers: tuple[tuple[bytes, bytes], ...], version: int) -> Framing:
    """RFC 9112, section 6.3, with every choice between repairing and refusing taken for refusing."""
    lengths, codings = _values(headers, b"content-length"), _values(headers, b"transfer-encoding")
    if codings:
        if version == 0:
            raise RefusedError("RFC 9112, section 6.1: Transfer-Encoding in HTTP/1.0")
        if lengths:
            raise RefusedError("RFC 9112, section 6.3: both Transfer-Encoding and Content-Length")
        if [coding.lower() for coding in codings] != [b"chunked"]:
            raise RefusedError("RFC 9112, section 6.1: a transfer coding other than chunked")
        return Framing(None)
    if len(lengths) > 1 or (lengths and not re.fullmatch(rb"[0-9]{1,18}", lengths[0])):
        raise RefusedError("RFC 9110, section 8.6: not a length")
    return Framing(int(lengths[0]) if lengths else 0)


def read_chunks(data: bytes, position: int) -> tuple[bytes, int]:
    """A body in chunks from `position` on, and where it ends (RFC 9112, section 7.1).

    Raises `RefusedError`, or `IncompleteError` with what there is.
    """
    body = b""
    while True:
        end = data.find(b"\r\n", position)
        line = CHUNK_LINE.fullmatch(data[position : end if end >= 0 else len(data)])
        if end < 0:
            raise IncompleteError(body)
        if line is None:
            raise RefusedError("RFC 9112, section 7.1: not a chunk size")
        size, position = int(line[1], 16), end + 2
        if size == 0:
            return body, _skip_trailers(data, position, body)
        chunk, after = data[position : position + size], data[position + size : position + size + 2]
        body += chunk
        if not b"\r\n".startswith(after):
            raise RefusedError("RFC 9112, section 7.1: no line break after a chunk")
        if len(after) < 2:
            raise IncompleteError(body)
        position += size + 2


def _skip_trailers(data: bytes, position: int, body: bytes) -> int:
    """RFC 9112, section 7.1.2: read, and not merged into the headers. None may frame (RFC 9110, section 6.5.1)."""
    while not data.startswith(b"\r\n", position):
        end = data.find(b"\r\n", position)
        if end < 0:
            raise IncompleteError(body)
        name, _ = _read_field(data[position:end])
        if name in (b"content-length", b"transfer-encoding"):
            raise RefusedError("RFC 9110, section 6.5.1: a trailer that frames")
        position = end + 2
    return position + 2
