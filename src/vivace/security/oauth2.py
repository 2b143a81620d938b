"""OAuth 2 (RFC 6749): schemes that read a token, the form that asks for one, the scopes it must grant."""

from typing import Annotated, Any

from starlette.requests import HTTPConnection
from starlette.status import HTTP_401_UNAUTHORIZED

from vivace._starlette import first_header
from vivace.exceptions import HTTPException
from vivace.openapi.models import OAuth2 as OAuth2Model
from vivace.openapi.models import OAuthFlows as OAuthFlowsModel
from vivace.param_functions import Form
from vivace.security.base import SecurityBase
from vivace.security.scopes import SecurityScopes as SecurityScopes
from vivace.security.utils import get_authorization_scheme_param


class OAuth2PasswordRequestForm:
    """The form of a token request in the password flow (RFC 6749, 4.3.2), with `grant_type` optional.

        @app.post("/token")
        async def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
            return {"access_token": issue_token(form.username, form.password), "token_type": "bearer"}

    `scopes` is the list that the form's `scope` names, separated by spaces (RFC 6749, 3.3).
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """`OAuth2PasswordRequestForm`, with `grant_type=password` required, as the standard has it."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class OAuth2(SecurityBase):
    """OAuth 2 with any flows.

    As it stands, it gives the `Authorization` header whole and unverified.

        scheme = OAuth2(flows={"clientCredentials": {"tokenUrl": "token", "scopes": {"items": "Read items"}}})
    """

    model: OAuth2Model

    def __init__(
        self,
        *,
        flows: OAuthFlowsModel | dict[str, dict[str, Any]] = OAuthFlowsModel(),  # never edited
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = OAuth2Model(flows=flows, description=description)  # type: ignore[arg-type]  # Pydantic reads dicts
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for a client without a token; override it to answer otherwise.

        The challenge is that of bearer tokens (RFC 6750, 3), which OAuth 2 is used with in practice.
        """
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._given_or_refused(first_header(request, "Authorization"))

    def _read_bearer_token(self, request: HTTPConnection) -> str | None:
        authorization = first_header(request, "Authorization")
        scheme, token = get_authorization_scheme_param(authorization)
        return token if scheme.lower() == "bearer" else self._given_or_refused(None)

    def _given_or_refused(self, credentials: str | None) -> str | None:
        if credentials:
            return credentials
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class OAuth2PasswordBearer(OAuth2):
    """The token of a client that sent user name and password to `tokenUrl` (see `OAuth2PasswordRequestForm`).

        oauth2 = OAuth2PasswordBearer(tokenUrl="token")

        @app.get("/me")
        async def read_me(token: Annotated[str, Depends(oauth2)]): ...

    `tokenUrl` is relative to the page of the document, so that it also holds behind a proxy. `scopes`
    describes each scope: `{"items:read": "Read items"}`.
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes or {}}
        super().__init__(
            flows={"password": flow}, scheme_name=scheme_name, description=description, auto_error=auto_error
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._read_bearer_token(request)


class OAuth2AuthorizationCodeBearer(OAuth2):
    """The token of a client that exchanged an authorization code for it (RFC 6749, 4.1).

    oauth2 = OAuth2AuthorizationCodeBearer(
        authorizationUrl="https://login.example.com/authorize", tokenUrl="https://login.example.com/token"
    )
    """

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": scopes or {},
        }
        super().__init__(
            flows={"authorizationCode": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._read_bearer_token(request)
