"""A package that steps aside: `import fastapi` found it first, and vivace answers instead.

The conformance runner puts the directory above first on `PYTHONPATH`, so that every interpreter which FastAPI's tests
start (`python -m fastapi`, telemetry in fresh processes) sees the alias without being told. The import system takes
whatever stands in `sys.modules` when this file ends, and by then that is the package `vivace`.
"""

import sys

del sys.modules["fastapi"]  # else vivace.as_fastapi would take this very module for FastAPI's own

import vivace.as_fastapi  # noqa: E402, F401
