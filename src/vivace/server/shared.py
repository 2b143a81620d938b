"""What the connections of one server share: its settings, the heads of its answers, its clock and its log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from .access import AccessLog
from .fields import Fields, Header, encode_fields, status_line
from .limits import Limits
from .sweep import Sweep

__all__ = ["Shared", "shared_by"]

MAX_REMEMBERED = 512
"""Header tuples whose encoding is kept. Programs have a few per endpoint; beyond that nothing more is remembered."""


class Shared:
    """Made for the first connection of a server."""

    def __init__(
        self, config: Config, state: ServerState, limits: Limits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.limits = limits
        self.is_ending = False
        self.state = state
        keep_alive = limits.keep_alive_timeout
        self.keep_alive_timeout = float(config.timeout_keep_alive if keep_alive is None else keep_alive)
        self.logger = logging.getLogger("uvicorn.error")
        access_logger = logging.getLogger("uvicorn.access")
        self.access = AccessLog(access_logger, loop) if access_logger.hasHandlers() else None
        waits = (limits.head_timeout, limits.body_timeout, self.keep_alive_timeout, limits.linger_timeout)
        self.sweep = Sweep(loop, min(1.0, *(max(wait / 4, 0.05) for wait in waits if wait)))
        self.remembered: dict[Sequence[Header], Fields] = {}
        self.defaults: list[Header] | None = None
        self.beginnings: dict[int, bytes] = {}
        self.whole_beginnings: dict[int, bytes] = {}

    # --- the heads of answers --------------------------------------------------------------------------------------

    def renew(self, defaults: list[Header]) -> None:
        """uvicorn has set new default headers, which it does once a second, for `date`."""
        self.defaults = defaults
        self.beginnings.clear()
        self.whole_beginnings.clear()

    def beginning(self, status: int) -> bytes:
        """Status line and default headers."""
        if self.state.default_headers is not self.defaults:
            self.renew(self.state.default_headers)
        found = self.beginnings.get(status)
        if found is None:
            found = status_line(status) + encode_fields(self.defaults or ()).lines
            self.beginnings[status] = found
        return found

    def whole_beginning(self, status: int) -> bytes:
        """Status line, default headers and the name of Content-Length: what a whole response begins with."""
        found = self.whole_beginnings[status] = self.beginning(status) + b"content-length: "
        return found

    def fields(self, headers: Iterable[Header]) -> Fields:
        """The headers, encoded. A tuple cannot change any more: it is encoded once."""
        if type(headers) is not tuple:
            return encode_fields(headers)
        found = self.remembered.get(headers)
        if found is None:
            found = encode_fields(headers)
            if len(self.remembered) < MAX_REMEMBERED:
                self.remembered[headers] = found
        return found


def shared_by(
    config: Config, state: ServerState, limits: Limits | None, loop: asyncio.AbstractEventLoop
) -> Shared:
    """The object of this server; made on the first call."""
    # Kept on the server's own state, so that it lives exactly as long.
    attributes: dict[str, Any] = vars(state)
    found = attributes.get("vivace_shared")
    if not isinstance(found, Shared):
        found = attributes["vivace_shared"] = Shared(config, state, limits or Limits.from_environment(), loop)
    return found
