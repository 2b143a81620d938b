"""The few things that are said to the socket itself, past the transport."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

__all__ = ["keep_little_unsent", "reset_on_close"]

# Linux and macOS have it; elsewhere the system's own buffer decides.
_NOTSENT_LOWAT: Final[int | None] = getattr(socket, "TCP_NOTSENT_LOWAT", None)


def keep_little_unsent(transport: asyncio.BaseTransport, size: int) -> None:
    """Let the kernel take no more than about `size` bytes beyond what the client is ready for.

    Otherwise it takes megabytes for each connection. A few hundred clients that ask for much and read nothing then
    keep it busy for seconds, with finding memory for what it will never send; no flow control of ours would notice.
    """
    sock = _tcp_socket(transport)
    if sock is not None and _NOTSENT_LOWAT is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, size)


def reset_on_close(transport: asyncio.BaseTransport) -> None:
    """Let the connection end with a reset, which nobody can take for the regular end of an answer."""
    sock = _tcp_socket(transport)
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _tcp_socket(transport: asyncio.BaseTransport) -> socket.socket | None:
    sock: socket.socket | None = transport.get_extra_info("socket")
    return sock if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6) else None
