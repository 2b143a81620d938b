"""A request and an answer, as data: what is sent, and what can be compared.

Rule: imports nothing of the harness. A process that measures its own memory imports this, and little else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `target` is path and query as sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """Names of headers are in lower case; their order among different names means nothing (RFC 9110, 5.3)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without parameters: `application/json`."""
        return dict(self.headers).get("content-type", "").partition(";")[0].strip().lower()

    @property
    def content(self) -> object:
        """The value of a JSON body; of another, the body."""
        return json.loads(self.body) if self.media_type == "application/json" else self.body


def make_answer(status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    named = [(name.lower(), value) for name, value in headers]
    kept = sorted((pair for pair in named if pair[0] != "date"), key=lambda pair: pair[0])
    return Answer(status, tuple(kept), body)
