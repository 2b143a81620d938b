"""Declarations that work as FastAPI's do, and yet cannot be meant: reported when the endpoint is compiled."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator

from .nodes import EndpointPlan
from .paths import path_parameter_names
from .signature import describe


class DeclarationWarning(UserWarning):
    """An endpoint is declared in a way that cannot be meant; the message says how, where and what to do."""


def warn_of_mistakes(plan: EndpointPlan, methods: frozenset[str]) -> None:
    """Warn, at the endpoint's own file and line, of what is probably a mistake."""
    assert plan.root.call is not None
    code = getattr(inspect.unwrap(plan.root.call), "__code__", None)
    for message in _mistakes(plan, methods):
        warnings.warn_explicit(
            f"{message}\nIn {describe(plan.root.call)}",
            DeclarationWarning,
            filename=code.co_filename if code else "<unknown>",
            lineno=code.co_firstlineno if code else 0,
        )


def _mistakes(plan: EndpointPlan, methods: frozenset[str]) -> Iterator[str]:
    names = path_parameter_names(plan.path)
    for parameter in plan.flat.path:
        name = parameter.field.validation_alias or parameter.alias
        if name not in names:
            yield (
                f"The path {plan.path!r} has no parameter {name!r}, so every request is answered with 422."
                f" Add {{{name}}} to the path, or declare {parameter.name!r} with `Query`."
            )
    bodies = plan.flat.body
    if methods and methods <= {"GET", "HEAD"} and len({parameter.name for parameter in bodies}) > 1:
        declared = ", ".join(repr(parameter.name) for parameter in bodies)
        yield (
            f"A {'/'.join(sorted(methods))} request has two bodies: {declared}. Clients and proxies often drop even one"
            " (RFC 9110, section 9.3.1). Use query parameters, or another method."
        )
