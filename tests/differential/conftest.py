"""The oracle tests need the agreed FastAPI beside vivace, and leave it untouched."""

import pytest

from .oracle import check_versions


@pytest.fixture(scope="session", autouse=True)
def oracle_is_fastapi() -> None:
    """Stop at once where the comparison would be with something else."""
    check_versions()
