"""Read what an endpoint declares from given data, without an application: the shortest way to ask one question.

def endpoint(limit: Annotated[int, Query(ge=1)] = 10): ...

read(endpoint, QueryParams("limit=3"))  # ({"limit": 3}, [])
"""

import asyncio
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, Headers, UploadFile

from vivace._compile.extract import request_params_to_args
from vivace._compile.jsonbody import request_body_to_args
from vivace._plan.body import should_embed
from vivace._plan.dependencies import build_dependency
from vivace._plan.fields import ModelField

Endpoint = Callable[..., Any]
Answer = tuple[dict[str, Any], list[dict[str, Any]]]


def fields_of(endpoint: Endpoint, path: str = "/") -> dict[str, list[ModelField]]:
    """The fields that the endpoint declares, by location."""
    plan = build_dependency(endpoint, path)
    return {
        location: [parameter.field for parameter in getattr(plan, location)]
        for location in ("path", "query", "header", "cookie", "body")
    }


def field_of(endpoint: Endpoint, path: str = "/") -> ModelField:
    """The one field that the endpoint declares."""
    (field,) = [field for fields in fields_of(endpoint, path).values() for field in fields]
    return field


def read(endpoint: Endpoint, source: Any, path: str = "/") -> Answer:
    """Values and errors of an endpoint whose parameters are all in one source."""
    (fields,) = [fields for fields in fields_of(endpoint, path).values() if fields]
    return request_params_to_args(fields, source)


def read_body(endpoint: Endpoint, body: Any) -> Answer:
    """Values and errors of an endpoint that takes all from the body."""
    fields = fields_of(endpoint)["body"]
    return asyncio.run(request_body_to_args(fields, body, should_embed(fields)))


def failures(answer: Answer) -> list[tuple[str, tuple[int | str, ...]]]:
    """Type and location of each error."""
    return [(error["type"], error["loc"]) for error in answer[1]]


def headers(*items: str) -> Headers:
    """`headers("x-token: a", "x-token: b")`, as a server hands them over: names in lower case."""
    pairs = [item.split(": ") for item in items]
    return Headers(raw=[(name.lower().encode(), value.encode()) for name, value in pairs])


def form(text: str = "", *files: tuple[str, UploadFile]) -> FormData:
    """`form("name=Rick&tags=", ("avatar", upload(b"...")))`."""
    return FormData([*parse_qsl(text, keep_blank_values=True), *files])


def upload(content: bytes, filename: str = "file.txt") -> UploadFile:
    return UploadFile(io.BytesIO(content), filename=filename, size=len(content))


def no_file() -> UploadFile:
    """What a browser sends for a file input that was left empty."""
    return upload(b"", filename="")
