"""Run a generated case on both frameworks, name the difference, and make its program small.

`first_difference` finds one; its `kind` is a short text that is the same for differences with, in all likelihood, the
same cause, so that a survey can count them; `minimised` takes pieces away from the program and the request for as long
as a difference of that kind remains.
"""

from __future__ import annotations

import difflib
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any

from . import oracle
from .applications import Case
from .oracle import ORACLE, SUBJECT, Answer, Question, Side, error_agrees, run
from .programs import Program
from .questions import simpler
from .recorder import __name__ as recorder_module
from .shapes import Constrained, Either, Optional, Row, Scalar, Several

BUILT = "built"


def answers(framework: str, program: Program, questions: Sequence[Question]) -> list[Answer]:
    """Build the application and put all questions to it; the first answer is how the building went."""
    side = Side.build(framework, lambda _: program.build(framework))
    if side.app is None:
        return [Answer(error=f"not built: {side.refusal}", events=side.events)]

    async def ask_all() -> list[Answer]:
        return [(await side.ask(question)).whole() for question in questions]

    return [Answer(error=BUILT, events=side.events), *run(ask_all())]


@dataclass(frozen=True, slots=True)
class Found:
    """A difference: the program, the question (None for building it), and both answers."""

    program: Program
    question: Question | None
    oracle: Answer
    subject: Answer

    @property
    def kind(self) -> str:
        """A short name for what differs."""
        if self.question is None:
            if self.oracle.events != self.subject.events:
                gone, added = (sorted(set(a.events) - set(b.events)) for a, b in self._both_ways())
                return f"building: -{[x[:90] for x in gone]} +{[x[:90] for x in added]}"
            return f"building: {_first_line(self.oracle)} | {_first_line(self.subject)}"
        if self.subject.error and not self.oracle.error:
            return f"raises {_first_line(self.subject)}"
        if self.oracle.status != self.subject.status:
            why = f"does not raise {_first_line(self.oracle)}" if self.oracle.error else ""
            return f"status {self.oracle.status} | {self.subject.status} {why}"
        if not error_agrees(self.oracle.error, self.subject.error):
            return f"error: {_first_line(self.oracle)} | {_first_line(self.subject)}"
        if self.oracle.body != self.subject.body:
            return f"body: {_first_change(self.oracle.body, self.subject.body)}"
        if self.oracle.headers != self.subject.headers:
            names = sorted({_name(h) for h in set(self.oracle.headers) ^ set(self.subject.headers)})
            return f"headers: {', '.join(names) or 'their order'}"
        if self.oracle.events != self.subject.events:
            less, more = (Counter(a.events) - Counter(b.events) for a, b in self._both_ways())
            return f"events: -{_verbs(less)} +{_verbs(more)}" if less or more else "events: their order"
        return "messages"

    def _both_ways(self) -> tuple[tuple[Answer, Answer], tuple[Answer, Answer]]:
        return (self.oracle, self.subject), (self.subject, self.oracle)

    def report(self) -> str:
        """The program, the request and both answers, as text."""
        texts = ["\n".join(answer.lines()).splitlines() for answer in (self.oracle, self.subject)]
        diff = difflib.unified_diff(*texts, ORACLE, SUBJECT, lineterm="", n=2)
        asked = oracle._wire(self.question) if self.question else "(building the application)"
        source = self.program.source(ORACLE).replace(recorder_module, "tests.differential.recorder")
        return (
            f"{self.kind}\n\n{source}\n--- asked ---\n{asked}\n\n--- answers ---\n" + "\n".join(diff) + "\n"
        )


def _first_line(answer: Answer) -> str:
    """The error, without what varies between programs: its first line, and no quoted names."""
    return re.sub(r"'[^']*'|\d+", "…", (answer.error or "none").split("\n")[0])[:110]


def _verbs(events: Iterable[str]) -> list[str]:
    """The kinds of event, names left out."""
    return sorted(
        {" ".join(event.split()[: 1 if not event.startswith("warning") else 2]) for event in events}
    )


