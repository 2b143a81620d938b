"""Where a callable stands in the user's program: what errors name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from vivace.exceptions import EndpointContext


def endpoint_context(call: Callable[..., Any]) -> EndpointContext:
    """Function, file and line of an endpoint; empty where they cannot be found (a C function, code typed in)."""
    context: EndpointContext = {}
    try:
        if (file := inspect.getsourcefile(call)) is not None:
            context["file"] = file
        if (line := inspect.getsourcelines(call)[1]) is not None:
            context["line"] = line
        if (name := getattr(call, "__name__", None)) is not None:
            context["function"] = name
    except Exception:  # an error must not fail over the file it names: one that is gone, or holds no Python
        pass
    return context
