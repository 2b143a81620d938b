"""Values without a response model as JSON text: plain data in one pass, anything else as FastAPI encodes it."""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable
from typing import Any, cast

from starlette.responses import JSONResponse


def _compact() -> Callable[[Any], str]:
    """What `JSONResponse` encodes with."""
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # PERF (404, 422): `JSONEncoder.encode` makes one of these for every text, which takes longer than a short text
    # itself. This one is the same but for circular data, where it runs too deep: the ordinary one then says what is
    # wrong.
    try:
        pieces: Any = json.encoder.c_make_encoder(  # type: ignore[attr-defined]  # not in the stubs
            None, encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False
        )
        if "".join(pieces([0.5], 0)) != "[0.5]":
            return encoder.encode
    except (AttributeError, TypeError):  # another Python, without that or with another signature
        return encoder.encode

    def encode(value: Any) -> str:
        try:
            return "".join(pieces(value, 0))
        except RecursionError:
            return encoder.encode(value)

    return encode


_encode = _compact()


def plain_json_bytes(value: Any) -> bytes:
    """Plain data as JSON, as `JSONResponse` writes it; raises what that raises for anything else."""
    return _encode(value).encode("utf-8")


def json_bytes(value: Any) -> bytes:
    """A value as JSON, as `JSONResponse(jsonable_encoder(value))` would write it.

    >>> json_bytes({"detail": "Not Found"})
    b'{"detail":"Not Found"}'

    Raises what those two raise for a value that cannot be written.
    """
    # PERF (W1): plain data is written in one pass. What the encoder cannot write, and what jsonable_encoder would leave
    # out (keys of SQLAlchemy's state), goes the long way, which also makes the errors.
    try:
        text = _encode(value)
    except (TypeError, ValueError, RecursionError):
        text = ""
    if text and '"_sa' not in text:
        return text.encode("utf-8")
    from vivace.encoders import jsonable_encoder  # PERF (W12): imported when something needs encoding

    return bytes(JSONResponse(jsonable_encoder(value)).body)


_encode_spaced = json.JSONEncoder(allow_nan=False).encode


def spaced_json_bytes(value: Any) -> bytes | None:
    """Plain data as `json.dumps(jsonable_encoder(value))` would write it; `None` if that is not certain."""
    # PERF (W9): see `json_bytes`.
    try:
        text = _encode_spaced(value)
    except (TypeError, ValueError, RecursionError):
        return None
    return None if '"_sa' in text else text.encode()


class EncodedResponse(JSONResponse):
    """A JSON response whose content is JSON text already."""

    def render(self, content: Any) -> bytes:
        return cast("bytes", content)
