"""HTTP's own schemes, in the `Authorization` header: Basic (RFC 7617), Bearer (6750), Digest (7616)."""

from base64 import b64decode

from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.status import HTTP_401_UNAUTHORIZED

from vivace._starlette import first_header
from vivace.exceptions import HTTPException
from vivace.openapi.models import HTTPBase as HTTPBaseModel
from vivace.openapi.models import HTTPBearer as HTTPBearerModel
from vivace.security.base import SecurityBase
from vivace.security.utils import get_authorization_scheme_param


class HTTPBasicCredentials(BaseModel):
    """What `HTTPBasic` found: a user name and a password, neither of them checked."""

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """What `HTTPBearer` or `HTTPDigest` found: `Bearer` and `abc` in `Authorization: Bearer abc`."""

    scheme: str
    credentials: str


class HTTPBase(SecurityBase):
    """A scheme of the `Authorization` header; as it stands, it takes credentials of any scheme."""

    model: HTTPBaseModel

    def __init__(
        self,
        *,
        scheme: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        # Each kind of scheme narrows the type.
        self.model = HTTPBaseModel(scheme=scheme, description=description)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_authenticate_headers(self) -> dict[str, str]:
        """The challenge that a 401 must carry."""
        return {"WWW-Authenticate": self.model.scheme.title()}

    def make_not_authenticated_error(self) -> HTTPException:
        """The error for a client without usable credentials; override it to answer otherwise."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers=self.make_authenticate_headers(),
        )

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        return self._read_credentials(request)

    def _read_credentials(
        self, request: HTTPConnection, expected_scheme: str | None = None
    ) -> HTTPAuthorizationCredentials | None:
        scheme, credentials = get_authorization_scheme_param(first_header(request, "Authorization"))
        is_expected = expected_scheme is None or scheme.lower() == expected_scheme
        if scheme and credentials and is_expected:
            return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class HTTPBasic(HTTPBase):
    """User name and password with every request.

        basic = HTTPBasic(realm="shop")

        @app.get("/me")
        def read_me(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]):
            return {"username": credentials.username}

    Compare secrets with `secrets.compare_digest`, whose time does not depend on where they differ.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error
        )
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        """The challenge, with the realm if there is one: browsers show it when they ask for the password."""
        return {"WWW-Authenticate": f'Basic realm="{self.realm}"' if self.realm else "Basic"}

    async def __call__(  # type: ignore[override]  # the credentials are of another kind than the base's
        self, request: HTTPConnection
    ) -> HTTPBasicCredentials | None:
        scheme, encoded = get_authorization_scheme_param(first_header(request, "Authorization"))
        if scheme.lower() != "basic":
            if self.auto_error:
                raise self.make_not_authenticated_error()
            return None
        # Credentials that were sent but cannot be read are an error even without `auto_error`.
        try:
            user_pass = b64decode(encoded).decode("ascii")
        except ValueError as exc:
            raise self.make_not_authenticated_error() from exc
        username, colon, password = user_pass.partition(":")
        if not colon:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)


class HTTPBearer(HTTPBase):
    """A token with every request: `Authorization: Bearer <token>`.

    `bearerFormat` is a hint for the reader of the document.

        bearer = HTTPBearer(bearerFormat="JWT")

        @app.get("/me")
        def read_me(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]):
            return decode(credentials.credentials)
    """

    model: HTTPBearerModel

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        # Each kind of scheme narrows the type.
        self.model = HTTPBearerModel(  # pyright: ignore[reportIncompatibleVariableOverride]
            bearerFormat=bearerFormat, description=description
        )
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        return self._read_credentials(request, "bearer")


class HTTPDigest(HTTPBase):
    """The `Digest` scheme, read but not verified.

    The credentials are the header's parameters as they came.

        digest = HTTPDigest()

        @app.get("/me")
        def read_me(credentials: Annotated[HTTPAuthorizationCredentials, Depends(digest)]): ...
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error
        )

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        return self._read_credentials(request, "digest")
