"""Path templates: `/items/{item_id:int}`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from starlette.convertors import CONVERTOR_TYPES, Convertor
from starlette.routing import PARAM_REGEX, compile_path

_PARAMETER = re.compile(r"\{([^{}]*)\}")


@lru_cache(maxsize=4096)
def path_parameter_names(path: str) -> frozenset[str]:
    """The names that a path template binds: `{"item_id"}` for `/items/{item_id:int}`."""
    return frozenset(name.partition(":")[0] for name in _PARAMETER.findall(path))


def read_path(path: str) -> tuple[str, dict[str, Convertor[Any]]]:
    """What Starlette's `compile_path` makes of a path, less the regular expression.

        read_path("/items/{item_id:int}")  # ("/items/{item_id}", {"item_id": IntegerConvertor()})

    Raises what it raises: `AssertionError` for an unknown convertor, `ValueError` for a name that stands twice.
    """
    # PERF (W13): compiling the expression takes as long as half of what else a route costs, and the lookup, which
    # goes by segments, seldom asks for it.
    parameters = [(name, kind.lstrip(":") or "str") for name, kind in PARAM_REGEX.findall(path)]
    convertors = {name: CONVERTOR_TYPES.get(kind) for name, kind in parameters}
    is_plain = path.startswith("/") and len(convertors) == len(parameters)
    known = {name: convertor for name, convertor in convertors.items() if convertor is not None}
    if not is_plain or len(known) < len(parameters):
        _, path_format, known = compile_path(path)
        return path_format, known
    return PARAM_REGEX.sub(r"{\1}", path), known
