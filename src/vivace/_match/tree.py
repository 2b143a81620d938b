"""One lookup for all routes: literal paths in a dict, the rest in a tree of path segments.

The rule is Starlette's: the first declared route that matches path and method wins; if none does, the first
that matches the path alone answers 405. A lookup collects the few routes that can match a path, in the order
of declaration, and asks only those. Routes whose `matches` is somebody else's code are asked whenever their
known prefix fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.convertors import Convertor, PathConvertor, StringConvertor
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from vivace._scope import update_scope

_SEGMENT_PARAMETER = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)(?::(str|int|float|uuid))?\}")
_NO_PARAMETERS: dict[str, Any] = {}


class Candidate(Protocol):
    """What can be asked whether it matches, and then handle the request: a route, or one route of an inclusion."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]: ...

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None: ...


@dataclass(slots=True, eq=False)
class Target:
    """A route in the lookup. Without `path` its own `matches` is asked; otherwise the tree knows all of it."""

    candidate: Candidate
    kind: str = "http"  # type of the scope
    path: str | None = None
    prefix: str = ""  # for targets that are asked: the literal text with which every matching path begins
    methods: frozenset[str] | None = None  # None: any
    convertors: dict[str, Convertor[Any]] = field(default_factory=dict)
    updates: Scope = field(default_factory=dict)  # what a match adds to the scope
    shared: Scope = field(default_factory=dict)  # what it adds to the scope's `fastapi`, which others use too
    app: ASGIApp | None = (
        None  # answers a full match; None: `compile` gives it, or the candidate handles the request
    )
    compile: Callable[[], ASGIApp] | None = None
    refusal: ASGIApp | None = None  # answers another method; None: the candidate does
    index: int = 0
    names: tuple[str, ...] | None = field(
        init=False
    )  # of the parameters, if each is just a whole segment of the path
    converts: bool = field(init=False)  # whether a parameter is anything else than its text

    def __post_init__(self) -> None:
        segments = (self.path or "").split("/")
        found = [_SEGMENT_PARAMETER.fullmatch(segment) for segment in segments]
        is_plain = all(
            match[2] in (None, "str") if match else "{" not in segment
            for match, segment in zip(found, segments, strict=True)
        )
        self.names = tuple(match[1] for match in found if match) if is_plain else None
        self.converts = any(
            not isinstance(convertor, (StringConvertor, PathConvertor))
            for convertor in self.convertors.values()
        )

    @property
    def regex(self) -> re.Pattern[str] | None:
        """What the whole path must match; `None` for a target that is asked."""
        route: Any = self.candidate
        return None if self.path is None else route.path_regex

    def note(self, scope: Scope, texts: dict[str, str]) -> None:
        """Put the match into the scope."""
        parameters: dict[str, Any] = _converted(self, texts) if self.converts else texts
        scope.update(self.updates)
        if self.shared:
            scope.setdefault("fastapi", {}).update(self.shared)
        scope["path_params"] = {**scope.get("path_params", _NO_PARAMETERS), **parameters}


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    targets: list[Target] = field(default_factory=list)  # the path ends here
    tails: list[Target] = field(default_factory=list)  # the path may go on in any way


Found = tuple[Target, dict[str, str]]


