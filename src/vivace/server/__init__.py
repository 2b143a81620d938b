"""An HTTP/1.1 protocol class for uvicorn's server: `uvicorn main:app --http vivace.server:HTTPProtocol`.

The room knows no framework: any ASGI application runs on it, and one that asks gets the lanes of
`docs/fast-lanes.md`. uvicorn keeps the process: signals, reload, workers, TLS, lifespan, WebSockets.

Read in this order: `states` (what can happen on a connection), `protocol` (one connection; `link` is what it is without
HTTP), `head` and `body` (from bytes to a request), `receive` and `send` (what the application is given), `fields` and
`content` (from an answer to bytes). What the connections of a server share stands in `shared`, `sweep` (time-outs),
`access` (the log), `limits` and `refusals`.
`docs/http.md` says what is supported, what is refused, and why.
"""

from __future__ import annotations

from .limits import Limits as Limits
from .protocol import HTTPProtocol as HTTPProtocol
from .send import ClientDisconnected as ClientDisconnected

__all__ = ["ClientDisconnected", "HTTPProtocol", "Limits"]
