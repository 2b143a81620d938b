"""Credentials straight from the headers, for the security schemes of ours that look at one header and nothing else.

    read = header_reader(OAuth2PasswordBearer(tokenUrl="token"))
    read([(b"authorization", b"Bearer abc")])  # "abc"
    read([])                                   # None: ask the scheme, which knows how to refuse

PERF (W5, W6): a scheme is called with a request object. That, its `Headers` and the call cost as much as two other
dependencies; a client that has the right to come in mostly says so in the usual form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vivace._plan.nodes import DependencyPlan
from vivace.security.api_key import APIKeyHeader
from vivace.security.http import HTTPAuthorizationCredentials, HTTPBearer
from vivace.security.oauth2 import OAuth2, OAuth2AuthorizationCodeBearer, OAuth2PasswordBearer

from .runtime import find_header

RawHeaders = Sequence[tuple[bytes, bytes]]
Reader = Callable[[RawHeaders], Any]

_BEARER_TOKEN = (OAuth2PasswordBearer.__call__, OAuth2AuthorizationCodeBearer.__call__)
_READ_TOKEN = OAuth2._read_bearer_token
_BEARER_CREDENTIALS = HTTPBearer.__call__
_READ_CREDENTIALS = HTTPBearer._read_credentials
_KEY = APIKeyHeader.__call__
_CHECK_KEY = APIKeyHeader.check_api_key


def header_reader(scheme: object) -> Reader | None:
    """What gives the scheme's value, or None where the scheme itself has to be asked. None if there is no such thing:
    it is no scheme of ours, or a subclass reads in its own way."""
    cls: Any = type(scheme)
    call = cls.__call__
    if isinstance(scheme, OAuth2) and call in _BEARER_TOKEN and cls._read_bearer_token is _READ_TOKEN:
        return bearer_token
    if (
        isinstance(scheme, HTTPBearer)
        and call is _BEARER_CREDENTIALS
        and cls._read_credentials is _READ_CREDENTIALS
    ):
        return bearer_credentials
    if isinstance(scheme, APIKeyHeader) and call is _KEY and cls.check_api_key is _CHECK_KEY:
        return _key_reader(scheme.model.name)
    return None


def reads_headers_only(node: DependencyPlan) -> bool:
    """Whether the request object that a dependency asks for is needed only where its reader has found nothing."""
    return not node.parameters and not node.dependencies and header_reader(node.call) is not None


def bearer_token(headers: RawHeaders) -> str | None:
    """The token of `Authorization: Bearer <token>` (RFC 6750, section 2.1)."""
    for name, value in headers:
        if name == b"authorization":
            return (value[7:].decode("latin-1").strip() or None) if value.startswith(b"Bearer ") else None
    return None


def bearer_credentials(headers: RawHeaders) -> HTTPAuthorizationCredentials | None:
    token = bearer_token(headers)
    return None if token is None else HTTPAuthorizationCredentials(scheme="Bearer", credentials=token)


def _key_reader(header: str) -> Reader | None:
    if not header.isascii():
        return None
    key = header.lower().encode()

    def api_key(headers: RawHeaders) -> str | None:
        return find_header(headers, key) or None  # type: ignore[arg-type]  # a list, from any server

    return api_key
