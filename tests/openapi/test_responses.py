"""Responses: status code, media type and schema of the endpoint's own, and what the user adds."""

from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel

from vivace.responses import (
    EventSourceResponse,
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from vivace.sse import ServerSentEvent

from .documents import Json, operation_of


class Item(BaseModel):
    name: str


class Problem(BaseModel):
    detail: str


ITEM = {"$ref": "#/components/schemas/Item"}
PROBLEM = {"$ref": "#/components/schemas/Problem"}


class ApiJson(JSONResponse):
    media_type = "application/vnd.api+json"


class Accepted(Response):
    media_type = "text/csv"

    def __init__(self, content: Any = None, status_code: int = 202) -> None:
        super().__init__(content, status_code)


class Undecided(Response):
    """Says nothing of the status code that it is made with."""

    def __init__(self, content: Any) -> None:
        super().__init__(content)


def responses_of(endpoint: Any, **options: Any) -> Json:
    responses: Json = operation_of(endpoint, **options)["responses"]
    return responses


def nothing() -> None: ...


def untyped(): ...


def item() -> Item: ...


def content(media_type: str, schema: Json, key: str = "schema") -> Json:
    return {"description": "Successful Response", "content": {media_type: {key: schema}}}


@pytest.mark.parametrize(
    ("endpoint", "options", "status_code", "response"),
    [
        (untyped, {}, "200", content("application/json", {})),
        (item, {}, "200", content("application/json", ITEM)),
        (item, {"status_code": 201}, "201", content("application/json", ITEM)),
        (untyped, {"response_model": Item}, "200", content("application/json", ITEM)),
        (item, {"response_class": ApiJson}, "200", content("application/vnd.api+json", ITEM)),
        (untyped, {"response_class": PlainTextResponse}, "200", content("text/plain", {"type": "string"})),
        (untyped, {"response_class": HTMLResponse}, "200", content("text/html", {"type": "string"})),
        (untyped, {"response_class": Accepted}, "202", content("text/csv", {"type": "string"})),
        (untyped, {"response_class": RedirectResponse}, "307", {"description": "Successful Response"}),
        (untyped, {"response_class": FileResponse}, "200", {"description": "Successful Response"}),
        (untyped, {"response_class": Undecided}, "200", {"description": "Successful Response"}),
        (nothing, {"status_code": 204}, "204", {"description": "Successful Response"}),
        (untyped, {"status_code": 304, "response_description": "Known"}, "304", {"description": "Known"}),
    ],
)
def test_the_own_response(endpoint: Any, options: Json, status_code: str, response: Json) -> None:
    assert responses_of(endpoint, **options) == {status_code: response}


# ---- streams ---------------------------------------------------------------------------------------------------------


def items() -> Iterator[Item]:
    yield Item(name="a")


async def some_items() -> AsyncIterator[Item]:
    yield Item(name="a")


def anything():
    yield 1


def events() -> Iterator[ServerSentEvent]:
    yield ServerSentEvent(data=1)


@pytest.mark.parametrize(("endpoint", "schema"), [(items, ITEM), (some_items, ITEM), (anything, {})])
def test_json_lines_describe_one_line(endpoint: Any, schema: Json) -> None:
    assert responses_of(endpoint) == {"200": content("application/jsonl", schema, "itemSchema")}


@pytest.mark.parametrize("endpoint", [events, anything])
def test_events_made_by_hand_carry_text(endpoint: Any) -> None:
    described = responses_of(endpoint, response_class=EventSourceResponse)["200"]["content"][
        "text/event-stream"
    ]

    assert described["itemSchema"] == {
        "type": "object",
        "properties": {
            "data": {"type": "string"},
            "event": {"type": "string"},
            "id": {"type": "string"},
            "retry": {"type": "integer", "minimum": 0},
        },
    }


def test_events_of_a_model_carry_it_as_json() -> None:
    described = responses_of(items, response_class=EventSourceResponse)["200"]["content"]["text/event-stream"]

    assert described["itemSchema"]["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": ITEM,
    }
    assert described["itemSchema"]["required"] == ["data"]


def test_a_stream_of_bytes_says_nothing_of_its_content() -> None:
    assert responses_of(anything, response_class=StreamingResponse) == {
        "200": {"description": "Successful Response"}
    }


# ---- additional responses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("described", "key", "response"),
    [
        ({404: {}}, "404", {"description": "Not Found"}),
        ({"404": {"description": "Gone"}}, "404", {"description": "Gone"}),
        ({404: {"description": ""}}, "404", {"description": "Not Found"}),
        ({299: {}}, "299", {"description": "Additional Response"}),
        ({"5xx": {}}, "5XX", {"description": "Server Error"}),
        ({"Default": {}}, "default", {"description": "Default Response"}),
        (
            {404: {"model": Problem}},
            "404",
            {"content": {"application/json": {"schema": PROBLEM}}, "description": "Not Found"},
        ),
        (
            {404: {"model": Problem, "content": {"application/json": {"example": {"detail": "x"}}, "text/plain": {}}}},
            "404",
            {
                "content": {"application/json": {"example": {"detail": "x"}, "schema": PROBLEM}, "text/plain": {}},
                "description": "Not Found",
            },
        ),
        (
            {404: {"model": Problem, "content": {"application/json": {"schema": {"title": "P", "x-a": [1]}}}}},
            "404",
            {
                "content": {"application/json": {"schema": {"title": "P", "x-a": [1], **PROBLEM}}},
                "description": "Not Found",
            },
        ),
    ],
)  # fmt: skip
def test_an_additional_response(described: Any, key: str, response: Json) -> None:
    assert responses_of(untyped, responses=described)[key] == response


def test_the_own_response_may_be_described_further() -> None:
    described = {200: {"description": "One item", "content": {"image/png": {}}}}

    assert responses_of(item, responses=described)["200"] == {
        "description": "One item",
        "content": {"application/json": {"schema": ITEM}, "image/png": {}},
    }


def test_a_model_stands_under_the_media_type_of_the_route() -> None:
    described = responses_of(untyped, response_class=ApiJson, responses={404: {"model": Problem}})

    assert list(described["404"]["content"]) == ["application/vnd.api+json"]


def test_a_key_that_is_no_status_code_is_refused() -> None:
    with pytest.raises(ValueError, match="teapot"):
        responses_of(untyped, responses={"teapot": {}})


def test_what_the_user_wrote_stays_as_it_was() -> None:
    described: Any = {404: {"model": Problem, "content": {"application/json": {"schema": {"x-a": 1}}}}}
    before = deepcopy(described)

    responses_of(untyped, responses=described)

    assert described == before


# ---- the validation error --------------------------------------------------------------------------------------------


def limited(limit: int) -> None: ...


def test_an_endpoint_that_reads_something_may_answer_422() -> None:
    assert responses_of(limited)["422"] == {
        "description": "Validation Error",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
    }
    assert "422" not in responses_of(untyped)


@pytest.mark.parametrize("key", [422, "4XX", "default"])
def test_the_user_may_describe_validation_errors_instead(key: Any) -> None:
    described = responses_of(limited, responses={key: {"description": "Mine"}})

    assert described[str(key)]["description"] == "Mine"
    assert set(described) == {"200", str(key)}
