"""When may a JSON body go from bytes to its value in one call?

FastAPI parses the text with `json` and validates the Python data. pydantic-core can do both in one pass, at a
third of the cost. The answer is the same for types that treat JSON input as they treat the Python data parsed
from it; this module knows them. Whatever the one pass refuses goes the long way, which also makes the errors:
only a success may be shortcut.

The one pass also runs *earlier*, before the dependencies. So it may not run code of the user's, which could see the
difference: no validators, no `model_post_init`, no default factories but those that make an empty container.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import VERSION

from .fields import ModelField

Schema = Mapping[str, Any]

# The schemas that read JSON as they read Python data, and which of their keys hold schemas again.
#
# Not here, because the result may differ: unions (in JSON a text is as good a date as a `str`, so another
# member may win), decimals and bytes (read from the text, not from a float or a `str`), functions (they see
# which mode it is), `any`.
_INSIDE: Mapping[str, tuple[str, ...]] = {
    "model": ("schema",),
    "model-fields": ("fields",),
    "model-field": ("schema",),
    "dataclass": ("schema",),
    "dataclass-args": ("fields",),
    "dataclass-field": ("schema",),
    "typed-dict": ("fields",),
    "typed-dict-field": ("schema",),
    "tagged-union": ("choices",),
    "nullable": ("schema",),
    "default": ("schema",),
    "list": ("items_schema",),
    "set": ("items_schema",),
    "frozenset": ("items_schema",),
    "definitions": ("definitions", "schema"),
    "definition-ref": (),
    **dict.fromkeys(("str", "int", "float", "bool", "none", "literal"), ()),
    **dict.fromkeys(("date", "datetime", "time", "timedelta", "uuid"), ()),
}
_EMPTY_CONTAINERS = (list, dict, set, frozenset, tuple, deque)


# Before 2.11 the one pass takes the first of two equal keys, and `json` the last.
_TAKES_LAST_KEY = tuple(int(part) for part in VERSION.split(".")[:2]) >= (2, 11)


def reads_json_alike(field: ModelField) -> bool:
    """Whether validating JSON text gives what parsing it first and validating the data gives."""
    if not _TAKES_LAST_KEY:
        return False
    schema: Any = field.type_adapter.core_schema
    # Something else than a dict stands for the schema of a model that is built later (`defer_build`).
    return isinstance(schema, dict) and all(_is_alike(node) for node in _nodes(schema))


def _nodes(schema: Schema) -> Iterator[Schema]:
    """The schema and every schema inside it."""
    yield schema
    for key in _INSIDE.get(schema["type"], ()):
        inner = schema.get(key, ())
        if "type" in inner and isinstance(inner["type"], str):
            yield from _nodes(inner)
        else:  # by name, or a list of them
            for node in inner.values() if isinstance(inner, dict) else inner:
                yield from _nodes(node)


def _is_alike(node: Schema) -> bool:
    config = node.get("config") or {}
    return node["type"] in _INSIDE and not (
        node.get("strict")
        or config.get("strict")
        or "allow" in (node.get("extra_behavior"), config.get("extra_fields_behavior"))
        or node.get("custom_init")
        or node.get("post_init")
        or node.get("default_factory", list) not in _EMPTY_CONTAINERS
        or node.get("on_error", "raise") != "raise"  # a failure would not be one, and never go the long way
        or config.get("coerce_numbers_to_str")  # 1.0 is "1" in JSON and "1.0" in Python
        or node.get("coerce_numbers_to_str")
        or callable(node.get("discriminator"))
        or _has_path(node.get("validation_alias"))
    )


def _has_path(alias: Any) -> bool:
    """Whether the value is looked for inside another one, where Pydantic 2.9 takes the first of two equal keys."""
    choices = alias if isinstance(alias, list) else []
    return any(isinstance(choice, list) and len(choice) > 1 for choice in choices) or any(
        isinstance(choice, int) for choice in choices
    )
