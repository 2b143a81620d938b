"""Clients that say exactly what they are told to, byte for byte, and leave in the ways in which clients leave."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from reliability.answers import Answer, MalformedAnswerError, read_answers

Address = tuple[str, int]
LIMIT = 10.0  # seconds for an answer


def exchange(
    address: Address, data: bytes, methods: Sequence[str] = ("GET",), *, limit: float = LIMIT
) -> list[Answer]:
    """Send `data`, and read as many answers as there are `methods`, or what comes before the server closes.

    (answer,) = exchange(served.address, b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")

    Raises:
        MalformedAnswerError: what came is not that.
        TimeoutError: an answer is missing, and the connection still open.
    """
    with connected(address, limit) as client:
        client.sendall(data)
        return receive_answers(client, methods, limit=limit)


@contextmanager
def connected(address: Address, limit: float = LIMIT) -> Iterator[socket.socket]:
    with socket.create_connection(address, limit) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client


def receive_answers(
    client: socket.socket, methods: Sequence[str] = ("GET",), *, limit: float = LIMIT
) -> list[Answer]:
    """Read from a connection until there is an answer to each method, or the server closes."""
    client.settimeout(limit)
    data = b""
    while True:
        try:
            answers = read_answers(data, methods, closed=False)
            if len(answers) >= len(methods):
                return answers
        except MalformedAnswerError:
            pass  # perhaps only not all of it; the end will tell
        piece = client.recv(65536)
        data += piece
        if not piece:
            return read_answers(data, methods, closed=True)


def receive_all(client: socket.socket, *, limit: float = LIMIT) -> bytes:
    """Everything until the server closes."""
    client.settimeout(limit)
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def reset(client: socket.socket) -> None:
    """Leave with a reset (RST) instead of an orderly end (FIN)."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def request(target: str = "/", method: str = "GET", body: bytes | None = None, **fields: str) -> bytes:
    """A well-formed request; underscores in names of fields stand for hyphens: `request("/", content_type="a/b")`."""
    lines = [f"{method} {target} HTTP/1.1", "Host: a.example"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def eventually(condition: Callable[[], bool], limit: float = LIMIT) -> bool:
    """Whether the condition comes true within the limit, in seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
