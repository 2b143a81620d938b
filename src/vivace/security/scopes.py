"""The scopes that the dependants of a dependency require (RFC 6749, section 3.3)."""


class SecurityScopes:
    """The scopes that all who depend on this dependency require; a parameter of this type receives them.

        async def current_user(scopes: SecurityScopes, token: Annotated[str, Depends(oauth2)]):
            if not set(scopes.scopes) <= granted(token):
                raise HTTPException(403, headers={"WWW-Authenticate": f'Bearer scope="{scopes.scope_str}"'})

    `scope_str` has them separated by spaces, as RFC 6749, 3.3 writes them.
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)
