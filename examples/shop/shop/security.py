"""Passwords and tokens. Knows nothing of HTTP, nor of the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import jwt
from pwdlib import PasswordHash

from . import clock
from .schemas import Token
from .settings import Settings

CUSTOMER_SCOPES = {
    "profile": "Read your profile and join the chat.",
    "orders": "Place, read and cancel your orders.",
}
STAFF_SCOPES = {"staff": "Manage the catalogue and all orders (staff only)."}
SCOPES = CUSTOMER_SCOPES | STAFF_SCOPES

CHAT_TICKET = "chat-ticket"
"""The scope of a token that opens the chat and nothing else; nobody can ask for it at the token endpoint."""

ALGORITHM = "HS256"

passwords = PasswordHash.recommended()  # Argon2
_unknown_user_hash = passwords.hash("nobody has this password")


def verify_password(password: str, password_hash: str | None) -> bool:
    """Check a password. Without a hash it takes as long, so that nobody can time which usernames exist."""
    return passwords.verify(password, password_hash or _unknown_user_hash) and password_hash is not None


@dataclass(frozen=True)
class TokenData:
    """What a valid token says."""

    username: str
    scopes: frozenset[str]


def create_token(username: str, scopes: Iterable[str], lifetime: timedelta, settings: Settings) -> Token:
    """Return a signed token that says: this is ``username``, who may use these scopes, for so long."""
    scope = " ".join(sorted(scopes))
    claims = {"sub": username, "scope": scope, "exp": clock.now() + lifetime}
    access_token = jwt.encode(claims, settings.secret_key, algorithm=ALGORITHM)
    return Token(access_token=access_token, expires_in=int(lifetime.total_seconds()), scope=scope)


def read_token(token: str, settings: Settings) -> TokenData:
    """Return what a token says, or raise ``jwt.InvalidTokenError`` if it is not ours, or too old."""
    claims = jwt.decode(
        token,
        settings.secret_key,
        algorithms=[ALGORITHM],
        options={"require": ["sub", "scope", "exp"]},
    )
    return TokenData(claims["sub"], frozenset(claims["scope"].split()))
