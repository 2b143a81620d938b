"""Path templates: `/items/{item_id:int}`."""

from __future__ import annotations

import re
from functools import lru_cache

_PARAMETER = re.compile(r"\{([^{}]*)\}")


@lru_cache(maxsize=4096)
def path_parameter_names(path: str) -> frozenset[str]:
    """The names that a path template binds: `{"item_id"}` for `/items/{item_id:int}`."""
    return frozenset(name.partition(":")[0] for name in _PARAMETER.findall(path))
