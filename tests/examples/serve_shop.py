"""Serve the shop on the framework that you name: ``serve_shop.py {vivace|fastapi} [SECONDS]``, in its folder.

The source of the shop stays what it is: on FastAPI, ``import vivace.x`` answers with ``fastapi.x``. With
SECONDS (since 1970) the shop's clock stands still, so that a conversation has the same times and tokens
every time it is held.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import uvicorn


class FastAPIAsVivace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers ``import vivace[.x]`` with the very module ``fastapi[.x]``."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] != "vivace":
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module("fastapi" + spec.name.removeprefix("vivace"))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put our spec in its place.
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


def main(framework: str, stopped_at: str | None = None) -> None:
    sys.path.insert(0, "")
    if framework == "fastapi":
        assert "vivace" not in sys.modules, "too late: vivace is imported already"
        sys.meta_path.insert(0, FastAPIAsVivace())
    if stopped_at is not None:
        clock: Any = importlib.import_module("shop.clock")
        moment = datetime.fromtimestamp(int(stopped_at), UTC)
        clock.now = lambda: moment
    uvicorn.run("shop.main:app", port=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
