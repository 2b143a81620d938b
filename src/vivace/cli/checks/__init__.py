"""What `vivace check` looks for: `rules` says what and why, `routes` asks the application, `sources` its files."""

from .findings import Finding as Finding
from .rules import RULES as RULES
from .rules import Rule as Rule
