"""The README's table of figures, out of the committed report: no figure there is written by hand.

python -m benchmarks.readme            # rewrite it
python -m benchmarks.readme --check    # exit code 1 if it is not the report's
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.summary import REFERENCE, Spread, number
from benchmarks.workloads import RATE

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "benchmarks" / "report" / "report.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- figures: python -m benchmarks.readme -->\n", "<!-- /figures -->"

SHOWN = (
    ("W1", "hello, JSON"),
    ("W2", "typed path and query"),
    ("W3", "body → model → response model"),
    ("W4", "`def` endpoint"),
    ("W5", "bearer token, six dependencies"),
    ("W6", "CORS, two http middlewares, token, body, model"),
    ("W8", "last of 500 routes"),
    ("W9", "stream of 200 chunks"),
    ("422", "four invalid values"),
)
PEERS = ("vivace", "fastapi", "go", "fastify")


def table(report: dict[str, Any]) -> str:
    """Requests per second, and the ratio to FastAPI with its spread."""
    rows = {
        (row["workload"], row["contender"]): row
        for row in report["rows"]
        if row["measure"] == RATE and row["against"] in (None, REFERENCE)
    }
    lines = [
        "| requests/s on one core | vivace | FastAPI 0.165 | ratio | Go `net/http` | Fastify |",
        "|---|---|---|---|---|---|",
    ]
    for workload, title in SHOWN:
        if (workload, "vivace") not in rows:
            continue
        rates = [_rate(rows.get((workload, peer))) for peer in PEERS]
        against = rows[workload, "vivace"]["ratio"]
        ratio = Spread(**against).show("×") if against else "void"
        lines.append(
            f"| {title} ({workload}) | {rates[0]} | {rates[1]} | {ratio} | {rates[2]} | {rates[3]} |"
        )
    return "\n".join(lines) + "\n"


def _rate(row: dict[str, Any] | None) -> str:
    return number(row["own"]["median"]) if row and row["own"] else ""


def rewritten(text: str, report: dict[str, Any]) -> str:
    """The README with the report's table between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"README.md lacks the marks {BEGIN.strip()} and {END}")
    return f"{before}{BEGIN}\n{table(report)}\n{END}{after}"


def main(arguments: list[str]) -> int:
    text = README.read_text(encoding="utf-8")
    new = rewritten(text, json.loads(REPORT.read_text(encoding="utf-8")))
    if arguments == ["--check"]:
        return 0 if new == text else 1
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
