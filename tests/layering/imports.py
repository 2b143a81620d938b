"""Reads what modules import, without importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"
PACKAGE = "vivace"


@dataclass(frozen=True)
class Import:
    """One imported module or name: `from vivace._plan.nodes import BodyPlan` in line 12 of
    `vivace.openapi.operations`."""

    importer: str
    line: int
    module: str  # "vivace._plan.nodes"
    name: str | None  # "BodyPlan"; None for `import vivace._plan.nodes`
    lazy: bool  # in a function: only when that runs
    typing_only: bool  # under `if TYPE_CHECKING`

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        what = f"from {self.module} import {self.name}" if self.name else f"import {self.module}"
        return f"{self.importer}:{self.line}: {what}"


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    paths = sorted((SOURCES / PACKAGE).rglob("*.py"))
    return {_dotted(path): path for path in paths}


def _dotted(path: Path) -> str:
    parts = path.relative_to(SOURCES).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(name: str, path: Path) -> Iterator[Import]:
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node, lazy, typing_only in _statements(tree, False, False):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, node.lineno, alias.name, None, lazy, typing_only)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            for alias in node.names:
                yield Import(name, node.lineno, module, alias.name, lazy, typing_only)


def _statements(node: ast.AST, lazy: bool, typing_only: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        yield child, lazy, typing_only
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        yield from _statements(child, lazy or inside, typing_only or checked)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def all_imports() -> list[Import]:
    return [found for name, path in modules().items() for found in imports_of(name, path)]
