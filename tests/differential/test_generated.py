"""Random applications and random requests: vivace answers as FastAPI does.

Twice: from hypothesis, whose examples are alike in clusters, and from plain seeds, which spread more evenly. Both
always make the same applications, so a failure in CI is the failure at home. A failing case is made small here rather
than by hypothesis: `generated` knows what a program is made of. For many more: `python -m tests.differential.long`.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from .applications import Case, cases, decide_case
from .choices import SeededChoices
from .generated import first_difference, minimised
from .long import quiet

APPLICATIONS = 300
QUESTIONS = 20
BATCHES = 10


@pytest.fixture(scope="module", autouse=True)
def silence() -> None:
    """Keep thousands of warnings about bad requests out of the report."""
    quiet()


def check(case: Case) -> None:
    """Build it, read its OpenAPI document, ask it the questions: no difference."""
    found = first_difference(case)
    if found:
        pytest.fail(minimised(found).report(), pytrace=False)


@settings(
    max_examples=APPLICATIONS,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(case=cases(questions=QUESTIONS))
def test_applications_from_hypothesis(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_applications_from_seeds(batch: int) -> None:
    size = APPLICATIONS // BATCHES
    for number in range(batch * size, (batch + 1) * size):
        check(decide_case(SeededChoices(f"0:{number}"), QUESTIONS))
