"""The answer to a request that no endpoint is for."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vivace._handlers import answers_plainly, json_headers
from vivace._json import plain_json_bytes
from vivace._lanes import RESPONSE_STARTED, respond


class Refusal:
    """Refuses every request with a status, in the words of the application's exception handlers."""

    def __init__(self, status_code: int, headers: dict[str, str] | None = None) -> None:
        self.status_code = status_code
        self.headers = headers
        self._body = plain_json_bytes({"detail": HTTPException(status_code).detail})
        self._raw_headers = json_headers(headers, self._body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # PERF (404, 405): if they are ours, what they would say is known.
        headers = self._raw_headers
        if headers is not None and answers_plainly(scope["app"].exception_handlers, self.status_code):
            await respond(send, self.status_code, headers, self._body)
            scope[RESPONSE_STARTED] = True
            return
        raise HTTPException(self.status_code, headers=self.headers)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """The form that http middleware calls."""
        raise HTTPException(self.status_code, headers=self.headers)
