"""What can happen on a connection, as data: two small machines, one for each direction.

`Reading` says what the bytes that the client sends now *are*; `Answer` how far the answer to the current request is.
Every change of either goes through a table below: `self.reading = ON_HEAD[self.reading]`. An event that a state does
not know is a mistake of ours, and raises KeyError where it happens.

A request and its answer overlap freely: an application may answer before it has read the body, and read after it has
begun to answer. They meet in one place: the next request of a connection begins when the last is read (or thrown away)
*and* answered, so answers leave in the order of the requests (RFC 9112, section 9.3.2).

```
          ┌──────────────────────── ON_NEXT ────────────────────────┐
          ▼                                                         │
        HEAD ── ON_HEAD_WITH_BODY ──▶ BODY ── ON_BODY_END ──▶ COMPLETE
          │ └────────────── ON_HEAD ──────────────────────────▶ │
          │                                                     │
          └── ON_UPGRADE ──▶ SWITCHED     any ── ON_CLOSE ──▶ CLOSED
```
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeAlias

__all__ = ["Answer", "Reading"]


class _State(Enum):
    # PERF (W1): members are single objects, so that identity will do; Enum's own hash is a function in Python.
    __hash__ = object.__hash__


class Reading(_State):
    """What the bytes that the client sends now are."""

    HEAD = auto()
    """The head of a request, or nothing yet: the connection is idle."""
    BODY = auto()
    """The body of the current request; thrown away if that is answered already."""
    COMPLETE = auto()
    """The next requests: kept until the current one is answered."""
    SWITCHED = auto()
    """Another protocol's: this object has left the connection."""
    CLOSED = auto()
    """Of no interest: the connection is ending."""


class Answer(_State):
    """How far the answer to the current request is."""

    DUE = auto()
    """Nothing was sent."""
    STARTED = auto()
    """The application has sent the start message."""
    TRAILERS = auto()
    """The content is complete; the trailer fields that were announced are missing."""
    COMPLETE = auto()
    """All of it was sent."""
    GONE = auto()
    """There is nobody to send it to: the client left, or was refused, or the application failed in the middle."""


_Reads: TypeAlias = Mapping[Reading, Reading]
_Answers: TypeAlias = Mapping[Answer, Answer]

# --- reading ------------------------------------------------------------------------------------------------------

ON_HEAD: _Reads = {Reading.HEAD: Reading.COMPLETE}
"""A head arrived, and no body is to come."""
ON_HEAD_WITH_BODY: _Reads = {Reading.HEAD: Reading.BODY}
"""A head arrived, and a body follows."""
ON_BODY_END: _Reads = {Reading.BODY: Reading.COMPLETE}
"""The last byte of the body arrived."""
ON_NEXT: _Reads = {Reading.COMPLETE: Reading.HEAD}
"""The request is read and answered."""
ON_UPGRADE: _Reads = {Reading.HEAD: Reading.SWITCHED}
"""The head asked for WebSocket."""
ON_CLOSE: _Reads = {state: Reading.CLOSED for state in Reading if state is not Reading.SWITCHED}
"""A refusal, an answer that ends the connection, a time-out, the end of the transport."""

# --- answering ----------------------------------------------------------------------------------------------------

ON_START: _Answers = {Answer.DUE: Answer.STARTED}
"""The start message."""
ON_RETRACT: _Answers = {Answer.STARTED: Answer.DUE}
"""The application failed, and its head had not been written yet."""
ON_CONTENT_END: _Answers = {Answer.STARTED: Answer.COMPLETE}
"""The last piece of the content."""
ON_CONTENT_END_WITH_TRAILERS: _Answers = {Answer.STARTED: Answer.TRAILERS}
"""The last piece of the content, when trailer fields were announced."""
ON_TRAILERS: _Answers = {Answer.TRAILERS: Answer.COMPLETE}
"""The last trailer fields."""
ON_WHOLE: _Answers = {Answer.DUE: Answer.COMPLETE}
"""A whole answer at once: the lane."""
ON_GONE: _Answers = {state: Answer.COMPLETE if state is Answer.COMPLETE else Answer.GONE for state in Answer}
"""The client left, or was refused by us, or the application failed. What is complete stays complete."""
