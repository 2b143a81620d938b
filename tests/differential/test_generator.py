"""The generator itself: it must keep producing every feature, and questions that get past validation.

Counted over seeded applications and FastAPI alone, so it holds whatever the subject does.
"""

from collections import Counter

import pytest

from .applications import Case, decide_case
from .choices import SeededChoices
from .features import features, outcomes
from .generated import answers
from .long import quiet
from .oracle import ORACLE

CASES = 250
QUESTIONS = 20


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """The first applications of seed 0."""
    quiet()
    return [decide_case(SeededChoices(f"0:{number}"), QUESTIONS) for number in range(CASES)]


@pytest.fixture(scope="module")
def counts(cases: list[Case]) -> Counter[str]:
    """How often each feature was used."""
    return Counter(name for case in cases for name in features(case))


@pytest.fixture(scope="module")
def results(cases: list[Case]) -> Counter[str]:
    """How the oracle answered a part of the cases."""
    return Counter(
        name for case in cases[:80] for name in outcomes(answers(ORACLE, case.program, case.questions))
    )


FEATURES = {
    # what: how often at least, in 250 applications
    **{f"{kind} parameter": 100 for kind in ("path", "query", "header", "cookie", "body", "form")},
    "file parameter": 30,
    **{
        f"{style} {kind}": 20 for style in ("annotated", "assigned") for kind in (
            "path", "query", "header", "cookie", "body",
        )
    },
    **{f"bare {kind}": 10 for kind in ("path", "query", "body")},
    **{f"{kind} of class": 5 for kind in ("query", "header", "body", "form")},
    **{
        f"query of {pool}": 3 for pool in (
            "int", "str", "float", "bool", "bytes", "datetime", "date", "time", "timedelta", "uuid",
            "decimal", "enum", "intenum", "literal", "mixed literal", "secret", "url", "email", "address",
            "filepath", "json", "newtype", "alias", "any", "optional", "several", "union", "constrained",
        )
    },
    **{f"body of {shape}": 4 for shape in ("table", "row", "union", "tagged union", "several", "optional")},
    **{f"{kind} alias": 10 for kind in ("query", "header", "cookie", "body", "form", "field")},
    **{f"{kind} validation_alias": 3 for kind in ("query", "header", "cookie", "body", "form", "field")},
    **{
        f"query {option}": 2 for option in (
            "ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern",
        )
    },
    **{
        f"query {option}": 2 for option in (
            "title", "description", "examples", "deprecated", "include_in_schema",
        )
    },
    "query default_factory": 2, "body embed": 10, "header convert_underscores": 10,
    **{f"class {kind}": 20 for kind in ("model", "dataclass", "typeddict", "namedtuple")},
    "inherited class": 5,
    **{
        f"dependency {form}": 10 for form in (
            "def", "async", "yield", "async yield", "class", "instance", "async instance", "partial",
            "method", "scheme",
        )
    },
    "use Depends": 100, "use Security": 20, "use use_cache": 20, "use scope": 20, "use scopes": 10,
    "use max_concurrency": 3,
    **{
        f"special {name}": 20 for name in (
            "Request", "Response", "BackgroundTasks", "HTTPConnection", "SecurityScopes",
        )
    },
    "async endpoint": 200, "sync endpoint": 200, "keyword only": 20, "return annotation": 50, "converter": 50,
    "endpoint does return": 300, "endpoint does raise": 20, "endpoint does yield": 10,
    **{
        f"operation {option}": 2 for option in (
            "status_code", "response_class", "response_model", "response_model_include",
            "response_model_exclude", "response_model_exclude_unset", "response_model_exclude_defaults",
            "response_model_exclude_none", "response_model_by_alias", "dependencies", "tags", "responses",
            "openapi_extra", "operation_id", "max_body_size",
        )
    },
    "router in app": 50, "router in router0": 10, "router prefix": 50, "router dependencies": 10,
    "application dependencies": 5, "application strict_content_type": 2, "application form_limits": 2,
    "application separate_input_output_schemas": 2, "extra @app.exception_handler": 10,
    "extra @app.middleware": 3, "extra app.add_middleware": 5, "postponed annotations": 5,
    **{
        f"request {method}": 50 for method in (
            "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE",
        )
    },
    "request with authorization": 100, "request with cookie": 100, "request in chunks": 50,
}  # fmt: skip

OUTCOMES = {
    # how: how often at least, in the 1,600 answers of 80 applications
    "status 200": 300, "status 422": 200, "status 404": 20, "status 405": 20, "status 401": 10,
    "status 307": 5, "status 400": 5, "status 500": 20, "error": 20, "events": 200,
}  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_turns_up(feature: str, counts: Counter[str]) -> None:
    assert counts[feature] >= FEATURES[feature]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_turns_up(outcome: str, results: Counter[str]) -> None:
    assert results[outcome] >= OUTCOMES[outcome]


def test_few_applications_are_refused(results: Counter[str]) -> None:
    """A refused application asks one question only, so at most a fifth may be."""
    assert 0 < results["refused"] <= 16


def test_a_seed_decides_everything() -> None:
    assert decide_case(SeededChoices("5:5"), 5) == decide_case(SeededChoices("5:5"), 5)


def test_source_differs_in_imports_only(cases: list[Case]) -> None:
    """Both frameworks run the same text."""
    for case in cases[:20]:
        ours, theirs = (case.program.source(name).splitlines() for name in ("fastapi", "vivace"))
        changed = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
        assert changed and all(a.replace("from fastapi", "from vivace") == b for a, b in changed)
