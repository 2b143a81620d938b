"""A headless Chromium that reaches nothing but this machine, and applications for it, each in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1600",
    # Whatever name a page asks for, it does not exist: the closed network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def programs() -> tuple[str, str]:
    """The browser and its driver."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("needs chromium and chromedriver (Debian: apt-get install chromium chromium-driver)")
    return browser, driver


@pytest.fixture
def open_browser(programs: tuple[str, str], tmp_path: Path) -> Iterator[Open]:
    """`open_browser("--flag")` starts a browser with an empty profile."""
    browsers = []

    def open_(*flags: str) -> Any:
        options = webdriver.ChromeOptions()
        options.binary_location = programs[0]
        for flag in (*FLAGS, f"--user-data-dir={tmp_path / f'profile{len(browsers)}'}", *flags):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        browser = webdriver.Chrome(options=options, service=Service(programs[1]))
        browser.implicitly_wait(20)
        browsers.append(browser)
        return browser

    yield open_
    for browser in browsers:
        browser.quit()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`serve(program)` runs the text of a program with `vivace run`, and gives its address."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(program: str) -> str:
        folder = tmp_path / f"program{len(servers)}"
        folder.mkdir()
        (folder / "main.py").write_text(program)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        command = [sys.executable, "-m", "vivace", "run", "--host", "127.0.0.1", "--port", str(port)]
        log = (folder / "log").open("wb")
        servers.append(
            subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={**os.environ, "PORT": ""})
        )
        log.close()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and servers[-1].poll() is None:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        pytest.fail((folder / "log").read_text())

    yield start
    for server in servers:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
