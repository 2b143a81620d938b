"""Values that travel between a declaration and a request: uploaded files, and options that were left unset.

`Default` marks an option's value as "nobody chose this", so that a router or the application may still supply
its own. Everything else here is Starlette's, re-exported. This module knows nothing of routes, plans or
validation beyond what `UploadFile` tells Pydantic about itself.
"""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeVar, cast

from pydantic import GetJsonSchemaHandler
from starlette.datastructures import URL as URL
from starlette.datastructures import Address as Address
from starlette.datastructures import FormData as FormData
from starlette.datastructures import Headers as Headers
from starlette.datastructures import QueryParams as QueryParams
from starlette.datastructures import State as State
from starlette.datastructures import UploadFile as StarletteUploadFile


class UploadFile(StarletteUploadFile):
    """A file sent in a multipart form; small ones stay in memory, large ones spill to disk.

    The methods run the blocking file operations in a worker thread, so an `async def` endpoint may await
    them. `file` is the plain Python file object, for `def` endpoints and for libraries that want one.

        @app.post("/avatars")
        async def upload(avatar: UploadFile):
            return {"name": avatar.filename, "bytes": len(await avatar.read())}
    """

    file: BinaryIO
    """The spooled temporary file behind this upload, opened in binary mode."""
    filename: str | None
    """The file name that the client sent: never trust it as a path."""
    size: int | None
    """Size in bytes."""
    headers: Headers
    """Headers of this part of the form. `content_type` is the one among them that the client claims for the file."""

    async def write(self, data: bytes) -> None:
        """Write `data` at the current position."""
        return await super().write(data)

    async def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes from the current position; all that is left when `size` is -1."""
        return await super().read(size)

    async def seek(self, offset: int) -> None:
        """Move the current position to `offset` bytes from the start: `await file.seek(0)` rewinds."""
        return await super().seek(offset)

    async def close(self) -> None:
        """Close the file and drop its temporary storage. The framework does so at the end of each request."""
        return await super().close()

    @classmethod
    def _validate(cls, input_value: Any, _: Any, /) -> "UploadFile":
        if not isinstance(input_value, StarletteUploadFile):
            # Pydantic makes an error of the request from a ValueError, and lets a TypeError through.
            raise ValueError(f"Expected UploadFile, received: {type(input_value)}")
        return cast("UploadFile", input_value)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Mapping[str, Any], handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        # OpenAPI 3.1 describes raw binary with JSON Schema's own keyword (JSON Schema 2020-12 validation,
        # 8.4).
        return {"type": "string", "contentMediaType": "application/octet-stream"}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: Callable[[Any], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        # Pydantic is imported already; its core_schema module is only needed by programs that take uploads.
        from pydantic_core.core_schema import with_info_plain_validator_function

        return cast(Mapping[str, Any], with_info_plain_validator_function(cls._validate))


class DefaultPlaceholder:
    """Holds a default value, and says by its type that the value is only a default.

    Compare by value: two placeholders with equal values are equal. It is as true or false as the value it
    holds.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DefaultPlaceholder) and bool(self.value == other.value)


DefaultType = TypeVar("DefaultType")


def Default(value: DefaultType) -> DefaultType:
    """Wrap `value` as a default that a wider setting may replace.

    Type checkers see the type of the value itself.

        def include(response_class: type[Response] = Default(JSONResponse)): ...
    """
    return DefaultPlaceholder(value)  # type: ignore[return-value]  # the type is for readers of signatures


def get_value_or_default(
    first_item: DefaultPlaceholder | DefaultType, *extra_items: DefaultPlaceholder | DefaultType
) -> DefaultPlaceholder | DefaultType:
    """The first item that somebody chose, given from the most specific on.

    If nobody chose any, it is the first default.

        get_value_or_default(Default(JSONResponse), HTMLResponse)  # HTMLResponse
    """
    items = (first_item, *extra_items)
    return next((item for item in items if not isinstance(item, DefaultPlaceholder)), first_item)


# An option that was not given, where None is a meaningful value of its own. Compare with `is`.
_Unset: Any = Default(None)
