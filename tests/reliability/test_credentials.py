"""Credentials: what is missing or malformed is a 401 that says how to come again; secrets are not compared by `==`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import vivace
from reliability.sockets import exchange, request
from vivace import Depends, FastAPI
from vivace.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBearer,
    HTTPDigest,
    OAuth2PasswordBearer,
    OpenIdConnect,
)

from .conftest import Serve

SCHEMES: dict[str, tuple[Any, bytes]] = {
    "basic": (HTTPBasic(), b"Basic"),
    "basic-realm": (HTTPBasic(realm="here"), b'Basic realm="here"'),
    "bearer": (HTTPBearer(), b"Bearer"),
    "digest": (HTTPDigest(), b"Digest"),
    "oauth2": (OAuth2PasswordBearer(tokenUrl="token"), b"Bearer"),
    "openid": (OpenIdConnect(openIdConnectUrl="/openid"), b"Bearer"),
    "key-header": (APIKeyHeader(name="x-key"), b"APIKey"),
    "key-query": (APIKeyQuery(name="key"), b"APIKey"),
    "key-cookie": (APIKeyCookie(name="key"), b"APIKey"),
}


def make_app(scheme: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def root(credentials: Any = Depends(scheme)) -> Any:
        return "in"

    return app


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize(
    "authorization", [None, "", "Negotiate abc", "Basic", "Basic %%%", "Basic YQ==", "Basic \xff\xfe"]
)
def test_without_usable_credentials(serve: Serve, name: str, authorization: str | None) -> None:
    scheme, challenge = SCHEMES[name]
    if name == "openid" and authorization:
        return  # any Authorization field is let through: it is the endpoint's to read
    fields = {} if authorization is None else {"authorization": authorization}
    (answer,) = exchange(serve(make_app(scheme)).address, request("/", **fields))
    assert answer.status == 401
    assert (answer.header(b"www-authenticate") or b"").startswith(challenge.split()[0])


SECRETS = {"password", "secret", "token", "key", "api_key", "credentials", "client_secret"}


def names(node: ast.AST) -> set[str]:
    found = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return found | {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}


def compared_secrets(source: str) -> list[str]:
    """Comparisons by `==` or `!=` in which something is called like a secret."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and names(node) & SECRETS
    ]


def test_secrets_are_not_compared_by_equality() -> None:
    """How long `==` takes tells how much of a guess was right; `hmac.compare_digest` does not (CWE-208)."""
    assert compared_secrets("given.password == expected") == ["given.password == expected"]
    room = sorted(Path(vivace.__file__).with_name("security").glob("*.py"))
    assert len(room) > 3
    assert [found for path in room for found in compared_secrets(path.read_text(encoding="utf-8"))] == []
