"""What makes a dependency a security scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vivace.openapi.models import SecurityBase as SecurityBaseModel


class SecurityBase:
    """The base of security schemes.

    The document lists such a dependency under `securitySchemes`.

        class Signature(SecurityBase):
            model = APIKey(**{"in": APIKeyIn.header}, name="X-Signature")
            scheme_name = "Signature"

            async def __call__(self, request: HTTPConnection) -> str: ...
    """

    model: SecurityBaseModel
    """How the document describes the scheme; each kind of scheme narrows the type."""
    scheme_name: str
    """The scheme's name in the document."""
