"""Response headers become lines: what was checked once is remembered, and remembering changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from vivace.server import fields
from vivace.server.fields import encode_fields

PLAIN = [(b"content-type", b"text/plain"), (b"x-request-id", b"7f3a")]


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_lines", {})


def test_the_second_time_is_as_the_first() -> None:
    first = encode_fields(PLAIN).lines
    assert first == b"content-type: text/plain\r\nx-request-id: 7f3a\r\n"
    assert set(fields._lines) == set(PLAIN)
    assert encode_fields(PLAIN).lines == first


@pytest.mark.parametrize("name", [b"X-Request-ID", b"x-request-id"])
def test_names_are_in_lower_case_each_time(name: bytes) -> None:
    for _ in range(2):
        assert encode_fields([(name, b"7f3a")]).lines == b"x-request-id: 7f3a\r\n"


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_any_buffer_will_do(make: Any) -> None:
    for _ in range(2):
        assert encode_fields([(b"a", make(b"b"))]).lines == b"a: b\r\n"
    assert (b"a", b"b") in fields._lines or make is not bytes


@pytest.mark.parametrize("value", [b"b\r\nc: d", b"b\x00", b"\x7f"])
def test_what_is_refused_is_refused_again(value: bytes) -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError, match="control character"):
            encode_fields([*PLAIN, (b"a", value)])


def test_framing_is_read_each_time() -> None:
    for _ in range(2):
        found = encode_fields([(b"content-length", b"5"), (b"connection", b"close"), *PLAIN])
        assert (found.length, found.closes, found.is_plain) == (5, True, False)
        assert encode_fields([(b"transfer-encoding", b"chunked")]).is_chunked
    assert set(fields._lines) == set(PLAIN)


def test_the_memory_is_bounded() -> None:
    for number in range(3 * fields._MAX_LINES):
        encode_fields([(b"x-request-id", b"%d" % number)])
    assert len(fields._lines) <= fields._MAX_LINES
    encode_fields([(b"x-long", b"a" * fields._MAX_LINE)])
    assert not any(name == b"x-long" for name, _ in fields._lines)
