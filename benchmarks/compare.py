"""Whether two runs agree: each ratio of the one lies within the other's spread.

    python -m benchmarks.compare benchmarks/report/report.json .cache/second/report.json

Exit code 0 if all agree, 1 if any does not. Absolute figures are not compared: they are about the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.summary import Spread

Key = tuple[str, str, str, str]  # workload, measure, contender, against


@dataclass(frozen=True, slots=True)
class Comparison:
    """One ratio in both runs; None where a run has no valid figure."""

    key: Key
    first: Spread | None
    second: Spread | None

    @property
    def agrees(self) -> bool | None:
        """Whether either median lies between the other's lowest and highest; None if there is nothing to compare."""
        if self.first is None or self.second is None:
            return None
        return _within(self.first, self.second) or _within(self.second, self.first)

    def __str__(self) -> str:
        verdict = {True: "agrees", False: "DIFFERS", None: "void"}[self.agrees]
        workload, measure, contender, against = self.key
        spreads = [spread.show("×") if spread else "void" for spread in (self.first, self.second)]
        return f"{verdict:8} {workload:9} {measure:32} {contender:14} to {against:10} {spreads[0]:24} {spreads[1]}"


def _within(one: Spread, other: Spread) -> bool:
    return other.low <= one.median <= other.high


def compare(first: Path, second: Path) -> Iterator[Comparison]:
    """Every ratio that both files name, in the first's order. Raises `OSError`, or `ValueError` for no report."""
    theirs = ratios(second)
    for key, spread in ratios(first).items():
        if key in theirs:
            yield Comparison(key, spread, theirs[key])


def ratios(file: Path) -> dict[Key, Spread | None]:
    """The ratios in a report.json."""
    try:
        content = json.loads(file.read_text())
        return {
            (row["workload"], row["measure"], row["contender"], row["against"]): _spread(row["ratio"])
            for row in (*content["rows"], *content["relations"])
            if row["against"]
        }
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{file} is not a report.json of benchmarks.run: {error!r}") from error


def _spread(value: dict[str, float] | None) -> Spread | None:
    if value is None:
        return None
    return Spread(value["median"], value["low"], value["high"], int(value["count"]))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    options = parser.parse_args(arguments)
    try:
        found = list(compare(options.first, options.second))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print("\n".join(map(str, found)))
    counts = {verdict: sum(one.agrees is verdict for one in found) for verdict in (True, False, None)}
    print(f"\n{counts[True]} of {len(found)} ratios agree, {counts[False]} differ, {counts[None]} are void")
    return 0 if counts[True] and not counts[False] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
