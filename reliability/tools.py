"""Python tools that have no place in the environment of the checks: each in one of its own, under `.cache/reliability`.

schemathesis brings a pytest plugin that every test run would load, atheris a compiler that only one run needs. They are
installed on first use, in the versions that are tried here.
"""

from __future__ import annotations

import site
import subprocess
import sys
import venv
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "reliability"
VERSIONS = {"schemathesis": "4.32.5", "atheris": "3.0.0"}


class ToolError(Exception):
    """A tool cannot be had; the message says why."""


def python_with(tool: str, *, sees_ours: bool = False) -> Path:
    """The interpreter of an environment that has `tool`; with `sees_ours` it imports what this one does, too.

    Raises:
        ToolError: it cannot be installed.
    """
    wanted = f"{tool}=={VERSIONS[tool]}"
    folder = CACHE / f"{tool}-{VERSIONS[tool]}-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    done = folder / ".installed"
    if done.exists():
        return python
    print(f"installing {wanted} into {folder.relative_to(CACHE.parent.parent)}", file=sys.stderr, flush=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "-qq",
        wanted,
    ]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
        raise ToolError(f"{wanted} cannot be installed, see above")
    if sees_ours:
        (packages,) = folder.glob("lib/python*/site-packages")
        (packages / "ours.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    done.touch()
    return python
