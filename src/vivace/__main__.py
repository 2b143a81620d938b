"""`python -m vivace`: the same as the command `vivace`."""

from vivace.cli import command

command()
