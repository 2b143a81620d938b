"""When may a JSON body go from bytes to its value in one call?

FastAPI parses the text with `json` and validates the Python data. pydantic-core can do both in one pass, at a third of the
cost. The answer is the same for types that treat JSON input as they treat the Python data parsed from it; this module knows
them. Whatever the one pass refuses goes the long way, which also makes the errors: only a success may be shortcut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .fields import ModelField

# Not here, because the result may differ: unions (in JSON a text is as good a date as a `str`, so another member may win),
# decimals and bytes (read from the text, not from a float or a `str`), functions (they see which mode it is), `any`.
_SAME_IN_JSON = frozenset(
    "model model-fields model-field dataclass dataclass-args dataclass-field typed-dict typed-dict-field"
    " str int float bool none nullable list set frozenset date datetime time timedelta uuid literal default"
    " definitions definition-ref tagged-union".split()
)
_IGNORED_KEYS = frozenset({"metadata", "serialization", "default", "expected", "cls", "ref", "schema_ref"})


def reads_json_alike(field: ModelField) -> bool:
    """Whether validating JSON text gives what parsing it first and validating the data gives."""
    return all(_is_alike(node) for node in _nodes(field.type_adapter.core_schema))


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for key, value in schema.items():
            if key not in _IGNORED_KEYS:
                yield from _nodes(value)
    elif isinstance(schema, (list, tuple)):
        for item in schema:
            yield from _nodes(item)


def _is_alike(node: dict[str, Any]) -> bool:
    if node.get("strict") or node.get("custom_init") or node["type"] not in _SAME_IN_JSON:
        return False
    config = node.get("config") or {}
    extra = (node.get("extra_behavior"), config.get("extra_fields_behavior"))
    return not config.get("strict") and "allow" not in extra
