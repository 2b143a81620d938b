"""How much of a client's patience, and of this machine's memory, one connection may use.

Each limit is a field with its default, its unit and the environment variable that sets it. Nothing else in the room
holds a number of that kind.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

__all__ = ["Limits"]

KIB = 1024

_MAY_BE_ZERO = ("max_body_size", "max_unread_body", "linger_timeout", "shutdown_grace")


def _limit(default: float | None, unit: str, help: str) -> Any:
    return field(default=default, metadata={"unit": unit, "help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of every connection of a server.

    ```python
    from vivace.server import HTTPProtocol, Limits

    uvicorn.run(app, http=HTTPProtocol.with_limits(Limits(max_body_size=10_000_000)))
    ```

    Each can be set by an environment variable, `VIVACE_` and its name in capitals: `VIVACE_HEAD_TIMEOUT=10`; the
    word `none` (or nothing) sets None. `dataclasses.fields(Limits)` tells name, default, unit and meaning of each
    (`field.metadata["unit"]`, `["help"]`).

    Raises:
        ValueError: a limit is negative, or zero where that would refuse everything.
    """

    max_head_size: int = _limit(
        64 * KIB, "bytes", "Request line and header fields together; a longer head is answered with 431."
    )
    max_fields: int = _limit(100, "fields", "Header fields of one request; more are answered with 431.")
    max_target_size: int = _limit(
        16 * KIB, "bytes", "The request target (path and query); a longer one is answered with 414."
    )
    max_body_size: int | None = _limit(
        None,
        "bytes",
        "The body of one request; a longer one is answered with 413 before it is read. None: no limit of the server's;"
        " nothing is buffered beyond what the application has asked for.",
    )
    max_unread_body: int = _limit(
        256 * KIB,
        "bytes",
        "How much of a body that the application did not read is thrown away to keep the connection. Above it, the"
        " connection is closed.",
    )
    max_unsent_size: int | None = _limit(
        128 * KIB,
        "bytes",
        "How much of an answer the kernel takes beyond what the client is ready for. None: as much as it likes, which"
        " may be megabytes per connection.",
    )
    head_timeout: float = _limit(
        30.0,
        "seconds",
        "For the whole head of a request, from its first byte; then 408. Also for a silent client.",
    )
    body_timeout: float | None = _limit(
        60.0, "seconds", "Between two pieces of a body that the server waits for; then 408. None: for ever."
    )
    write_timeout: float | None = _limit(
        60.0,
        "seconds",
        "For a client that takes nothing of its answer; then the connection is cut. None: for ever.",
    )
    keep_alive_timeout: float | None = _limit(
        None,
        "seconds",
        "Between two requests of a connection. None: uvicorn's --timeout-keep-alive, 5 seconds.",
    )
    linger_timeout: float = _limit(
        2.0,
        "seconds",
        "How long a closed connection takes what is still under way, so that the client gets to read its answer.",
    )
    shutdown_grace: float = _limit(
        0.1,
        "seconds",
        "At shutdown, how long an idle connection is kept for a request that is under way already.",
    )

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            may_be_zero = limit.name in _MAY_BE_ZERO
            if value is not None and (value < 0 or not (value or may_be_zero)):
                least = "0 or more" if may_be_zero else "more than 0"
                raise ValueError(f"Limits.{limit.name} must be {least}, not {value!r}")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The defaults, with what the environment sets: `VIVACE_MAX_FIELDS=200`.

        Raises:
            ValueError: a variable holds no number; the message names it.
        """
        found: dict[str, Any] = {}
        for limit in fields(cls):
            name = environment_variable(limit.name)
            text = environment.get(name)
            if text is not None:
                found[limit.name] = _number(name, text, str(limit.type))
        return cls(**found)


def environment_variable(limit: str) -> str:
    """`"max_fields"` → `"VIVACE_MAX_FIELDS"`."""
    return f"VIVACE_{limit.upper()}"


def _number(name: str, text: str, annotation: str) -> float | None:
    if "None" in annotation and text.strip().lower() in ("", "none"):
        return None
    try:
        return float(text) if annotation.startswith("float") else int(text)
    except ValueError:
        kind = "a number" if annotation.startswith("float") else "a whole number"
        raise ValueError(f"{name} must be {kind}, not {text!r}") from None
