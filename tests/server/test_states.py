"""The two machines: what their tables say, read as a person would."""

from __future__ import annotations

import pytest

from vivace.server import states
from vivace.server.states import Answer, Reading


def walk(state: object, *events: str) -> object:
    for event in events:
        state = getattr(states, event)[state]
    return state


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (["ON_HEAD", "ON_NEXT"], Reading.HEAD),
        (["ON_HEAD_WITH_BODY", "ON_BODY_END", "ON_NEXT"], Reading.HEAD),
        (["ON_HEAD_WITH_BODY", "ON_CLOSE"], Reading.CLOSED),
        (["ON_CLOSE", "ON_CLOSE"], Reading.CLOSED),
        (["ON_UPGRADE"], Reading.SWITCHED),
    ],
)
def test_a_connection(events: list[str], end: Reading) -> None:
    assert walk(Reading.HEAD, *events) is end


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (["ON_WHOLE"], Answer.COMPLETE),
        (["ON_START", "ON_CONTENT_END"], Answer.COMPLETE),
        (["ON_START", "ON_CONTENT_END_WITH_TRAILERS", "ON_TRAILERS"], Answer.COMPLETE),
        (["ON_START", "ON_GONE", "ON_GONE"], Answer.GONE),
        (["ON_WHOLE", "ON_GONE"], Answer.COMPLETE),
    ],
)
def test_an_answer(events: list[str], end: Answer) -> None:
    assert walk(Answer.DUE, *events) is end


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (Reading.BODY, "ON_NEXT"),  # a request that is not read is not followed by another
        (Reading.BODY, "ON_HEAD"),
        (Reading.COMPLETE, "ON_HEAD"),  # nor one that is not answered
        (Reading.CLOSED, "ON_HEAD"),
        (Reading.SWITCHED, "ON_CLOSE"),
        (Answer.STARTED, "ON_START"),
        (Answer.STARTED, "ON_WHOLE"),
        (Answer.COMPLETE, "ON_START"),
        (Answer.GONE, "ON_START"),
        (Answer.TRAILERS, "ON_CONTENT_END"),
    ],
)
def test_what_cannot_happen(state: object, event: str) -> None:
    with pytest.raises(KeyError):
        walk(state, event)


def test_every_state_can_be_reached() -> None:
    for kind in (Reading, Answer):
        tables = [table for name, table in vars(states).items() if name.startswith("ON_")]
        reached = {after for table in tables for before, after in table.items() if isinstance(before, kind)}
        assert {*kind} - reached <= {Answer.DUE}  # where an answer begins
