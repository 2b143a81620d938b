"""The response: what the endpoint's return annotation and options say about the answer."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from typing import Any, get_args, get_origin

from pydantic import PydanticSchemaGenerationError
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.responses import Response

from vivace._status import is_body_allowed_for_status_code
from vivace.datastructures import DefaultPlaceholder
from vivace.exceptions import FastAPIError, PydanticV1NotSupportedError
from vivace.sse import EventSourceResponse, ServerSentEvent

from .annotations import annotation_is_pydantic_v1, lenient_issubclass
from .errors import DeclarationError
from .fields import ModelField
from .nodes import ResponseMode
from .signature import call_kind, describe, typed_return_annotation

_STREAM_ORIGINS = {AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator}


def stream_item_type(annotation: Any) -> Any:
    """`Item` for `AsyncIterable[Item]` and its relatives, `Any` for a bare one, `None` for what is not iterated."""
    origin = get_origin(annotation)
    if origin in _STREAM_ORIGINS:
        arguments = get_args(annotation)
        return arguments[0] if arguments else Any
    return None


def response_mode(endpoint: Callable[..., Any], response_class: Any) -> ResponseMode:
    """An endpoint that yields is a stream; its response class says which."""
    if not call_kind(endpoint).has_exit:
        return ResponseMode.VALUE
    if isinstance(response_class, DefaultPlaceholder):
        actual = response_class.value
        if not lenient_issubclass(actual, EventSourceResponse):
            return ResponseMode.JSON_LINES
        return ResponseMode.SSE
    return (
        ResponseMode.SSE if lenient_issubclass(response_class, EventSourceResponse) else ResponseMode.STREAM
    )


def response_type(endpoint: Callable[..., Any], declared: Any, mode: ResponseMode) -> tuple[Any, Any]:
    """The response model and the stream's item type: as declared, or from the return annotation.

    A return annotation that is a Response class is no model: the endpoint makes the response itself.
    """
    if not isinstance(declared, DefaultPlaceholder):
        return declared, None
    annotation = typed_return_annotation(endpoint)
    if lenient_issubclass(annotation, Response):
        return None, None
    item = stream_item_type(annotation)
    if item is None or mode is ResponseMode.VALUE:
        return annotation, None
    return None, item if mode in (ResponseMode.JSON_LINES, ResponseMode.SSE) else None


def model_field(name: str, annotation: Any, endpoint: Callable[..., Any]) -> ModelField:
    """A field for the answer. Raises `FastAPIError`, naming the endpoint, if Pydantic can make nothing of the type."""
    if annotation_is_pydantic_v1(annotation):
        raise PydanticV1NotSupportedError(
            "pydantic.v1 models are no longer supported by FastAPI. Please update the response model"
            f" {annotation!r}, in {describe(endpoint)}."
        )
    info = FieldInfo(annotation=annotation, default=PydanticUndefined)
    field = ModelField(field_info=info, name=name, mode="serialization")
    try:
        field.check()
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation) as exc:
        raise FastAPIError(invalid_type_message(annotation, describe(endpoint))) from exc
    return field


def item_field(unique_id: str, item_type: Any, endpoint: Callable[..., Any]) -> ModelField | None:
    """The field of a stream's items, `None` where they are not described: untyped, or events made by hand."""
    if item_type is None or lenient_issubclass(item_type, ServerSentEvent):
        return None
    return model_field(f"StreamItem_{unique_id}", item_type, endpoint)


def response_field(
    unique_id: str, model: Any, status_code: int | None, endpoint: Callable[..., Any]
) -> ModelField | None:
    """The field of the response model; `DeclarationError` if the status code forbids a body."""
    if not model:
        return None
    if not is_body_allowed_for_status_code(status_code):
        raise DeclarationError(
            f"Status code {status_code} must not have a response body. Remove the response model, or annotate the"
            " endpoint with `-> None` or `-> Response`."
        ).located(endpoint)
    return model_field(f"Response_{unique_id}", model, endpoint)


def invalid_type_message(annotation: Any, place: str) -> str:
    """What to say when Pydantic cannot handle a type."""
    return (
        "Invalid args for response field! Hint: "
        f"check that {annotation} is a valid Pydantic field type. "
        "If you are using a return type annotation that is not a valid Pydantic field "
        "(e.g. Union[Response, dict, None]) you can disable generating the response model from the type annotation "
        f"with the path operation decorator parameter response_model=None. In {place}."
    )
