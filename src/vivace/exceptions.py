"""The errors of the package: those an endpoint raises, those a request causes, those a declaration causes.

An endpoint raises `HTTPException` or `WebSocketException` to answer the client. The framework raises a
`ValidationException` when data does not fit its declaration, and a `FastAPIError` when the declaration itself
is wrong. Nothing here knows how an error becomes a response: see `exception_handlers`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import BaseModel, create_model
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException


class EndpointContext(TypedDict, total=False):
    """Where an endpoint stands in the user's program: what a validation error names as its place."""

    function: str
    path: str
    """Method and path, such as `GET /items/{item_id}`."""
    file: str
    line: int


class HTTPException(StarletteHTTPException):
    """Stop handling the request and answer with an error of the client's making.

    `detail` is sent under that key and may be anything that `jsonable_encoder` knows; it defaults to the
    status code's standard phrase (RFC 9110, 15).

        @app.get("/items/{item_id}")
        async def read_item(item_id: str):
            if item_id not in items:
                raise HTTPException(status_code=404, detail="Item not found")
            return items[item_id]
    """

    def __init__(
        self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class WebSocketException(StarletteWebSocketException):
    """Close the WebSocket with a code of RFC 6455, 7.4.1.

    The reason has at most 123 bytes of UTF-8 (5.5 and 5.5.1).

        @app.websocket("/items")
        async def items(websocket: WebSocket, session: Annotated[str | None, Cookie()] = None):
            if session is None:
                raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
    """

    def __init__(self, code: int, reason: str | None = None) -> None:
        super().__init__(code=code, reason=reason)


if TYPE_CHECKING:
    RequestErrorModel: type[BaseModel]
    WebSocketErrorModel: type[BaseModel]

# Empty models: their names are what matters, since they head the errors that Pydantic reports.
_ERROR_MODELS = {"RequestErrorModel": "Request", "WebSocketErrorModel": "WebSocket"}


def __getattr__(name: str) -> type[BaseModel]:
    # PERF (W12): few programs ask for them, and making a model takes as long as importing this module.
    if name not in _ERROR_MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    model: type[BaseModel] = create_model(_ERROR_MODELS[name])
    globals()[name] = model
    return model


class FastAPIError(RuntimeError):
    """A declaration, or the way it is used, is wrong: the fault is in the program, not in the request."""


def _no_response_error() -> FastAPIError:
    """A `yield` dependency swallowed the exception, so that nobody answered."""
    return FastAPIError(
        "Response not awaited. There's a high chance that the application code is raising an exception and a dependency"
        " with yield has a block with a bare except, or a block with except Exception, and is not raising the exception"
        " again. Read more about it in the docs:"
        " https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/#dependencies-with-yield-and-except"
    )


class DependencyScopeError(FastAPIError):
    """A dependency that outlives the endpoint depends on one that does not."""


class PydanticV1NotSupportedError(FastAPIError):
    """A model of `pydantic.v1` stands where a Pydantic v2 model is needed."""


class FastAPIDeprecationWarning(UserWarning):
    """What is declared this way still works, but will go. A `UserWarning`, so that it is shown by default."""


class ValidationException(Exception):
    """Data did not fit its declaration. `errors()` lists what was wrong, as Pydantic describes it."""

    def __init__(self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None) -> None:
        self._errors = errors
        self.endpoint_ctx = endpoint_ctx

        place = endpoint_ctx or {}
        self.endpoint_function = place.get("function")
        self.endpoint_path = place.get("path")
        self.endpoint_file = place.get("file")
        self.endpoint_line = place.get("line")

    def errors(self) -> Sequence[Any]:
        """The errors: each a mapping with `type`, `loc`, `msg`, `input` and, for some types, `ctx`."""
        return self._errors

    def _format_endpoint_context(self) -> str:
        """The endpoint in a traceback's own form, which editors and terminals turn into a link."""
        if not (self.endpoint_file and self.endpoint_line and self.endpoint_function):
            return f"\n\n  Endpoint: {self.endpoint_path}" if self.endpoint_path else ""
        place = f'\n\n  File "{self.endpoint_file}", line {self.endpoint_line}, in {self.endpoint_function}'
        return f"{place}\n    {self.endpoint_path}" if self.endpoint_path else place

    def __str__(self) -> str:
        count = len(self._errors)
        lines = [f"{count} validation error{'' if count == 1 else 's'}:"]
        lines += [f"  {error}" for error in self._errors]
        return "\n".join(lines) + self._format_endpoint_context()


class RequestValidationError(ValidationException):
    """What the client sent does not fit the parameters. Answered with 422; `body` is what was received."""

    def __init__(
        self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


class WebSocketRequestValidationError(ValidationException):
    """What the client sent when opening a WebSocket does not fit the parameters. Closed with 1008."""

    def __init__(self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)


class ResponseValidationError(ValidationException):
    """What the endpoint returned does not fit its `response_model`: a bug in the program, so a 500.

    `body` is what the endpoint returned; it is for logs and handlers, and is never sent to the client.
    """

    def __init__(
        self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body
