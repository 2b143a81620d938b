"""The bank of `examples/errors` answers its errors in one shape, on vivace and on FastAPI alike."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

FOLDER = Path(__file__).parents[2] / "examples" / "errors"
SOURCE = (FOLDER / "main.py").read_text(encoding="utf-8")


def bank(framework: str) -> TestClient:
    """The program, with another name in its import lines."""
    source = re.sub(r"^from vivace\b", f"from {framework}", SOURCE, flags=re.MULTILINE)
    names: dict[str, Any] = {"__name__": f"bank_on_{framework}"}
    exec(compile(source, str(FOLDER / "main.py"), "exec", dont_inherit=True), names)
    # As behind a server: the exception behind a 500 is the server's to log.
    return TestClient(names["app"], raise_server_exceptions=False)


@pytest.fixture
def client() -> TestClient:
    return bank("vivace")


def problem(status: int, title: str, detail: str, **extensions: Any) -> dict[str, Any]:
    return {"title": title, "status": status, "detail": detail, **extensions}


CASES = [
    ("GET", "/accounts/1", None, 200, {"account_id": 1, "cents": 10000}),
    ("GET", "/accounts/9", None, 404, problem(404, "Not Found", "there is no account 9")),
    (
        "POST",
        "/accounts/9/withdrawals",
        {"cents": 1},
        404,
        problem(404, "Not Found", "there is no account 9"),
    ),
    (
        "POST",
        "/accounts/one/withdrawals",
        {"cents": 0, "note": "x" * 21},
        422,
        problem(
            422,
            "Unprocessable Entity",
            "3 mistakes in the request",
            mistakes=[
                {
                    "where": "path.account_id",
                    "what": "Input should be a valid integer, unable to parse string as an integer",
                },
                {"where": "body.cents", "what": "Input should be greater than 0"},
                {"where": "body.note", "what": "String should have at most 20 characters"},
            ],
        ),
    ),
    (
        "POST",
        "/accounts/2/withdrawals",
        {"cents": 5},
        409,
        problem(409, "Conflict", "account 2 lacks 5 cents", account=2, missing_cents=5),
    ),
    ("GET", "/interest?years=4", None, 200, 25.0),
    (
        "GET",
        "/interest?years=0",
        None,
        500,
        problem(500, "Internal Server Error", "this is our fault, not yours"),
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "expected"), CASES)
def test_answers(client: TestClient, method: str, path: str, body: Any, status: int, expected: Any) -> None:
    answer = client.request(method, path, json=body)
    if status == 422:  # its phrase is another one since Python 3.13
        expected["title"] = answer.json()["title"]
    assert (answer.status_code, answer.json()) == (status, expected)
    kind = "application/json" if status == 200 else "application/problem+json"
    assert answer.headers["content-type"] == kind


def test_the_headers_of_an_http_exception(client: TestClient) -> None:
    assert client.get("/accounts/9").headers["x-accounts"] == "2"


def test_what_nobody_thought_of_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        client.get("/interest?years=0")
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("bank", "GET /interest failed")
    ]


def test_the_same_on_fastapi() -> None:
    """Status, headers and body, to the byte."""
    clients = [bank(framework) for framework in ("vivace", "fastapi")]
    for method, path, body, *_ in CASES:
        ours, theirs = (client.request(method, path, json=body) for client in clients)
        assert (ours.status_code, ours.headers, ours.content) == (
            theirs.status_code,
            theirs.headers,
            theirs.content,
        )


def test_the_readme_shows_each_kind(client: TestClient) -> None:
    shown = re.findall(
        r"127\.0\.0\.1:8000(\S+?)\"?(?: --json '(.*?)')? +# (\d+):", (FOLDER / "README.md").read_text()
    )
    assert [int(status) for *_, status in shown] == [404, 422, 409, 500]
    for path, body, status in shown:
        headers = {"content-type": "application/json"} if body else {}
        answer = client.request("POST" if body else "GET", path, content=body or None, headers=headers)
        assert answer.status_code == int(status)
