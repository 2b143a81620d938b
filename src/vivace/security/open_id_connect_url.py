"""OpenID Connect, as far as the document goes: where its discovery document is."""

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.status import HTTP_401_UNAUTHORIZED

from vivace.openapi.models import OpenIdConnect as OpenIdConnectModel
from vivace.security.base import SecurityBase


class OpenIdConnect(SecurityBase):
    """The `Authorization` header, whole and unverified, of a client that uses OpenID Connect.

        oidc = OpenIdConnect(openIdConnectUrl="https://login.example.com/.well-known/openid-configuration")

        @app.get("/me")
        async def read_me(authorization: Annotated[str, Depends(oidc)]): ...

    A stub to build on: derive from it to discover the provider's keys and verify the token.
    """

    model: OpenIdConnectModel

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        # Each kind of scheme narrows the type.
        self.model = OpenIdConnectModel(  # pyright: ignore[reportIncompatibleVariableOverride]
            openIdConnectUrl=openIdConnectUrl, description=description
        )
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for a client without the header; override it to answer otherwise."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        authorization = request.headers.get("Authorization")
        if authorization:
            return authorization
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None
