"""The access log: uvicorn's logger, format and arguments, written after the answers have left."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

__all__ = ["AccessLog"]

_FORMAT = '%s - "%s %s HTTP/%s" %d'


class AccessLog:
    """Notes what was answered, and hands it to `uvicorn.access` once per turn of the event loop.

    PERF: a record costs as much as the whole request. Here it is made when the loop has written its answers, and
    without the search for the calling line, which is always the same.
    """

    def __init__(self, logger: logging.Logger, loop: asyncio.AbstractEventLoop) -> None:
        self._logger = logger
        self._loop = loop
        self._pending: list[tuple[Any, int]] = []

    def note(self, scope: Any, status: int) -> None:
        if not self._pending:
            self._loop.call_later(0, self.flush)
        self._pending.append((scope, status))

    def flush(self) -> None:
        pending, self._pending = self._pending, []
        logger = self._logger
        if not logger.isEnabledFor(logging.INFO):
            return
        for scope, status in pending:
            arguments = (
                get_client_addr(scope),
                scope["method"],
                get_path_with_query_string(scope),
                scope["http_version"],
                status,
            )
            logger.handle(logger.makeRecord(logger.name, logging.INFO, __file__, 0, _FORMAT, arguments, None))
