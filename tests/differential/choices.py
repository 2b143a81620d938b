"""Where the generator's decisions come from: from hypothesis (which can replay and shrink them) or from a seed.

The generator asks for three things only, so that a survey of thousands of applications runs on `random.Random` at full
speed, and the same generator serves hypothesis in CI. The first option is always the plainest one: that is where
hypothesis shrinks to.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choices(Protocol):
    """A source of decisions."""

    def integer(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        ...


def pick(choices: Choices, options: Sequence[T]) -> T:
    """One of the options."""
    return options[choices.integer(0, len(options) - 1)]


def chance(choices: Choices, percent: int) -> bool:
    """True in about `percent` of 100 cases; the plain answer is False."""
    return choices.integer(0, 99) >= 100 - percent


def some(choices: Choices, options: Sequence[T], most: int) -> list[T]:
    """At most `most` different options, in their order; often none."""
    count = min(choices.integer(0, most), len(options))
    places = {choices.integer(0, len(options) - 1) for _ in range(count)}
    return [options[place] for place in sorted(places)]


class SeededChoices:
    """Decisions from a seed: `SeededChoices("7:42")` always decides the same."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def integer(self, low: int, high: int) -> int:
        """See `Choices.integer`."""
        return self._random.randint(low, high)


class HypothesisChoices:
    """Decisions drawn from hypothesis."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """See `Choices.integer`."""
        number: int = self._draw(_integers(low, high))
        return number


@cache
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)
