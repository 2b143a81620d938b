"""A process that does not use OpenTelemetry imports nothing of it, and does nothing for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from vivace import BackgroundTasks, FastAPI, WebSocket
from vivace.telemetry import get_telemetry_data
from vivace.testclient import TestClient

app = FastAPI({argument})

@app.get("/items/{{item_id}}")
def read_item(item_id: int, tasks: BackgroundTasks):
    tasks.add_task(print, end="")
    assert get_telemetry_data() is None
    return item_id

@app.websocket("/ws")
async def connect(websocket: WebSocket):
    await websocket.accept()
    await websocket.close()

with TestClient(app) as client:
    assert client.get("/items/1").json() == 1
    assert client.get("/items/x").status_code == 422
    with client.websocket_connect("/ws"):
        pass

imported = [name for name in sys.modules if name.startswith("opentelemetry") or name == "vivace.telemetry._asgi"]
assert not imported, imported
"""


@pytest.mark.parametrize("argument", ["", "telemetry={'logs': False}", "telemetry={'auto_configure': True}"])
def test_nothing_is_imported(argument: str) -> None:
    # Pydantic loads every plugin that is installed, and Logfire's imports OpenTelemetry.
    env = {**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__"}
    program = PROGRAM.format(argument=argument)
    result = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "part", ["baggage", "context", "metrics", "propagate", "trace", "_logs", "instrumentation.utils"]
)
def test_every_part_of_opentelemetry_imports_its_context(part: str) -> None:
    """This is what makes one question enough: is `opentelemetry.context` imported?"""
    program = f"import sys, opentelemetry.{part}; assert 'opentelemetry.context' in sys.modules"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
