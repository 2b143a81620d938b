"""What answers where no route does: an exception, for which the application has a handler."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Refusal:
    """Refuses every request with a status, in the words of the application's exception handlers."""

    def __init__(self, status_code: int, headers: dict[str, str] | None = None) -> None:
        self.status_code = status_code
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(self.status_code, headers=self.headers)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """The form that http middleware calls."""
        raise HTTPException(self.status_code, headers=self.headers)
