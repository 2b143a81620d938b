"""Security classes: present, missing and malformed credentials, scopes, and what the document says about them."""

# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from typing import Annotated, Any

import pytest

from .oracle import (
    Question,
    WebSocketRequest,
    compare,
    compare_openapi,
    get,
    labels,
    post_form,
    post_multipart,
)
from .recorder import seen


def schemes(fw) -> dict[str, Any]:
    """Every class, with and without `auto_error`, with descriptions and names of their own."""
    security = fw.security
    return {
        "basic": security.HTTPBasic(),
        "basic-realm": security.HTTPBasic(realm='a "realm"', description="D"),
        "basic-optional": security.HTTPBasic(auto_error=False),
        "bearer": security.HTTPBearer(bearerFormat="JWT", scheme_name="own name"),
        "bearer-optional": security.HTTPBearer(auto_error=False),
        "digest": security.HTTPDigest(),
        "digest-optional": security.HTTPDigest(auto_error=False),
        "other": security.http.HTTPBase(scheme="Other"),
        "other-optional": security.http.HTTPBase(scheme="Other", auto_error=False),
        "key-header": security.APIKeyHeader(name="x-key"),
        "key-header-optional": security.APIKeyHeader(name="x-key", auto_error=False),
        "key-query": security.APIKeyQuery(name="key", description="K"),
        "key-query-optional": security.APIKeyQuery(name="key", auto_error=False),
        "key-cookie": security.APIKeyCookie(name="key"),
        "key-cookie-optional": security.APIKeyCookie(name="key", auto_error=False),
        "oauth2": security.OAuth2(flows={"implicit": {"authorizationUrl": "a", "scopes": {"s": "S"}}}),
        "oauth2-optional": security.OAuth2(auto_error=False),
        "password": security.OAuth2PasswordBearer(tokenUrl="token", scopes={"me": "Me", "items": "Items"}),
        "password-optional": security.OAuth2PasswordBearer(
            tokenUrl="/token", auto_error=False, refreshUrl="r"
        ),
        "code": security.OAuth2AuthorizationCodeBearer(
            authorizationUrl="a", tokenUrl="t", scopes={"x": "X"}, refreshUrl="r"
        ),
        "code-optional": security.OAuth2AuthorizationCodeBearer(
            authorizationUrl="a", tokenUrl="t", auto_error=False
        ),
        "openid": security.OpenIdConnect(openIdConnectUrl="/openid"),
        "openid-optional": security.OpenIdConnect(openIdConnectUrl="/openid", auto_error=False),
    }


NAMES = (
    "basic", "basic-realm", "basic-optional", "bearer", "bearer-optional", "digest", "digest-optional",
    "other", "other-optional", "key-header", "key-header-optional", "key-query", "key-query-optional",
    "key-cookie", "key-cookie-optional", "oauth2", "oauth2-optional", "password", "password-optional", "code",
    "code-optional", "openid", "openid-optional",
)  # fmt: skip

AUTHORIZATIONS: tuple[str | bytes, ...] = (
    "Basic am9objpzZWNyZXQ=", "basic am9objpzZWNyZXQ=", "Basic am9obg==", "Basic ???", "Basic", "Basic ",
    "Basic /////w==", "Basic am9objpzOmU6Yw==", "Basic Og==", "Bearer token", "bearer  two words", "Bearer",
    "BEARER t", "Bearertoken", "Digest a=b, c=d", "digest x", "Other secret", "other secret", "", " ", "x",
    b"Bearer \xff", "Bearer token, Bearer other", "Basic w7w6w7w=", "Negotiate x",
)  # fmt: skip


def by_scheme(fw):
    """Each scheme as a dependency, in a list, through a function, and on a WebSocket."""
    app = fw.FastAPI()

    def declare(name: str, scheme: Any) -> None:
        @app.get(f"/{name}")
        async def direct(found: Annotated[Any, fw.Security(scheme)]):
            return seen(found=found)

        @app.get(f"/{name}/list", dependencies=[fw.Depends(scheme)])
        def listed():
            return "in"

        def user(found: Annotated[Any, fw.Depends(scheme)]):
            return f"user {found}"

        @app.get(f"/{name}/user")
        async def through(user: Annotated[str, fw.Depends(user)]):
            return user

        @app.websocket(f"/{name}/ws")
        async def socket(websocket: fw.WebSocket, found: Annotated[Any, fw.Depends(scheme)]):
            await websocket.accept()
            await websocket.send_json(seen(found=found))
            await websocket.close()

    for name, scheme in schemes(fw).items():
        declare(name, scheme)
    return app


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tail", ["", "/list", "/user"])
def test_authorization(name: str, tail: str) -> None:
    compare(
        by_scheme,
        get(f"/{name}{tail}"),
        *(get(f"/{name}{tail}", ("authorization", value)) for value in AUTHORIZATIONS),
    )
    compare(by_scheme, get(f"/{name}{tail}", ("authorization", "Bearer a"), ("authorization", "Basic b")))


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("key")])
def test_keys(name: str) -> None:
    headers = (
        (),
        (("x-key", "k"),),
        (("x-key", ""),),
        (("x-key", "a"), ("x-key", "b")),
        (("cookie", "key=c"),),
        (("cookie", "key="),),
        (("cookie", "Key=c"),),
    )
    compare(
        by_scheme,
        *(
            get(f"/{name}{query}", *fields)
            for query in ("", "?key=q", "?key=", "?key=1&key=2")
            for fields in headers
        ),
    )


