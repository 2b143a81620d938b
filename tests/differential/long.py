"""Survey thousands of random applications: `python -m tests.differential.long --applications 5000 --seed 7`.

Every application has its own seed, `SEED:NUMBER`, so that `--seed 7 --only 1234` asks the same questions again. The
survey does not stop at a difference: it counts kinds of difference, makes the first program of each kind small, and
ends with a summary, most frequent first. Ctrl-C ends it early with the summary of what was done. The exit code is 1 if
any differ.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

from .applications import decide_case
from .choices import SeededChoices
from .generated import Found, differences, minimised
from .oracle import ORACLE, ORACLE_VERSION, SUBJECT, check_versions


def main(arguments: list[str] | None = None) -> int:
    """Run the survey; returns the exit code."""
    options = _parser().parse_args(arguments)
    check_versions()
    quiet()
    survey = Survey(options.seed, options.requests)
    numbers = [options.only] if options.only is not None else range(options.applications)
    try:
        for number in numbers:
            survey.visit(number)
            if sys.stderr.isatty() or number % 100 == 99:
                print(f"\r{survey.line(len(numbers))}", end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
    print(file=sys.stderr)
    report = survey.report(options.programs, options.minimise)
    if options.write:
        Path(options.write).write_text(report)
    print(report)
    return 1 if survey.kinds else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.long", description=__doc__)
    parser.add_argument(
        "--applications", type=int, default=1000, help="how many applications (default: 1000)"
    )
    parser.add_argument(
        "--requests", type=int, default=20, help="requests for each application (default: 20)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the survey's seed (default: 0)")
    parser.add_argument("--only", type=int, help="visit this application alone")
    parser.add_argument(
        "--programs", type=int, default=30, help="print programs for so many kinds (default: 30)"
    )
    parser.add_argument(
        "--minimise", type=float, default=20, help="seconds for making each program small (default: 20)"
    )
    parser.add_argument("--write", help="also write the summary to this file")
    return parser


def quiet() -> None:
    """Silence warnings and parser logs: tens of thousands of bad requests produce little else."""
    warnings.simplefilter("ignore")
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


class Survey:
    """Counts what was asked and what differed."""

    def __init__(self, seed: int, requests: int) -> None:
        self.kinds: Counter[str] = Counter()
        self.examples: dict[str, Found] = {}
        self.first_seen: dict[str, int] = {}
        self.applications = self.differing = 0
        self._seed, self._requests, self._began = seed, requests, time.monotonic()

    def visit(self, number: int) -> None:
        """Build and ask one application on both frameworks."""
        case = decide_case(SeededChoices(f"{self._seed}:{number}"), self._requests)
        found = list(differences(case))
        for difference in found:
            self.kinds[difference.kind] += 1
            self.examples.setdefault(difference.kind, difference)
            self.first_seen.setdefault(difference.kind, number)
        self.applications += 1
        self.differing += bool(found)

    def line(self, total: int) -> str:
        """Progress in one line."""
        pace = self.applications / (time.monotonic() - self._began)
        done = f"{self.applications}/{total} applications"
        return f"{done}, {self.differing} differ, {len(self.kinds)} kinds, {pace:.0f}/s "

    def report(self, programs: int, seconds: float) -> str:
        """The summary: a table of kinds, then one small program for each of the most frequent."""
        asked = self.applications * self._requests
        head = (
            f"# {SUBJECT} against {ORACLE} {ORACLE_VERSION}\n\n"
            f"{self.applications} applications, {asked} requests, seed {self._seed}: "
            f"{self.differing} applications differ, in {len(self.kinds)} kinds\n"
        )
        table = [
            f"{count:6}  {kind}  (--only {self.first_seen[kind]})" for kind, count in self.kinds.most_common()
        ]
        shown = [
            f"\n{'=' * 80}\n{count} × (--seed {self._seed} --only {self.first_seen[kind]})\n"
            + (minimised(self.examples[kind], seconds) if seconds else self.examples[kind]).report()
            for kind, count in self.kinds.most_common(programs)
        ]
        return "\n".join([head, *table, *shown])


if __name__ == "__main__":
    sys.exit(main())
