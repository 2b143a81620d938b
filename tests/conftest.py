"""What holds for all tests."""

import sys

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run where a test module has replaced the oracle: it would be compared with itself."""
    if "vivace.as_fastapi" in sys.modules:
        raise pytest.UsageError("a test module imports vivace.as_fastapi: `fastapi` is not FastAPI any more")
