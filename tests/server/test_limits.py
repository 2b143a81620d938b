"""`Limits`: values, the environment, and classes of one's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from vivace.server import HTTPProtocol, Limits
from vivace.server.limits import environment_variable

from . import apps
from .serving import serve


def test_defaults() -> None:
    assert dataclasses.asdict(Limits()) == {
        "max_head_size": 65_536,
        "max_fields": 100,
        "max_target_size": 16_384,
        "max_body_size": None,
        "max_unread_body": 262_144,
        "max_unsent_size": 131_072,
        "head_timeout": 30.0,
        "body_timeout": 60.0,
        "write_timeout": 60.0,
        "keep_alive_timeout": None,
        "linger_timeout": 2.0,
        "shutdown_grace": 0.1,
    }


def test_every_limit_explains_itself() -> None:
    for limit in dataclasses.fields(Limits):
        assert limit.metadata["unit"] in ("bytes", "fields", "seconds")
        assert limit.metadata["help"].endswith(".")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Limits()),
        ({"VIVACE_MAX_FIELDS": "7", "OTHER": "x"}, Limits(max_fields=7)),
        ({"VIVACE_HEAD_TIMEOUT": "1.5"}, Limits(head_timeout=1.5)),
        ({"VIVACE_MAX_BODY_SIZE": "1000"}, Limits(max_body_size=1000)),
        ({"VIVACE_BODY_TIMEOUT": "None"}, Limits(body_timeout=None)),
        ({"VIVACE_KEEP_ALIVE_TIMEOUT": ""}, Limits()),
    ],
)
def test_environment(environment: dict[str, str], expected: Limits) -> None:
    assert Limits.from_environment(environment) == expected


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"VIVACE_MAX_FIELDS": "many"}, "VIVACE_MAX_FIELDS must be a whole number, not 'many'"),
        ({"VIVACE_MAX_FIELDS": "none"}, "VIVACE_MAX_FIELDS must be a whole number, not 'none'"),
        ({"VIVACE_HEAD_TIMEOUT": "soon"}, "VIVACE_HEAD_TIMEOUT must be a number, not 'soon'"),
        ({"VIVACE_MAX_FIELDS": "0"}, "Limits.max_fields must be more than 0, not 0"),
        ({"VIVACE_SHUTDOWN_GRACE": "-1"}, "Limits.shutdown_grace must be 0 or more, not -1.0"),
    ],
)
def test_mistakes(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        Limits.from_environment(environment)
    assert str(raised.value) == message


def test_class_with_limits() -> None:
    limited = HTTPProtocol.with_limits(Limits(max_fields=7))
    assert issubclass(limited, HTTPProtocol)
    assert (limited.limits, HTTPProtocol.limits) == (Limits(max_fields=7), None)


def test_environment_counts_for_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment_variable("max_fields"), "1")
    with serve(apps.hello) as served:
        raw: Any = b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n"
        assert served.ask(raw % b"").statuses == [200]
        assert served.ask(raw % b"A: b\r\n").statuses == [431]


def test_document_lists_every_limit() -> None:
    text = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
    for limit in dataclasses.fields(Limits):
        assert f"`{limit.name}`" in text
