"""Security schemes find and refuse the same credentials as FastAPI's, and describe themselves alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import fastapi.security
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

import vivace.security
from vivace.security.utils import get_authorization_scheme_param

AUTHORIZATIONS = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer  token",
    "bearer token",
    "Bearer two words",
    "Basic dXNlcjpwYXNz",  # user:pass
    "basic dXNlcjpwYTpzcw==",  # user:pa:ss
    "Basic dXNlcg==",  # user, and no colon
    "Basic !!!",
    "Basic dXNlcjpw\xe4",
    "Basic w7w6cA==",  # ü:p in UTF-8
    "Digest username=a, realm=b",
    "Other x",
    " Bearer token",
]

SCHEMES: dict[str, Callable[[ModuleType, bool], Any]] = {
    "HTTPBase": lambda m, auto: import_module(f"{m.__name__}.http").HTTPBase(
        scheme="other kind", auto_error=auto
    ),
    "HTTPBasic": lambda m, auto: m.HTTPBasic(auto_error=auto),
    "HTTPBasic with realm": lambda m, auto: m.HTTPBasic(realm="shop", scheme_name="shop", auto_error=auto),
    "HTTPBearer": lambda m, auto: m.HTTPBearer(bearerFormat="JWT", auto_error=auto),
    "HTTPDigest": lambda m, auto: m.HTTPDigest(description="D", auto_error=auto),
    "OAuth2": lambda m, auto: m.OAuth2(flows={"clientCredentials": {"tokenUrl": "t"}}, auto_error=auto),
    "OAuth2PasswordBearer": lambda m, auto: m.OAuth2PasswordBearer(
        "token", scopes={"a": "A"}, refreshUrl="r", auto_error=auto
    ),
    "OAuth2AuthorizationCodeBearer": lambda m, auto: m.OAuth2AuthorizationCodeBearer(
        "authorize", "token", auto_error=auto
    ),
    "OpenIdConnect": lambda m, auto: m.OpenIdConnect(openIdConnectUrl="/openid", auto_error=auto),
    "APIKeyHeader": lambda m, auto: m.APIKeyHeader(name="Key", auto_error=auto),
    "APIKeyQuery": lambda m, auto: m.APIKeyQuery(name="key", auto_error=auto),
    "APIKeyCookie": lambda m, auto: m.APIKeyCookie(name="key", auto_error=auto),
}


def connection(kind: str = "http", query: bytes = b"", **headers: str | None) -> HTTPConnection:
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items() if value is not None]
    return HTTPConnection({"type": kind, "path": "/", "headers": sent, "query_string": query})


def outcome(scheme: Any, request: HTTPConnection) -> Any:
    """The credentials as plain values, or the status, detail and headers of the refusal."""
    try:
        credentials = asyncio.run(scheme(request))
    except HTTPException as exc:
        return type(exc).__name__, exc.status_code, exc.detail, exc.headers
    return credentials.model_dump() if hasattr(credentials, "model_dump") else credentials


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("auto_error", [True, False])
@pytest.mark.parametrize("name", SCHEMES)
def test_same_header_same_credentials(name: str, auto_error: bool, kind: str) -> None:
    ours, theirs = (SCHEMES[name](module, auto_error) for module in (vivace.security, fastapi.security))
    for authorization in AUTHORIZATIONS:
        request = connection(kind, authorization=authorization)
        assert outcome(ours, request) == outcome(theirs, request), authorization


@pytest.mark.parametrize("auto_error", [True, False])
@pytest.mark.parametrize(
    ("name", "requests"),
    [
        ("APIKeyHeader", [connection(), connection(key=""), connection(key="k")]),
        ("APIKeyQuery", [connection(), connection(query=b"key="), connection(query=b"key=k&key=l")]),
        ("APIKeyCookie", [connection(), connection(cookie="key="), connection(cookie="key=k")]),
    ],
)
def test_same_key_same_answer(name: str, requests: list[HTTPConnection], auto_error: bool) -> None:
    ours, theirs = (SCHEMES[name](module, auto_error) for module in (vivace.security, fastapi.security))
    for request in requests:
        assert outcome(ours, request) == outcome(theirs, request)


@pytest.mark.parametrize("name", SCHEMES)
def test_same_description(name: str) -> None:
    ours, theirs = (SCHEMES[name](module, True) for module in (vivace.security, fastapi.security))
    assert ours.model.model_dump_json(by_alias=True) == theirs.model.model_dump_json(by_alias=True)
    assert ours.scheme_name == theirs.scheme_name


def test_a_subclass_is_named_after_itself_and_may_answer_otherwise() -> None:
    class Token(vivace.security.HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:  # type: ignore[override]
            return HTTPException(403, "Show your token")

    assert Token().scheme_name == "Token"
    assert outcome(Token(), connection())[1:3] == (403, "Show your token")


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, ("", "")), ("", ("", "")), ("A", ("A", "")), ("A b c", ("A", "b c")), ("A  b ", ("A", "b"))],
)
def test_splitting_the_header(header: str | None, expected: tuple[str, str]) -> None:
    assert get_authorization_scheme_param(header) == expected


@pytest.mark.parametrize("name", ["OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict"])
def test_the_form_splits_its_scopes(name: str) -> None:
    given = {"grant_type": "password", "username": "u", "password": "p", "scope": " a  b ", "client_id": "c"}
    ours, theirs = (vars(getattr(module, name)(**given)) for module in (vivace.security, fastapi.security))
    assert ours == theirs
    assert ours["scopes"] == ["a", "b"]


def test_security_scopes_are_a_list_and_a_text() -> None:
    scopes = vivace.security.SecurityScopes(["a", "b"])
    assert (scopes.scopes, scopes.scope_str) == (["a", "b"], "a b")
    assert vivace.security.SecurityScopes().scopes == []