@pytest.mark.parametrize("name", NAMES)
def test_websockets(name: str) -> None:
    fields: tuple[tuple[tuple[str, str], ...], ...] = (
        (),
        (("authorization", "Bearer t"),),
        (("authorization", "Basic am9objpzZWNyZXQ="),),
        (("x-key", "k"),),
        (("cookie", "key=c"),),
    )
    compare(by_scheme, *(WebSocketRequest(f"/{name}/ws", headers) for headers in fields))


def test_openapi_by_scheme() -> None:
    compare_openapi(by_scheme)


def scopes(fw):
    """Scopes are gathered from every `Security` between the endpoint and the dependency that asks for them."""
    scheme = fw.security.OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A", "b": "B", "c": "C"})
    app = fw.FastAPI()
    router = fw.APIRouter(prefix="/router", dependencies=[fw.Security(scheme, scopes=["c"])])

    async def user(wanted: fw.security.SecurityScopes, token: Annotated[str, fw.Depends(scheme)]):
        return [wanted.scopes, wanted.scope_str, token]

    def admin(found: Annotated[list, fw.Security(user, scopes=["b"])], wanted: fw.security.SecurityScopes):
        return [found, wanted.scopes]

    @app.get("/plain")
    async def plain(found: Annotated[list, fw.Depends(user)]):
        return found

    @app.get("/one")
    async def one(found: Annotated[list, fw.Security(user, scopes=["a"])]):
        return found

    @app.get("/nested")
    async def nested(
        found: Annotated[list, fw.Security(admin, scopes=["a"])],
        other: Annotated[list, fw.Security(user, scopes=["a", "c"])],
    ):
        return [found, other]

    @app.get("/twice")
    async def twice(
        a: Annotated[list, fw.Security(user, scopes=["a"])],
        b: Annotated[list, fw.Security(user, scopes=["a"])],
        c: Annotated[list, fw.Security(user, scopes=["b"], use_cache=False)],
    ):
        return [a, b, c, a is b]

    @app.get("/list", dependencies=[fw.Security(admin, scopes=["c"])])
    async def listed(wanted: fw.security.SecurityScopes):
        return wanted.scopes

    @router.get("/routed")
    async def routed(found: Annotated[list, fw.Security(user, scopes=["a"])]):
        return found

    app.include_router(router, dependencies=[fw.Security(user, scopes=["b"])])
    return app


@pytest.mark.parametrize("path", ["/plain", "/one", "/nested", "/twice", "/list", "/router/routed"])
def test_scopes(path: str) -> None:
    compare(scopes, get(path), get(path, ("authorization", "Bearer t")))


def test_openapi_scopes() -> None:
    compare_openapi(scopes)


def token_forms(fw):
    """The two OAuth2 forms."""
    app = fw.FastAPI()

    @app.post("/token")
    async def token(form: Annotated[fw.security.OAuth2PasswordRequestForm, fw.Depends()]):
        return seen(**vars(form))

    @app.post("/strict")
    def strict(form: fw.security.OAuth2PasswordRequestFormStrict = fw.Depends()):
        return seen(**vars(form))

    return app


TOKEN_FIELDS: tuple[tuple[tuple[str, str], ...], ...] = (
    (), (("username", "u"), ("password", "p")),
    (("username", "u"), ("password", "p"), ("grant_type", "password"), ("scope", "a b  c")),
    (("username", "u"), ("password", "p"), ("grant_type", "other")),
    (("username", "u"), ("grant_type", "password"), ("client_id", "i"), ("client_secret", "s")),
    (("username", ""), ("password", ""), ("grant_type", "")),
)  # fmt: skip
TOKENS: list[Question] = [
    make(path, *fields)
    for path in ("/token", "/strict")
    for fields in TOKEN_FIELDS
    for make in (post_form, post_multipart)
]


@pytest.mark.parametrize("question", TOKENS, ids=labels(TOKENS))
def test_token_forms(question: Question) -> None:
    compare(token_forms, question)


def test_openapi_token_forms() -> None:
    compare_openapi(token_forms)
