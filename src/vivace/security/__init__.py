"""Security schemes: dependencies that find the client's credentials and describe themselves in the document.

A scheme only reads what was sent. Whether a token is valid, or a password right, is for the program to check.

    bearer = HTTPBearer()

    @app.get("/items")
    async def read(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]): ...

Without credentials the client gets 401 and a `WWW-Authenticate` header (RFC 9110, 15.5.2 and 11.6.1), or the
endpoint gets `None` if the scheme was made with `auto_error=False`. Schemes read any HTTP connection:
WebSocket endpoints too.

Each scheme is imported when it is first asked for: it brings the models of the OpenAPI document, and an application
without security schemes needs neither.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vivace.security.api_key import APIKeyCookie as APIKeyCookie
    from vivace.security.api_key import APIKeyHeader as APIKeyHeader
    from vivace.security.api_key import APIKeyQuery as APIKeyQuery
    from vivace.security.http import HTTPAuthorizationCredentials as HTTPAuthorizationCredentials
    from vivace.security.http import HTTPBasic as HTTPBasic
    from vivace.security.http import HTTPBasicCredentials as HTTPBasicCredentials
    from vivace.security.http import HTTPBearer as HTTPBearer
    from vivace.security.http import HTTPDigest as HTTPDigest
    from vivace.security.oauth2 import OAuth2 as OAuth2
    from vivace.security.oauth2 import OAuth2AuthorizationCodeBearer as OAuth2AuthorizationCodeBearer
    from vivace.security.oauth2 import OAuth2PasswordBearer as OAuth2PasswordBearer
    from vivace.security.oauth2 import OAuth2PasswordRequestForm as OAuth2PasswordRequestForm
    from vivace.security.oauth2 import OAuth2PasswordRequestFormStrict as OAuth2PasswordRequestFormStrict
    from vivace.security.oauth2 import SecurityScopes as SecurityScopes
    from vivace.security.open_id_connect_url import OpenIdConnect as OpenIdConnect

_NAMES = {
    "api_key": "APIKeyCookie APIKeyHeader APIKeyQuery",
    "http": "HTTPAuthorizationCredentials HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest",
    "oauth2": "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm"
    " OAuth2PasswordRequestFormStrict SecurityScopes",
    "open_id_connect_url": "OpenIdConnect",
}
# PERF (W12): the models take a tenth of the time of `import vivace`.
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = [*_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]  # checkers read the imports above instead


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