def _name(header: tuple[bytes, bytes]) -> str:
    return header[0].decode("latin-1")


def _first_change(oracle_body: bytes, subject_body: bytes) -> str:
    """Where two bodies part: for JSON the path to it, array places and names of the program left out."""
    try:
        change = _json_change(json.loads(oracle_body), json.loads(subject_body), [])
    except ValueError:
        return "not JSON"
    return change or "same JSON, other bytes"


def _json_change(left: Any, right: Any, path: list[str]) -> str | None:
    where = ".".join(path[-3:])
    if isinstance(left, dict) and isinstance(right, dict):
        if list(left) != list(right):
            gone, added = sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys())
            return f"{where}: keys -{gone} +{added}" if gone or added else f"{where}: order of keys"
        changes = (_json_change(left[key], right[key], [*path, key]) for key in left)
        return next(filter(None, changes), None)
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return f"{where}: {len(left)} items | {len(right)} items"
        changes = (_json_change(a, b, [*path, "[]"]) for a, b in zip(left, right, strict=True))
        return next(filter(None, changes), None)
    return (
        f"{where}: {str(left)[:60]} | {str(right)[:60]}"
        if (type(left), left) != (type(right), right)
        else None
    )


def differences(case: Case) -> Iterator[Found]:
    """Every difference of one case."""
    left = answers(ORACLE, case.program, case.questions)
    right = answers(SUBJECT, case.program, case.questions)
    if not left[0].agrees(right[0]):
        yield Found(case.program, None, left[0], right[0])
        return
    for question, ours, theirs in zip(case.questions, left[1:], right[1:], strict=False):
        if not ours.agrees(theirs):
            yield Found(case.program, question, ours, theirs)


def first_difference(case: Case) -> Found | None:
    """The first difference of one case, or None where the frameworks agree."""
    return next(differences(case), None)


# --- Making it small ---


def minimised(found: Found, seconds: float = 20) -> Found:
    """The smallest program and question, found within the time, that still differ in the same way.

    A difference that needs earlier requests as well is returned as it is.
    """
    end = time.monotonic() + seconds
    kind, smallest = found.kind, found
    if not _still(found, kind):
        return found
    while time.monotonic() < end:
        step = next(
            (f for c in _candidates(smallest) if (f := _still(c, kind)) or time.monotonic() > end), None
        )
        if step is None:
            return smallest
        smallest = step
    return smallest


def _still(candidate: Found, kind: str) -> Found | None:
    questions = (candidate.question,) if candidate.question else ()
    found = first_difference(Case(candidate.program, questions))
    return found if found and found.kind == kind else None


def _candidates(found: Found) -> Iterator[Found]:
    for program in smaller(found.program):
        yield replace(found, program=program)
    if found.question:
        for question in simpler(found.question):
            yield replace(found, question=question)


def smaller(node: Any) -> Iterator[Any]:
    """Versions of a node with one piece less: an element taken from a tuple, an option reset, a type made plain."""
    if isinstance(node, Constrained | Optional):
        yield node.inner
    if isinstance(node, Several) and node.inner:
        yield node.inner
    if isinstance(node, Either | Row):
        yield from getattr(node, "members", None) or node.items  # type: ignore[union-attr]
    if isinstance(node, Scalar) and node.pool not in {"int", "str"}:
        yield from (Scalar("str"), Scalar("int"))
    for place in fields(node) if is_dataclass(node) else ():
        for value in _smaller_value(getattr(node, place.name), place.default):
            yield replace(node, **{place.name: value})


def _smaller_value(value: Any, default: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        if len(value) > 2:
            yield from (value[: len(value) // 2], value[len(value) // 2 :])
        yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
        for place, item in enumerate(value):
            if is_dataclass(item):
                yield from (value[:place] + (less,) + value[place + 1 :] for less in smaller(item))
    elif is_dataclass(value):
        yield from smaller(value)
    elif default is not MISSING and value != default:
        yield default
