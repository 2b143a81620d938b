"""The test client, as Starlette has it."""

from starlette.testclient import TestClient as TestClient
