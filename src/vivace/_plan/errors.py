"""What is wrong with a declaration, said when the route is declared: culprit, place and remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .signature import describe


class DeclarationError(AssertionError):
    """An endpoint or dependency is declared in a way that cannot work.

    An `AssertionError` because that is what programs written for FastAPI catch.
    """

    def located(self, call: Callable[..., Any]) -> DeclarationError:
        """The same error, naming the callable it is about."""
        return type(self)(f"{self}\nIn {describe(call)}")


def require(condition: object, message: str) -> None:
    """Raise `DeclarationError(message)` unless the condition holds."""
    if not condition:
        raise DeclarationError(message)
