"""A strict reader of what a server writes: the judge of responses, which shares no code with the server.

It follows RFC 9112 (message syntax, section 6.3 for the length of a body) as a client that forgives nothing: what a
lenient client would repair is a `MalformedAnswerError` here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)\r\n")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})\r\n")


class MalformedAnswerError(AssertionError):
    """The server wrote something that is not a response, or not one that fits the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]  # names in lower case
    body: bytes
    is_whole: bool = True  # False: the connection ended inside it
    interim: tuple[int, ...] = ()  # statuses of the 1xx responses before it

    def header(self, name: bytes) -> bytes | None:
        """The field of that lower-case name, values of several joined as RFC 9110 section 5.3 has it."""
        values = [value for key, value in self.headers if key == name]
        return b", ".join(values) if values else None

    @property
    def closes(self) -> bool:
        return b"close" in (self.header(b"connection") or b"").lower()


def read_answers(data: bytes, methods: Sequence[str] = (), *, closed: bool) -> list[Answer]:
    """All responses in `data`; `methods` are those of the requests that they answer, GET where there are fewer.

    `closed` says that the server has ended the connection: then the last response may be cut off (`is_whole` is False)
    or delimited by the end. Raises `MalformedAnswerError`.
    """
    answers: list[Answer] = []
    interim: tuple[int, ...] = ()
    position = 0
    while position < len(data):
        method = methods[len(answers)] if len(answers) < len(methods) else "GET"
        answer, position = _read_one(data, position, method, closed)
        if answer.status < 200:
            interim += (answer.status,)
            continue
        answers.append(Answer(answer.status, answer.headers, answer.body, answer.is_whole, interim))
        interim = ()
        if (answer.closes or not answer.is_whole) and position < len(data):
            raise MalformedAnswerError(f"data after the last response: {data[position : position + 80]!r}")
    return answers


def _read_one(data: bytes, position: int, method: str, closed: bool) -> tuple[Answer, int]:
    line = STATUS_LINE.match(data, position)
    if line is None:
        raise MalformedAnswerError(f"no status line: {data[position : position + 80]!r}")
    status = int(line[1])
    headers, position = _read_fields(data, line.end())
    head = Answer(status, headers, b"")
    length, encoding = head.header(b"content-length"), head.header(b"transfer-encoding")
    if length is not None and encoding is not None:
        raise MalformedAnswerError("both Content-Length and Transfer-Encoding")
    if length is not None and not re.fullmatch(rb"[0-9]+", length):
        raise MalformedAnswerError(f"Content-Length: {length!r}")
    if status < 200 or status == 204:
        if length not in (None, b"0") or encoding:
            # RFC 9110, section 8.6 forbids it; uvicorn's and many applications' own 204 carry "0" all the same.
            raise MalformedAnswerError(f"{status} with framing of a body")
        return head, position
    if method == "HEAD" or status == 304:
        return head, position
    if encoding is not None:
        if encoding.lower() != b"chunked":
            raise MalformedAnswerError(f"Transfer-Encoding: {encoding!r}")
        return _read_chunks(data, position, head, closed)
    if length is not None:
        end = position + int(length)
        if end > len(data) and not closed:
            raise MalformedAnswerError(f"{end - len(data)} bytes of the body are missing")
        return Answer(status, headers, data[position:end], end <= len(data)), min(end, len(data))
    if not (closed and head.closes):
        raise MalformedAnswerError("neither a length nor a closed connection delimits the body")
    return Answer(status, headers, data[position:]), len(data)


def _read_fields(data: bytes, position: int) -> tuple[tuple[tuple[bytes, bytes], ...], int]:
    fields = []
    while not data.startswith(b"\r\n", position):
        field = FIELD.match(data, position)
        if field is None:
            raise MalformedAnswerError(f"no field line: {data[position : position + 80]!r}")
        fields.append((field[1].lower(), field[2]))
        position = field.end()
    return tuple(fields), position + 2


def _read_chunks(data: bytes, position: int, head: Answer, closed: bool) -> tuple[Answer, int]:
    body = bytearray()
    while True:
        line = CHUNK_SIZE.match(data, position)
        size = int(line[1], 16) if line else 0
        end = line.end() + size if line else position
        if line is None or (size and data[end : end + 2] != b"\r\n"):
            rest = data[position:]
            if closed and (len(rest) < 18 or len(data) < end + 2):
                body += data[line.end() : end] if line else b""
                return Answer(head.status, head.headers, bytes(body), is_whole=False), len(data)
            raise MalformedAnswerError(f"no chunk: {rest[:80]!r}")
        if size == 0:
            _, position = _read_fields(data, line.end())
            return Answer(head.status, head.headers, bytes(body)), position
        body += data[line.end() : end]
        position = end + 2
