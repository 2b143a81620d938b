"""Ways of cutting a stream into the pieces in which it arrives: TCP promises none of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise


def whole(data: bytes) -> list[bytes]:
    return [data]


def bytewise(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def at_random(data: bytes, choose: random.Random, most: int = 8) -> list[bytes]:
    """Cut at up to `most` places, anywhere."""
    places = sorted(choose.randrange(len(data) + 1) for _ in range(choose.randint(1, most)))
    edges = [0, *places, len(data)]
    return [data[start:end] for start, end in pairwise(edges) if start < end]


def in_two(data: bytes) -> Iterator[list[bytes]]:
    """Every way of cutting once."""
    for place in range(1, len(data)):
        yield [data[:place], data[place:]]
