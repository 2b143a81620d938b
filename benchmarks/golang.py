"""Programs in Go, built with what Debian has: its compiler, and its packages below /usr/share/gocode."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import CACHE, ROOT, ChildError, run

PACKAGES = "/usr/share/gocode"  # Debian's golang-…-dev packages are a GOPATH, so modules are off
REMEDY = "apt-get install -y golang-go golang-github-gorilla-websocket-dev (Debian)"
TIMEOUT = 300.0  # seconds for one build


@dataclass(frozen=True, slots=True)
class Program:
    """One source file, and where its executable is: `Program("go", "benchmarks/peers/net_http.go")`."""

    name: str
    source: str

    @property
    def executable(self) -> Path:
        return CACHE / "go" / self.name

    def prepare(self) -> None:
        """Build it, unless it is newer than its source. Raises `ChildError` if that cannot be done."""
        if (
            self.executable.exists()
            and self.executable.stat().st_mtime > (ROOT / self.source).stat().st_mtime
        ):
            return
        if not shutil.which("go"):
            raise ChildError(f"there is no Go: {REMEDY}")
        settings = {"GO111MODULE": "off", "GOPATH": PACKAGES, "GOCACHE": str(CACHE / "go" / "cache")}
        command = ["go", "build", "-o", str(self.executable), self.source]
        try:
            run(command, core=None, environment={**os.environ, **settings}, timeout=TIMEOUT)
        except ChildError as error:
            raise ChildError(f"{error}\nWhat it needs: {REMEDY}") from error

    def versions(self) -> dict[str, str]:
        return {"go": version()}


def version() -> str:
    """`go1.19.8`, or that there is none."""
    if not shutil.which("go"):
        return "not installed"
    return subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
