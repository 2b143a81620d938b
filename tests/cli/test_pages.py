"""What docs/cli.md and docs/docs-pages.md show is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vivace.cli.checks import RULES
from vivace.cli.commands import cli

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = (DOCS / "cli.md").read_text(encoding="utf-8")
PAGES = (DOCS / "docs-pages.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown_commands() -> list[tuple[str, str]]:
    """Each command in the page with the output that is shown."""
    return [
        (command, output)
        for block in blocks(COMMANDS, "console")
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, re.MULTILINE)
    ]


def squeezed(text: str) -> list[str]:
    """Lines without what depends on the width of a table."""
    lines = [re.sub("─+", "─", " ".join(line.split())) for line in text.splitlines()]
    return [line for line in lines if line]


def test_the_commands(directory: Path) -> None:
    (program,) = blocks(COMMANDS, "python")
    (directory / "main.py").write_text(program)
    assert len(shown_commands()) == 5
    for command, output in shown_commands():
        result = CliRunner().invoke(cli, shlex.split(command)[1:])
        shown, expected = squeezed(result.stdout), squeezed(output)
        if expected[0] == "…":  # left out: the place, and the compiled function
            start = shown.index(expected[1])
            shown, expected = shown[start : start + len(expected) - 2], expected[1:-1]
        # The number that a text under a known file name gets (see `_compile.source`).
        assert [re.sub(r" #\d+>$", ">", line) for line in shown] == expected


@pytest.mark.parametrize("program", blocks(PAGES, "python"))
def test_the_programs(program: str) -> None:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_every_rule_is_in_the_table() -> None:
    assert re.findall(r"^\| (V\d{3}) \|", COMMANDS, re.MULTILINE) == list(RULES)


def test_the_policies_are_those_of_the_browser_tests() -> None:
    tested = (DOCS.parent / "tests" / "browser" / "test_docs_pages.py").read_text(encoding="utf-8")
    tested = re.sub(r'"\n\s*"', "", tested)
    policies = re.findall(r"^\| `(/\w+)` \| `(.*)` \|$", PAGES, re.MULTILINE)
    assert len(policies) == 3
    for path, policy in policies:
        assert f'"{path}": "{policy}"' in tested


@pytest.mark.parametrize("page", ["cli.md", "docs-pages.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (DOCS / page).read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (DOCS / link).exists()] == []
