"""Telemetry: that it costs nothing unused, what it emits, and that FastAPI emits the same."""
