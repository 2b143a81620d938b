"""Random applications and random requests: vivace answers as FastAPI does.

The examples are fixed (`derandomize`), so a failure in CI is the failure at home. A failing case is made small here
rather than by hypothesis: `generated` knows what a program is made of. For many more, from plain seeds:
`python -m tests.differential.long`.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from .applications import Case, cases
from .generated import first_difference, minimised
from .long import quiet

APPLICATIONS = 300
QUESTIONS = 20


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
