"""JSON bodies: what is not announced as JSON is not read as JSON, and errors keep the document to themselves."""

from __future__ import annotations

from typing import Any

import pytest

from reliability.sockets import exchange, request
from vivace import FastAPI

from .conftest import Serve


def make_app() -> FastAPI:
    app = FastAPI()

    @app.post("/transfer")
    async def transfer(order: dict[str, Any]) -> Any:
        return order

    return app


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/plain; charset=application/json", "application/x-json", "", None]
)
def test_a_form_of_another_site_cannot_send_json(serve: Serve, content_type: str | None) -> None:
    """CVE-2021-32677: a browser sends `text/plain`, or no type at all, to other sites without asking them first."""
    fields = {} if content_type is None else {"content_type": content_type}
    (answer,) = exchange(
        serve(make_app()).address, request("/transfer", "POST", b'{"to": "mallory"}', **fields)
    )
    assert answer.status == 422
    assert b"dict_type" in answer.body


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"]
)
def test_what_is_json_is_read(serve: Serve, content_type: str) -> None:
    data = request("/transfer", "POST", b'{"to": "alice"}', content_type=content_type)
    (answer,) = exchange(serve(make_app()).address, data)
    assert (answer.status, answer.body) == (200, b'{"to":"alice"}')


@pytest.mark.parametrize(
    "body", [b'{"password": "hunter2", }', b'{"password": "hunter2"', b'["hunter2" "x"]']
)
def test_an_error_does_not_repeat_a_document_that_is_no_json(serve: Serve, body: bytes) -> None:
    (answer,) = exchange(
        serve(make_app()).address, request("/transfer", "POST", body, content_type="application/json")
    )
    assert answer.status == 422
    assert b"json_invalid" in answer.body and b"hunter2" not in answer.body


@pytest.mark.parametrize("body", [b"\xff\xfe", b'"\xc3"', b"\x00"])
def test_bytes_that_are_no_text_are_an_error_of_the_client(serve: Serve, body: bytes) -> None:
    (answer,) = exchange(
        serve(make_app()).address, request("/transfer", "POST", body, content_type="application/json")
    )
    assert answer.status in (400, 422)


def test_a_deep_document_is_an_error_of_the_client(serve: Serve) -> None:
    body = b"[" * 100_000 + b"]" * 100_000
    (answer,) = exchange(
        serve(make_app()).address, request("/transfer", "POST", body, content_type="application/json")
    )
    assert answer.status in (400, 422)
