"""Tests of telemetry start without it: nothing of the environment or of another test's globals reaches them."""

from __future__ import annotations

import os

import pytest

from vivace.telemetry import get_telemetry_data

from .recorder import Recorder


@pytest.fixture(autouse=True)
def no_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OTEL_", "FASTAPI_OTEL_")):
            monkeypatch.delenv(name)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(get_telemetry_data)
