"""The build hook: brings the viewers of the documentation pages into the package before it is built or installed.

The files are pinned and hashed in `src/vivace/openapi/viewers/pins.py`. What lies in `fetched/` and fits is kept, so a
source distribution builds without a network. The rest is taken out of published packages, with the clients that the
machine has (pip, else npm) and as they are configured. Where that fails the build goes on: the pages then load the same
files from the content delivery network, with their hashes.

    python hatch_build.py    # in a checkout: fetch what is missing, exit with 1 if something still is
"""

from __future__ import annotations

import base64
import hashlib
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run as a script
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).resolve().parent
VIEWERS = ROOT / "src" / "vivace" / "openapi" / "viewers"
PATIENCE = 60  # seconds for one download


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling runs, for wheels, editable installs and source distributions."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for problem in fetch_missing():
            self.app.display_warning(f"{problem}. The page will load it from the content delivery network.")


def fetch_missing(fetched: Path = VIEWERS / "fetched") -> list[str]:
    """Fetch every viewer's files that are not there; returns what could not be had, one sentence each."""
    problems = []
    clients = dict(CLIENTS)
    for viewer in runpy.run_path(str(VIEWERS / "pins.py"))["VIEWERS"]:
        reasons = []
        for name, download in list(clients.items()):
            if not _missing(viewer, fetched):
                break
            try:
                _keep(viewer, download, fetched)
            except (OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
                reasons.append(f"{name}: {_short(error)}")
                if isinstance(error, subprocess.TimeoutExpired):
                    del clients[name]  # a network that swallows everything is waited for once
        if _missing(viewer, fetched):
            problems.append(f"{viewer.name} {viewer.version} could not be fetched ({'; '.join(reasons)})")
    return problems


def integrity(content: bytes) -> str:
    """The hash of a file as browsers take it (https://www.w3.org/TR/SRI/)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def _missing(viewer: Any, fetched: Path) -> list[str]:
    def fits(file: str, accepted: tuple[str, ...]) -> bool:
        path = fetched / viewer.path(file)
        return path.is_file() and integrity(path.read_bytes()) in accepted

    return [file for file, accepted in viewer.integrity.items() if not fits(file, accepted)]


def _keep(viewer: Any, download: Download, fetched: Path) -> None:
    """Download a viewer and put its files in their place; a wrong hash raises before anything is written."""
    with tempfile.TemporaryDirectory() as folder:
        contents = download(viewer, Path(folder))
    for file, content in contents.items():
        if integrity(content) not in viewer.integrity[file]:
            raise ValueError(f"{file} has the hash {integrity(content)}, which pins.py does not have")
    for file, content in contents.items():
        path = fetched / viewer.path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.replace(path)  # at once: another install may be running


def _from_pip(viewer: Any, folder: Path) -> dict[str, bytes]:
    # An isolated build hides the environment's own packages, pip among them, by PYTHONPATH.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--timeout=20", "--retries=1"]
    _run([sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", viewer.wheel], folder, env)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {file: archive.read(viewer.path_in_wheel(file)) for file in viewer.integrity}


def _from_npm(viewer: Any, folder: Path) -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    _run([npm, "pack", "--silent", f"{viewer.name}@{viewer.version}"], folder, dict(os.environ))
    (tarball,) = folder.glob("*.tgz")
    with tarfile.open(tarball) as archive:
        members = {file: archive.extractfile(f"package/{file}") for file in viewer.integrity}
        return {file: member.read() for file, member in members.items() if member is not None}


Download = Callable[[Any, Path], dict[str, bytes]]
CLIENTS: dict[str, Download] = {"pip": _from_pip, "npm": _from_npm}


def _run(command: list[str], folder: Path, env: dict[str, str]) -> None:
    subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )


def _short(error: Exception) -> str:
    """The last line of what a client said, or the error itself."""
    said = (getattr(error, "stderr", None) or "").strip()
    return said.splitlines()[-1] if said else str(error)


if __name__ == "__main__":
    left = fetch_missing()
    print("\n".join(left) or "The viewers of the documentation pages are there.")
    sys.exit(bool(left))
