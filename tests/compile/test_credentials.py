"""Reading credentials from the headers gives what the security scheme gives, or leaves it to the scheme."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from vivace import Depends, FastAPI
from vivace._compile.credentials import header_reader
from vivace.security import (
    APIKeyCookie,
    APIKeyHeader,
    HTTPBasic,
    HTTPBearer,
    HTTPDigest,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
)
from vivace.testclient import TestClient

SCHEMES = {
    "password": OAuth2PasswordBearer(tokenUrl="token", auto_error=False),
    "code": OAuth2AuthorizationCodeBearer("authorize", "token", auto_error=False),
    "bearer": HTTPBearer(auto_error=False),
    "key": APIKeyHeader(name="X-API-Key", auto_error=False),
}
HEADERS: dict[str, list[tuple[bytes, bytes]]] = {
    "none": [],
    "usual": [(b"authorization", b"Bearer abc"), (b"x-api-key", b"abc")],
    "twice": [
        (b"authorization", b"Bearer first"),
        (b"authorization", b"Bearer second"),
        (b"x-api-key", b"1"),
    ],
    "key twice": [(b"x-api-key", b"first"), (b"x-api-key", b"second")],
    "other case": [(b"authorization", b"bEARER abc")],
    "other scheme": [(b"authorization", b"Basic YTpi")],
    "other scheme first": [(b"authorization", b"Basic YTpi"), (b"authorization", b"Bearer abc")],
    "scheme alone": [(b"authorization", b"Bearer")],
    "nothing after it": [(b"authorization", b"Bearer "), (b"x-api-key", b"")],
    "spaces": [(b"authorization", b"Bearer   a b  "), (b"x-api-key", b"a b")],
    "no space": [(b"authorization", b"Bearerabc")],
    "Latin-1": [(b"authorization", b"Bearer \xe9\xa0"), (b"x-api-key", b"\xe9")],
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_what_is_read_is_what_the_scheme_says(scheme: Any, headers: list[tuple[bytes, bytes]]) -> None:
    read = header_reader(scheme)
    assert read is not None
    found = read(headers)
    if found is not None:
        assert found == asyncio.run(scheme(Request({"type": "http", "headers": headers})))


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_usual_credentials_do_not_need_the_scheme(scheme: Any) -> None:
    read = header_reader(scheme)
    assert read is not None
    assert read(HEADERS["usual"]) is not None


class OwnBearer(OAuth2PasswordBearer):
    async def __call__(self, request: Any) -> str:
        return "own"


class OwnToken(OAuth2PasswordBearer):
    def _read_bearer_token(self, request: Any) -> str:
        return "own"


class OwnCheck(APIKeyHeader):
    def check_api_key(self, api_key: str | None) -> str:
        return "own"


@pytest.mark.parametrize(
    "scheme",
    [
        OwnBearer(tokenUrl="token"),
        OwnToken(tokenUrl="token"),
        OwnCheck(name="X-API-Key"),
        APIKeyHeader(name="X-Schlüssel"),
        APIKeyCookie(name="key"),
        HTTPBasic(),
        HTTPDigest(),
        print,
    ],
    ids=lambda scheme: type(scheme).__name__,
)
def test_whoever_reads_in_another_way_is_asked(scheme: Any) -> None:
    assert header_reader(scheme) is None


def test_a_refusal_is_the_schemes_own() -> None:
    class Teapot(OAuth2PasswordBearer):
        def make_not_authenticated_error(self) -> Any:
            error = super().make_not_authenticated_error()
            error.status_code = 418
            return error

    app = FastAPI()

    @app.get("/")
    async def read(token: str = Depends(Teapot(tokenUrl="token"))) -> str:
        return token

    client = TestClient(app)
    assert client.get("/", headers={"Authorization": "Bearer abc"}).json() == "abc"
    assert client.get("/").status_code == 418
