"""What the code inside an application reports to the test: the order of events, and the values it was given.

Rules: text only, and stable text (sets are sorted, no addresses), because reports of two frameworks are compared for
equality. One list for the whole process suffices: the tests ask one request at a time.

It knows neither framework.

    >>> record("enter", "session")
    >>> events_taken()
    ('enter session',)
    >>> seen(limit=3, tags={"b", "a"})
    {'limit': 'int 3', 'tags': "set[str 'a', str 'b']"}
"""

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr
from starlette.datastructures import UploadFile

_EVENTS: list[str] = []
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def record(*parts: object) -> None:
    """Note that something happened, from any thread: `record("enter", "session")`."""
    _EVENTS.append(" ".join(str(part) for part in parts))


def events_taken() -> tuple[str, ...]:
    """Hand over the events since the last call, and forget them."""
    events = tuple(_EVENTS)
    _EVENTS.clear()
    return events


def seen(**values: object) -> dict[str, str]:
    """Describe the arguments of an endpoint or dependency: types and values, as text that JSON can carry."""
    return {name: show(value) for name, value in values.items()}


def show(value: Any) -> str:
    """Describe one value, including what `repr` leaves out: the fields a model was given, the content of a file."""
    kind = type(value).__name__
    match value:
        case UploadFile():
            return f"{kind}({_upload(value)})"
        case BaseModel():
            return f"{kind}({_model(value)})"
        case SecretStr() | SecretBytes():
            return f"{kind}({value.get_secret_value()!r})"
        case Enum() | str() | bytes() | Decimal() | None:
            return f"{kind} {value!r}"
        case Mapping():
            return f"{kind}{{{', '.join(f'{show(key)}: {show(item)}' for key, item in value.items())}}}"
        case set() | frozenset():
            return f"{kind}[{', '.join(sorted(map(show, value)))}]"
        case list() | tuple():
            return f"{kind}[{', '.join(map(show, value))}]"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = ", ".join(
            f"{field.name}={show(getattr(value, field.name))}" for field in dataclasses.fields(value)
        )
        return f"{kind}({inside})"
    return _ADDRESS.sub("", f"{kind} {value!r}")


def _upload(upload: UploadFile) -> str:
    """The parts of an upload; the file is read through its synchronous handle and wound back."""
    upload.file.seek(0)
    content = upload.file.read()
    upload.file.seek(0)
    return f"{upload.filename!r}, {upload.size}, {upload.headers.raw!r}, {content!r}"


def _model(model: BaseModel) -> str:
    """Fields, extra fields and the set of fields that were given: `exclude_unset` depends on the last one."""
    fields = [f"{name}={show(item)}" for name, item in model.__dict__.items()]
    extra = [f"+{name!r}={show(item)}" for name, item in (model.__pydantic_extra__ or {}).items()]
    return ", ".join([*fields, *extra, f"given={sorted(model.model_fields_set)}"])
