"""Runs the shop of ``examples/shop`` as a process of its own, the way a user would, and stops it again."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SHOP_DIR = Path(__file__).parents[2] / "examples" / "shop"
SERVE_SHOP = (sys.executable, str(Path(__file__).with_name("serve_shop.py")))
START_SECONDS = 30
STOP_SECONDS = 10

# As in the differential tests: `fastapi` here checks the tests themselves.
SUBJECT = os.environ.get("VIVACE_DIFFERENTIAL_SUBJECT", "vivace")


@dataclass(frozen=True)
class RunningShop:
    """A shop that listens at ``url`` and writes what it has to say into ``log_file``."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def running_shop(command: tuple[str, ...], folder: Path, settings: dict[str, str]) -> Iterator[RunningShop]:
    """Run ``command`` in the shop's folder, with these settings only; keep its log in ``folder``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    log_file = folder / "log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=SHOP_DIR, env=inherited | settings, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield RunningShop(wait_for_url(process, log_file), process, log_file)
    finally:
        process.kill()
        process.wait()


def wait_for_url(process: subprocess.Popen[bytes], log_file: Path) -> str:
    """Return the address that the server announces once it listens; it has picked a free port itself."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"running on (http://[\d.:]+)", log_file.read_text(errors="replace")):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the shop did not start:\n{log_file.read_text(errors='replace')}")
