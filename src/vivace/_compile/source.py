"""Source text: lines with indentation, the values they refer to, and a function made of them.

`Source.bind` is the only way a user's value gets into generated code: as a global under a name that this module chose.
`Source.local` gives unique names for variables. So nothing the user names can collide with what the emitters write.
"""

from __future__ import annotations

import builtins
import itertools
import keyword
import linecache
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_NOT_IDENTIFIER = re.compile(r"[^0-9a-zA-Z_]+")
_NOT_IN_FILENAME = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # controls and surrogates
_INDENT = "    "


class Source:
    """A function under construction.

    source = Source("GET /items shop:read_items")
    with source.block("async def read_items(scope, receive, send):"):
        source.line(f"return {source.bind('answer', 42)}")
    function = source.compile("read_items")
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {}
        self._depth = 0
        self._taken: set[str] = {*keyword.kwlist, *dir(builtins), "_"}
        self._bound: dict[tuple[str, int], str] = {}

    def line(self, text: str = "") -> None:
        self.lines.append(_INDENT * self._depth + text if text else "")

    @contextmanager
    def block(self, opening: str) -> Iterator[None]:
        """`opening` and, indented below it, what is written inside the `with`."""
        self.line(opening)
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def indented(self, opening: str | None) -> Iterator[None]:
        """Like `block`, or no block at all for `None`."""
        if opening is None:
            yield
        else:
            with self.block(opening):
                yield

    def local(self, hint: str) -> str:
        """A variable name that nothing else in this function has."""
        name = identifier(hint)
        if name in self._taken:
            name = next(n for n in (f"{name}_{i}" for i in itertools.count(2)) if n not in self._taken)
        self._taken.add(name)
        return name

    def own_name(self, hint: str) -> str:
        """A name for the function itself. Its variables may have the same name, so one that is reserved will do."""
        name = identifier(hint)
        if keyword.iskeyword(name) or name in dir(builtins):
            return self.local(name)
        self._taken.add(name)
        return name

    def reserve(self, *names: str) -> None:
        """Names that the emitters write literally."""
        self._taken.update(names)

    def bind(self, hint: str, value: Any) -> str:
        """A global name for `value`; the same name for the same value and hint."""
        key = (hint, id(value))
        if key not in self._bound:
            self._bound[key] = name = self.local(hint)
            self.namespace[name] = value
        return self._bound[key]

    def use(self, function: Any) -> str:
        """Bind a helper under its own name."""
        return self.bind(function.__name__, function)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def compile(self, name: str) -> Callable[..., Any]:
        """The function `name` that the source defines. Its text stays in `linecache` for tracebacks."""
        filename = _register(self.title, self.text)
        exec(compile(self.text, filename, "exec", dont_inherit=True), self.namespace)
        function: Callable[..., Any] = self.namespace[name]
        function.__module__ = "vivace.compiled"
        return function


def identifier(hint: str) -> str:
    """A plain ASCII identifier that resembles `hint`."""
    name = _NOT_IDENTIFIER.sub("_", hint).strip("_") or "value"
    return f"_{name}" if name[0].isdigit() else name


def _register(title: str, text: str) -> str:
    """Keep the text where `linecache` finds it; a new text under a known title gets a number."""
    lines = text.splitlines(keepends=True)
    title = _NOT_IN_FILENAME.sub("?", title)
    for attempt in itertools.count(1):
        filename = f"<vivace {title}>" if attempt == 1 else f"<vivace {title} #{attempt}>"
        # No mtime: checkcache() must not look for a file. (Lazy entries, which are shorter, exist for real
        # files alone.)
        kept: Any = linecache.cache.setdefault(filename, (len(text), None, lines, filename))
        if kept[2] == lines:
            return filename
    raise AssertionError("itertools.count ends")