class Tree:
    """The lookup for one type of scope."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self.targets = list(targets)
        self.root = _Node()
        literals: set[str] = set()
        for target in self.targets:
            if target.path is not None and "{" not in target.path:
                literals.add(target.path)
            self._insert(target)
        # A literal path is known now, so all routes that can match it are known too.
        self.literals: dict[str, tuple[Found, ...]] = {path: tuple(self._find(path)) for path in literals}

    def candidates(self, path: str) -> Sequence[Found]:
        """The routes that may match, in the order of declaration, with the texts of their path parameters."""
        found = self.literals.get(path)
        return self._find(path) if found is None else found

    def _insert(self, target: Target) -> None:
        text = target.prefix if target.path is None else target.path
        segments = text.split("/")
        node = self.root
        ends = target.path is not None
        for position, segment in enumerate(segments):
            is_last = position == len(segments) - 1
            if target.path is None and is_last:
                break  # the last piece of a prefix may be half a segment
            if "{" not in segment:
                node = node.children.setdefault(segment, _Node())
            elif _SEGMENT_PARAMETER.fullmatch(segment):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                ends = False
                break
        (node.targets if ends else node.tails).append(target)

    def _find(self, path: str) -> list[Found]:
        if "\n" not in path and (certain := self._find_certain(path.split("/"))) is not None:
            return certain
        if "\n" in path:  # `$` also matches before a final newline, so segments do not tell everything
            matched = [
                target for target in self.targets if (regex := target.regex) is None or regex.match(path)
            ]
        else:
            matched = []
            _walk(self.root, path.split("/"), 0, matched)
            if len(matched) > 1:
                matched.sort(key=_index)
        found = []
        for target in matched:
            texts = _path_parameters(target, path)
            if texts is not None:
                found.append((target, texts))
        return found

    def _find_certain(self, segments: list[str]) -> list[Found] | None:
        """The routes, where the path leaves no choice on its way down the tree; else `None`."""
        # PERF (W2, W8): the usual case, without recursion, sorting or regular expressions.
        node = self.root
        texts: list[str] = []
        for segment in segments:
            if node.tails:
                return None
            child = node.children.get(segment)
            if child is None:
                if node.parameter is None or not segment:
                    return []
                texts.append(segment)
                child = node.parameter
            elif node.parameter is not None and segment:
                return None
            node = child
        if node.tails:
            return None
        found = []
        for target in node.targets:
            if target.names is None:
                return None
            found.append((target, dict(zip(target.names, texts, strict=True))))
        return found


def _walk(node: _Node, segments: list[str], position: int, found: list[Target]) -> None:
    if node.tails:
        found += node.tails
    if position == len(segments):
        found += node.targets
        return
    segment = segments[position]
    child = node.children.get(segment)
    if child is not None:
        _walk(child, segments, position + 1, found)
    if node.parameter is not None and segment:
        _walk(node.parameter, segments, position + 1, found)


def _may_end_in_slash(target: Target) -> bool:
    """Whether a path that the target matches, `/` aside, may end in a slash: not after text or a whole segment."""
    return target.path is None or target.names is None or (target.path.endswith("/") and target.path != "/")


def _index(target: Target) -> int:
    return target.index


def _path_parameters(target: Target, path: str) -> dict[str, str] | None:
    """The path's parameters as texts, `None` if the target does not match after all."""
    if not target.convertors or (regex := target.regex) is None:
        return _NO_PARAMETERS
    match = regex.match(path)
    return None if match is None else match.groupdict()


def _converted(target: Target, texts: dict[str, str]) -> dict[str, Any]:
    return {name: target.convertors[name].convert(text) for name, text in texts.items()}


class Matcher:
    """The routes of one router, flattened."""

    def __init__(self, targets: Sequence[Target], low_priority: Sequence[BaseRoute] = ()) -> None:
        self.low_priority = low_priority  # routes that are asked when nothing here matches
        for index, target in enumerate(targets):
            target.index = index
        self.targets = targets
        self._trees = {
            kind: Tree([target for target in targets if target.kind in (kind, "any")])
            for kind in ("http", "websocket")
        }

        # PERF (404): without such a route, a path with a slash after it is not worth a look.
        self.may_end_in_slash = any(map(_may_end_in_slash, targets))

    def may_match(self, kind: str, path: str) -> bool:
        """Whether any route comes into question for a path."""
        return bool(self._trees[kind].candidates(path))

    def select(self, scope: Scope, path: str) -> tuple[Match, Target | None]:
        """The target that answers; the match is put into the scope."""
        tree = self._trees[scope["type"]]
        candidates: Sequence[Found] | None = tree.literals.get(path)
        if candidates is None:
            candidates = tree.candidates(path)
        if not candidates:
            return Match.NONE, None
        for target, texts in candidates:
            # PERF (W1, W2, W8): the first route that can match nearly always does.
            if target.path is None or (target.methods is not None and scope["method"] not in target.methods):
                break
            target.note(scope, texts)
            return Match.FULL, target
        match, chosen, child_scope = self.match(scope, path)
        if chosen is not None:
            update_scope(scope, child_scope)
        return match, chosen

    def match(self, scope: Scope, path: str) -> tuple[Match, Target | None, Scope]:
        """The target that answers, and what it adds to the scope."""
        partial: tuple[Target, Scope] | None = None
        method = scope.get("method")
        for target, texts in self._trees[scope["type"]].candidates(path):
            if target.path is None:
                match, child_scope = target.candidate.matches(scope)
                if match is Match.NONE:
                    continue
            else:
                match = Match.FULL if target.methods is None or method in target.methods else Match.PARTIAL
                if match is Match.PARTIAL and partial is not None:
                    continue
                parameters = _converted(target, texts) if target.converts else texts
                known = scope.get("path_params", _NO_PARAMETERS)
                child_scope = {**target.updates, "path_params": {**known, **parameters}}
                if target.shared:
                    child_scope["fastapi"] = target.shared
            if match is Match.FULL:
                return match, target, child_scope
            if partial is None:
                partial = target, child_scope
        if partial is not None:
            return Match.PARTIAL, *partial
        return Match.NONE, None, {}
