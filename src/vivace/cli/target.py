"""The application as the server's processes import it, where `--as-fastapi` or `--guard` has to do something first.

A server's worker and reload processes start from an import string. So what must happen in each of them is done by what
that string names: `serving` puts the real import string into the environment and gives the server
`vivace.cli.target:app`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from vivace import FastAPI

from .discover import AS_FASTAPI, TARGET, load


def guarded(app: FastAPI) -> FastAPI:
    """The application, whose event loop is watched while it runs if `VIVACE_GUARD` says so."""
    from vivace.guard import watch_if_configured

    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        guard = watch_if_configured()
        try:
            async with inner(app) as state:
                yield state
        finally:
            if guard is not None:
                guard.stop()

    app.router.lifespan_context = lifespan
    return app


if AS_FASTAPI in os.environ:
    import vivace.as_fastapi  # noqa: F401  (before the application's own imports)

app = guarded(load(os.environ[TARGET]))
