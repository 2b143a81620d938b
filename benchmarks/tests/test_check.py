"""Who is measured at all: only what answers as the first contender does."""

from benchmarks.check import Referee
from benchmarks.contenders import choose
from benchmarks.messages import Answer
from benchmarks.workloads import Cold, Load, select

FASTAPI, VIVACE, GO, PROTOCOL = choose(["fastapi", "vivace", "go", "protocol"])
W1, W12 = select(["W1", "W12"])
assert isinstance(W1, Load) and isinstance(W12, Cold)
JSON = (("content-type", "application/json"),)
HELLO, REFUSED = Answer(200, JSON, b'{"message": "Hello"}'), Answer(405, JSON, b'{"detail": "no"}')


def test_the_first_contender_is_the_reference() -> None:
    referee = Referee(FASTAPI)
    assert referee.objection(W1, FASTAPI, [HELLO, REFUSED]) is None
    assert referee.objection(W1, VIVACE, [HELLO, REFUSED]) is None


def test_without_a_reference_nothing_counts() -> None:
    assert (
        Referee(FASTAPI).objection(W1, VIVACE, [HELLO, REFUSED])
        == "fastapi has given no answers to compare with"
    )


def test_the_reference_has_to_have_the_status_of_the_workload() -> None:
    objection = Referee(FASTAPI).objection(W1, FASTAPI, [REFUSED, REFUSED])
    assert objection is not None
    assert objection.endswith("where 200 was expected")


def test_vivace_answers_to_the_byte_and_peers_in_meaning() -> None:
    referee = Referee(FASTAPI)
    referee.objection(W1, FASTAPI, [HELLO, REFUSED])
    spaced = Answer(200, JSON, b'{ "message": "Hello" }')
    assert "another answer to GET /: body" in (referee.objection(W1, VIVACE, [spaced, REFUSED]) or "")
    assert referee.objection(W1, GO, [spaced, Answer(404, (), b"")]) is None


def test_a_probe_that_is_let_through_is_an_objection_and_constants_are_not_probed() -> None:
    referee = Referee(FASTAPI)
    referee.objection(W1, FASTAPI, [HELLO, REFUSED])
    assert "instead of a refusal" in (referee.objection(W1, GO, [HELLO, HELLO]) or "")
    assert referee.objection(W1, PROTOCOL, [HELLO, HELLO]) is None


def test_cold_workloads_are_compared_by_digest() -> None:
    referee = Referee(FASTAPI)
    assert referee.cold_objection(W12, FASTAPI, {"document": "1"}) is None
    assert referee.cold_objection(W12, VIVACE, {"document": "2"}) == "not as fastapi's: document"
