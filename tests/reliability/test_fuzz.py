"""What reads a client's bytes by hand, against another that does the same. Long: `fuzz`, with atheris."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reliability.fuzz import TARGETS, FindingError, Target

EXAMPLES = 300


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_parser(target: Target) -> None:
    tokens = st.lists(st.sampled_from(target.tokens), max_size=20).map(b"".join)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(
        st.one_of(
            tokens, st.binary(max_size=100), st.tuples(tokens, st.binary(max_size=20), tokens).map(b"".join)
        )
    )
    def check(data: bytes) -> None:
        target.try_one(data)

    check()


def test_a_finding_is_found() -> None:
    def fail(data: bytes) -> None:
        raise ValueError("on purpose")

    with pytest.raises(FindingError, match="broken: ValueError: on purpose"):
        Target("broken", fail, ()).try_one(b"")
