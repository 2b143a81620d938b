"""Add up the JUnit reports of several pytest runs and print one closing line, as pytest's own.

python .ci/summary.py DIRECTORY

The directory holds a report per step, `<step>.xml`, and the names of the steps that failed, tests or not, in `failed`.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree


def counts(report: Path) -> dict[str, float]:
    """`{"tests": 10, "failures": 0, "errors": 0, "skipped": 1, "time": 2.5}`; xfailed tests count as skipped."""
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped", "time"), 0.0)
    for suite in ElementTree.parse(report).iter("testsuite"):
        for name in totals:
            totals[name] += float(suite.get(name, 0))
    return totals


def line(totals: dict[str, float]) -> str:
    passed = totals["tests"] - totals["failures"] - totals["errors"] - totals["skipped"]
    parts = {
        "failed": totals["failures"],
        "passed": passed,
        "skipped": totals["skipped"],
        "errors": totals["errors"],
    }
    shown = ", ".join(f"{number:.0f} {name}" for name, number in parts.items() if number or name == "passed")
    return f"{shown} in {totals['time']:.2f}s"


def main() -> int:
    directory = Path(sys.argv[1])
    failed = (directory / "failed").read_text().split() if (directory / "failed").exists() else []
    reports = {path.stem: counts(path) for path in sorted(directory.glob("*.xml"))}
    if not reports:
        print(f"no test ran: no reports in {directory}", file=sys.stderr)
        return 1
    for name, totals in reports.items():
        print(f"{name:>14}: {line(totals)}")
    total = {key: sum(totals[key] for totals in reports.values()) for key in next(iter(reports.values()))}
    if failed:
        print(f"failed steps: {', '.join(failed)}")
    print(f"{f' {line(total)} ':=^110}")
    return 1 if failed or total["failures"] or total["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
