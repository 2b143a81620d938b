"""Responses: Starlette's, server-sent events, and two JSON libraries' that are on their way out."""

from importlib import import_module
from typing import Any, Protocol

from starlette.responses import FileResponse as FileResponse
from starlette.responses import HTMLResponse as HTMLResponse
from starlette.responses import JSONResponse as JSONResponse
from starlette.responses import PlainTextResponse as PlainTextResponse
from starlette.responses import RedirectResponse as RedirectResponse
from starlette.responses import Response as Response
from starlette.responses import StreamingResponse as StreamingResponse
from typing_extensions import deprecated

from vivace.exceptions import FastAPIDeprecationWarning
from vivace.sse import EventSourceResponse as EventSourceResponse


# Both libraries are optional; this is what is used of them.
class _OrjsonModule(Protocol):
    OPT_NON_STR_KEYS: int
    OPT_SERIALIZE_NUMPY: int

    def dumps(self, obj: Any, /, *, option: int) -> bytes: ...


class _UjsonModule(Protocol):
    def dumps(self, obj: Any, /, *, ensure_ascii: bool) -> str: ...


def _import_if_installed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


orjson: _OrjsonModule | None = _import_if_installed("orjson")
ujson: _UjsonModule | None = _import_if_installed("ujson")

_REPLACEMENT = (
    "with a return type or `response_model`, Pydantic writes the JSON itself, and faster. "
    "Declare one, and leave the response class out."
)


@deprecated(f"UJSONResponse is deprecated: {_REPLACEMENT}", category=FastAPIDeprecationWarning)
class UJSONResponse(JSONResponse):
    """JSON written by `ujson`, which is less exact than the standard library. Deprecated."""

    def render(self, content: Any) -> bytes:
        if ujson is None:
            raise AssertionError("ujson must be installed to use UJSONResponse: `pip install ujson`.")
        return ujson.dumps(content, ensure_ascii=False).encode("utf-8")


@deprecated(f"ORJSONResponse is deprecated: {_REPLACEMENT}", category=FastAPIDeprecationWarning)
class ORJSONResponse(JSONResponse):
    """JSON written by `orjson`, with keys of any plain type and NumPy arrays as values. Deprecated."""

    def render(self, content: Any) -> bytes:
        if orjson is None:
            raise AssertionError("orjson must be installed to use ORJSONResponse: `pip install orjson`.")
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
