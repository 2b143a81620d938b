"""One thing found, and the comments that say it is meant."""

from __future__ import annotations

import linecache
import re
from dataclasses import dataclass
from typing import Any

from .rules import RULES, Rule

_IGNORED = re.compile(r"#\s*vivace:\s*ignore(?:\[([A-Z0-9, ]+)\])?")


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the user's program that a rule objects to.

    `Finding("V101", "`time.sleep` in `read_item`", "main.py", 12)`; `last_line` is set where a comment on any of
    several lines counts, such as those from a decorator to its function's head.
    """

    code: str
    message: str
    file: str
    line: int
    last_line: int | None = None
    remedy: str | None = None  # where it can be said better than the rule does

    @property
    def rule(self) -> Rule:
        return RULES[self.code]

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.rule.title,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "why": self.rule.why,
            "remedy": self.remedy or self.rule.remedy,
        }

    @property
    def is_ignored(self) -> bool:
        """Whether a comment there says so: `# vivace: ignore[V101]`, or without a code for all."""
        for number in range(self.line, (self.last_line or self.line) + 1):
            found = _IGNORED.search(linecache.getline(self.file, number))
            if found and (found[1] is None or self.code in re.split(r"[,\s]+", found[1])):
                return True
        return False
