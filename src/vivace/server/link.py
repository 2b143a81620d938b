"""A connection without HTTP: flow control in both directions, and its ends.

The transport tells when the client takes nothing (`pause_writing`), and is told when it should bring nothing
(`pause_reading`). What is asked and answered over the connection is the business of `protocol`.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.utils import is_ssl

from .sockets import reset_on_close
from .sweep import UNSET

__all__ = ["Link"]


class Link(asyncio.Protocol):
    """One side of a connection; the base of the protocol class."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.is_write_paused = False
        self.deadline = UNSET
        """For the sweep: `UNSET` after every change of situation."""
        self._is_read_paused = False
        self._is_drained: asyncio.Event | None = None
        self._is_tls = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # of a stream: asyncio's signature is wider
        self._is_tls = is_ssl(self.transport)

    # --- flow control ----------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        self.is_write_paused = True
        self.deadline = UNSET

    def resume_writing(self) -> None:
        self.is_write_paused = False
        self.deadline = UNSET
        if self._is_drained is not None:
            self._is_drained.set()

    async def drained(self) -> None:
        """Wait until the client has taken enough of what was written, or has gone."""
        if self._is_drained is None:
            self._is_drained = asyncio.Event()
        self._is_drained.clear()
        await self._is_drained.wait()

    def pause_reading(self) -> None:
        if not self._is_read_paused:
            self._is_read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self._is_read_paused:
            self._is_read_paused = False
            self.deadline = UNSET
            if not self.transport.is_closing():
                self.transport.resume_reading()

    # --- ends ------------------------------------------------------------------------------------------------------

    def close(self, lingers: bool) -> None:
        """End when all is written.

        A client that may still be sending is given the time to see the end: its bytes are to be dropped until then.
        Closing at once would reset the connection, and with it take away the answer (RFC 9112, section 9.6).
        """
        self.deadline = UNSET
        if self.transport.is_closing():
            return
        if lingers and self._can_write_eof():
            self.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()

    def _can_write_eof(self) -> bool:
        # TLS cannot be half-closed. The object is asked: transports of tests and of other libraries may not know how.
        return not self._is_tls and hasattr(self.transport, "write_eof") and self.transport.can_write_eof()

    def reset(self) -> None:
        """End at once, in a way that nobody can take for the regular end of an answer."""
        reset_on_close(self.transport)
        self.transport.abort()
