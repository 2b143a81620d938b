"""Make `import fastapi` answer with vivace, for packages written for FastAPI.

Import this module before anything imports FastAPI::

    import vivace.as_fastapi  # first

    from fastapi import FastAPI  # vivace.FastAPI

Under pytest the same is `-p vivace.as_fastapi`; on the command line `vivace run --as-fastapi`.

The rule: `fastapi[.x.y]` is the very module object of `vivace[.x.y]`, so that `isinstance`, identity and replaced
attributes (`monkeypatch.setattr("fastapi.routing.run_endpoint_function", ...)`) mean the same thing under both names.
There is no list of names here: whatever vivace has, `fastapi` has. Whether FastAPI is installed makes no difference.

Two versions are told apart. `fastapi.__version__` is vivace's own. `importlib.metadata.version("fastapi")`,
which packages ask to see whether they support what is installed, is the FastAPI release whose behaviour vivace
has: `FASTAPI_VERSION`.

This module knows the import system and nothing of the framework. (PYTEST_DONT_REWRITE: pytest may find it imported
already when it reads `-p vivace.as_fastapi`, and there are no assertions in it to rewrite.)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from importlib.util import find_spec, spec_from_loader
from os import PathLike
from types import CodeType, ModuleType
from typing import NoReturn, cast

__all__ = ["FASTAPI_VERSION", "install"]

FASTAPI_VERSION = "0.165.0"
"""The FastAPI release that vivace stands in for."""

_ALIAS = "fastapi"
_TARGET = "vivace"


def install() -> None:
    """Answer `import fastapi` with vivace from now on. Importing this module calls it; calling it again does nothing.

    Raises:
        ImportError: FastAPI itself was imported before. Two frameworks under one name would disagree about
        which class
            is which, so nothing is replaced.

    ```python
    from vivace.as_fastapi import install

    install()
    import fastapi, vivace

    assert fastapi is vivace
    ```
    """
    _refuse_to_replace_fastapi()
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    _alias_what_is_loaded()


def _refuse_to_replace_fastapi() -> None:
    loaded = sys.modules.get(_ALIAS)
    if loaded is None or loaded is sys.modules[_TARGET]:
        return
    raise ImportError(
        f"vivace.as_fastapi came too late: the module 'fastapi' is already loaded from "
        f"{getattr(loaded, '__file__', None) or 'an unknown place'}, and its classes may be in use. "
        f"Import vivace.as_fastapi before anything that imports fastapi: as the first import of the program, "
        f"with `vivace run --as-fastapi`, or with `pytest -p vivace.as_fastapi`.",
        name=_ALIAS,
    )


def _alias_what_is_loaded() -> None:
    """Give the modules that `import vivace` has loaded their second name at once.

    Packages look into `sys.modules` without importing ("is FastAPI in use here?"), and FastAPI's own import
    loads about the same modules.
    """
    for name, module in list(sys.modules.items()):
        if name == _TARGET or name.startswith(f"{_TARGET}."):
            sys.modules.setdefault(_ALIAS + name.removeprefix(_TARGET), module)


class _Finder(DistributionFinder):
    """Answers for `fastapi` and everything below it, before the finders that would search the file system."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _ALIAS and not fullname.startswith(f"{_ALIAS}."):
            return None
        original = find_spec(_TARGET + fullname.removeprefix(_ALIAS))
        if original is None:
            return None  # the import system then says: No module named 'fastapi.…'
        # The origin and the search locations let `python -m fastapi`, coverage and debuggers find the file.
        spec = spec_from_loader(
            fullname,
            _Loader(original),
            origin=original.origin,
            is_package=original.submodule_search_locations is not None,
        )
        if spec is not None and original.submodule_search_locations is not None:
            spec.submodule_search_locations = original.submodule_search_locations
        return spec

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        # Only when asked by name: a list of everything that is installed should show what pip installed.
        if context is not None and context.name is not None and context.name.lower() == _ALIAS:
            yield _FastAPIDistribution()


class _Loader(InspectLoader):
    """Hands out the module that the original specification loads, under the name that was asked for."""

    def __init__(self, original: ModuleSpec) -> None:
        self.original = original

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.original.name)
        # The import system writes the alias's specification into the module it is given. `exec_module` writes this
        # one back: a module's specification says where the module itself comes from (pickle and reload rely on it).
        self.genuine = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.genuine

    def is_package(self, fullname: str) -> bool:
        return self.original.submodule_search_locations is not None

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the module, which `python -m fastapi` runs."""
        return cast(InspectLoader, self.original.loader).get_code(self.original.name)

    def get_source(self, fullname: str) -> str | None:
        """The source of the module, which tracebacks show."""
        return cast(InspectLoader, self.original.loader).get_source(self.original.name)


class _FastAPIDistribution(Distribution):
    """The installed package "fastapi" as far as `importlib.metadata` is asked about it: a name and a version."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: {_ALIAS}\nVersion: {FASTAPI_VERSION}\n"

    def locate_file(self, path: str | PathLike[str]) -> NoReturn:
        raise FileNotFoundError(
            f"{path}: vivace stands in for the package 'fastapi', which has no files of its own here. "
            f"Look for them in the package 'vivace'."
        )


install()
