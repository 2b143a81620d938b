"""A key that the client was given, in the query, a header or a cookie (OpenAPI 3.1, 4.8.27)."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.status import HTTP_401_UNAUTHORIZED

from vivace.openapi.models import APIKey, APIKeyIn
from vivace.security.base import SecurityBase


class APIKeyBase(SecurityBase):
    """What the three places of a key have in common."""

    model: APIKey

    def __init__(
        self,
        location: APIKeyIn,
        name: str,
        description: str | None,
        scheme_name: str | None,
        auto_error: bool,
    ) -> None:
        self.auto_error = auto_error
        by_alias: dict[str, Any] = {"in": location}  # a keyword of Python's
        # Each kind of scheme narrows the type.
        self.model = APIKey(  # pyright: ignore[reportIncompatibleVariableOverride]
            **by_alias, name=name, description=description
        )
        self.scheme_name = scheme_name or type(self).__name__

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for a client without a key; override it to answer otherwise.

        A 401 must carry a challenge (RFC 9110, 11.6.1). No registered scheme means "send your key as
        documented", so the challenge names one of its own.
        """
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers={"WWW-Authenticate": "APIKey"},
        )

    def check_api_key(self, api_key: str | None) -> str | None:
        """The key, if there is one that is not empty; otherwise the error, or None without `auto_error`."""
        if api_key:
            return api_key
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class APIKeyQuery(APIKeyBase):
    """A key in the query string.

    Proxies and logs see it there: prefer a header.

        key = APIKeyQuery(name="api_key")

        @app.get("/items")
        async def read(api_key: Annotated[str, Depends(key)]): ...
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(APIKeyIn.query, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.query_params.get(self.model.name))


class APIKeyHeader(APIKeyBase):
    """A key in a header.

    The case of `name` does not matter.

        key = APIKeyHeader(name="X-API-Key")

        @app.get("/items")
        async def read(api_key: Annotated[str, Depends(key)]): ...
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(APIKeyIn.header, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.headers.get(self.model.name))


class APIKeyCookie(APIKeyBase):
    """A key in a cookie.

    Browsers send cookies by themselves: guard against forged cross-site requests.

        key = APIKeyCookie(name="session")

        @app.get("/items")
        async def read(session: Annotated[str, Depends(key)]): ...
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(APIKeyIn.cookie, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.cookies.get(self.model.name))
