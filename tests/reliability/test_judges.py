"""The judges can tell: what they are to object to, they object to, and they agree with one another."""

from __future__ import annotations

import random

import pytest

from reliability import desync
from reliability.answers import Answer, MalformedAnswerError, read_answers
from reliability.reference import read_requests
from reliability.splits import at_random, bytewise, in_two
from reliability.vectors import VECTORS, Vector
from reliability.wire import Outcome, Seen

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_reference_gives_the_verdict_of_the_vectors(vector: Vector) -> None:
    reading = read_requests(vector.data)
    seen = tuple(desync.as_seen(read.method, read.target, read.body) for read in reading.requests)
    assert (seen, reading.refusal is None) == (vector.seen, vector.refusal is None), reading.refusal


@pytest.mark.parametrize(
    ("data", "methods", "closed", "statuses"),
    [
        (b"", (), False, []),
        (OK, (), False, [200]),
        (OK + OK, (), False, [200, 200]),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (), False, [200]),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + OK, ("HEAD", "GET"), False, [200, 200]),
        (b"HTTP/1.1 204 No Content\r\n\r\n" + OK, (), False, [204, 200]),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", (), False, [200]),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nto the end", (), True, [200]),
    ],
)
def test_whole_answers(data: bytes, methods: tuple[str, ...], closed: bool, statuses: list[int]) -> None:
    assert [answer.status for answer in read_answers(data, methods, closed=closed)] == statuses


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\n\n",
        b"200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nno length",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
        b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" + OK,
        OK + b"rest",
    ],
)
def test_malformed_answers(data: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        read_answers(data, closed=False)


def test_an_answer_that_is_cut_off() -> None:
    for body in (b"3\r\nok", b"3\r\nok!\r\n", b"3"):
        data = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + body
        assert [answer.is_whole for answer in read_answers(data, closed=True)] == [False]


TWO = b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n" + b"GET /b HTTP/1.1\r\nHost: a.example\r\n\r\n"
SEEN = (Seen("GET", b"/a", b""), Seen("GET", b"/b", b""))


def echoed(place: int, text: bytes, status: int = 200) -> bytes:
    return b"HTTP/1.1 %d OK\r\nx-request: %d\r\ncontent-length: %d\r\n\r\n%s" % (
        status,
        place,
        len(text),
        text,
    )


REFUSED = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("stream", "outcome", "kind"),
    [
        (TWO, Outcome(SEEN, echoed(0, b"0 GET /a") + echoed(1, b"1 GET /b"), True, ()), None),
        (TWO, Outcome(SEEN, echoed(1, b"1 GET /b") + echoed(0, b"0 GET /a"), True, ()), "out of order"),
        (TWO, Outcome(SEEN[:1], echoed(0, b"0 GET /a"), True, ()), "other requests"),
        (TWO, Outcome((*SEEN, SEEN[0]), echoed(0, b"0 GET /a"), True, ()), "other requests"),
        (TWO, Outcome(SEEN, echoed(0, b"0 GET /a"), True, ()), "not answered"),
        (TWO, Outcome(SEEN, echoed(0, b"0 GET /a") + echoed(1, b"1 GET /b") + REFUSED, True, ()), "refused"),
        (TWO, Outcome(SEEN, echoed(0, b"0 GET /a") + echoed(1, b"1 GET /b"), False, ()), "not closed"),
        (TWO, Outcome(SEEN, b"nonsense", True, ()), "malformed answer"),
        (TWO, Outcome(SEEN, echoed(0, b"0 GET /a"), True, ("ValueError: x",)), "exception"),
        (b"BAD\r\n\r\n", Outcome((), REFUSED, True, ()), None),
        (b"BAD\r\n\r\n", Outcome((), b"", True, ()), "not refused"),
    ],
)
def test_what_the_judge_of_streams_objects_to(stream: bytes, outcome: Outcome, kind: str | None) -> None:
    fault = desync.judge(stream, [stream], outcome)
    assert (fault and fault.kind) == kind, str(fault)


def test_splits_lose_nothing() -> None:
    data = bytes(range(200))
    choose = random.Random(1)
    for pieces in (bytewise(data), *in_two(data), *(at_random(data, choose) for _ in range(200))):
        assert b"".join(pieces) == data and all(pieces)


def test_streams_are_made_from_their_number() -> None:
    streams = [desync.make_stream(random.Random(f"1:{number}")) for number in range(500)]
    assert streams == [desync.make_stream(random.Random(f"1:{number}")) for number in range(500)]
    readings = [read_requests(stream) for stream in streams]
    # Neither all refused nor all accepted: both verdicts are tried.
    assert 50 < sum(reading.refusal is None for reading in readings) < 450
    assert any(len(reading.requests) > 2 for reading in map(read_requests, streams))


def test_answers_are_values() -> None:
    assert Answer(200, ((b"a", b"1"), (b"a", b"2")), b"").header(b"a") == b"1, 2"
