"""Security schemes: what a document says about how a client proves who it is.

`scheme_definitions` describes the schemes once, for `components.securitySchemes`; `security_requirements`
says which of them an operation asks for (OAS 3.1, 4.8.27 and 4.8.30). Both go by a scheme's name: two
schemes of one name are one to the document, described by the last of them and required with the scopes of
both.

Knows the uses that a plan lists; knows nothing of dependencies.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from vivace._plan.nodes import SecurityUse
from vivace.encoders import jsonable_encoder
from vivace.security.base import SecurityBase


def security_requirements(uses: Iterable[SecurityUse]) -> list[dict[str, list[str]]]:
    """One requirement per scheme, each with its scopes in the order in which they were first asked for.

    >>> from vivace.security import HTTPBearer, OAuth2PasswordBearer
    >>> oauth2 = OAuth2PasswordBearer("/token")
    >>> uses = [SecurityUse(oauth2, ("read",)), SecurityUse(HTTPBearer(), ()), SecurityUse(oauth2, ("write", "read"))]
    >>> security_requirements(uses)
    [{'OAuth2PasswordBearer': ['read', 'write']}, {'HTTPBearer': []}]
    """
    # A dict, because it keeps the order of what a set would merge.
    scopes: dict[str, dict[str, None]] = {}
    for use in uses:
        scopes.setdefault(use.scheme.scheme_name, {}).update(dict.fromkeys(use.scopes))
    return [{name: list(wanted)} for name, wanted in scopes.items()]


def scheme_definitions(schemes: Mapping[str, SecurityBase]) -> dict[str, Any]:
    """Security scheme objects by name: `{"HTTPBearer": {"type": "http", "scheme": "bearer"}}`."""
    return {
        name: jsonable_encoder(scheme.model, by_alias=True, exclude_none=True)
        for name, scheme in schemes.items()
    }
