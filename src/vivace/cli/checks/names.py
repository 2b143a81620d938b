"""What the names in a file stand for: `sleep` for `time.sleep`, `session` for `requests.Session`."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """Imports, and variables that hold an object made by a known call."""

    known: dict[str, str]

    @classmethod
    def of(cls, tree: ast.Module) -> Names:
        names = cls({})
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    names.known[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    names.known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                for target in node.targets:
                    names._learn(target, node.value)
            elif isinstance(node, ast.With | ast.AsyncWith):
                for item in node.items:
                    if item.optional_vars is not None and isinstance(item.context_expr, ast.Call):
                        names._learn(item.optional_vars, item.context_expr)
        return names

    def dotted(self, node: ast.expr) -> str:
        """`requests.get` for what is called so here; "" for what has no such name."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id, "")
        if isinstance(node, ast.Attribute):
            outer = self.dotted(node.value)
            return f"{outer}.{node.attr}" if outer else ""
        return self.dotted(node.func) if isinstance(node, ast.Call) else ""

    def _learn(self, target: ast.expr, made_by: ast.Call) -> None:
        name = self.dotted(made_by)
        if isinstance(target, ast.Name) and name and target.id not in self.known:
            self.known[target.id] = name
