"""`vivace check`: every mistake in a folder of faulty programs is found, at its line, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vivace.cli.commands import cli

FAULTY = sorted((Path(__file__).parent / "faulty").glob("*.py"))
ROOT = Path(__file__).parents[2]


def check(*arguments: str, code: int = 1) -> str:
    """What `vivace check` prints."""
    result = CliRunner().invoke(cli, ["check", *arguments])
    assert result.exit_code == code, result.output
    assert result.stderr == ""
    return result.stdout


def findings(*arguments: str, code: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(check(*arguments, "--json", code=code))
    return found


def expected(program: Path) -> list[tuple[int, str]]:
    """What the comments in a program say: `# V101` stands on the line at which that is found."""
    lines = program.read_text().splitlines()
    comments = [(number, re.search(r"# ((V\d{3} ?)+)$", line)) for number, line in enumerate(lines, 1)]
    return [(number, code) for number, found in comments if found for code in found[1].split()]


def test_there_are_twenty() -> None:
    assert len(FAULTY) >= 20
    assert {code for program in FAULTY for _, code in expected(program)} == {
        rule.split()[0] for rule in check("--rules", code=0).splitlines()
    }


@pytest.mark.parametrize("program", FAULTY, ids=lambda program: program.stem)
def test_a_faulty_program(program: Path, directory: Path) -> None:
    (directory / "main.py").write_text(program.read_text())
    found = findings()
    assert [(finding["line"], finding["code"]) for finding in found] == expected(program)
    for finding in found:
        assert Path(finding["file"]) == directory / "main.py"
        assert all(finding[part] for part in ("message", "why", "remedy"))


def test_a_finding_says_what_why_and_what_to_do(directory: Path) -> None:
    program = next(program for program in FAULTY if program.stem == "sleeping")
    (directory / "main.py").write_text(program.read_text())
    assert check().splitlines() == [
        "main.py:12 V101 `time.sleep` blocks in the async function `slow`",
        "    While it waits, the event loop answers nobody else.",
        "    Use await asyncio.sleep(…); or make it `def`, which runs in a thread; or run_in_threadpool.",
        "2 routes checked: 1 finding",
    ]


def test_a_rule_is_left_out(directory: Path) -> None:
    program = next(program for program in FAULTY if program.stem == "several_at_once")
    (directory / "main.py").write_text(program.read_text())
    found = findings("--ignore", "V1", "--ignore", "V202")
    assert [finding["code"] for finding in found] == ["V201"]


def test_an_unknown_rule() -> None:
    result = CliRunner().invoke(cli, ["check", "--ignore", "V999"])
    assert result.exit_code == 1
    assert result.stderr == "error: There is no rule V999. `vivace check --rules` lists them.\n"


def test_modules_that_the_application_imports_are_read_too(directory: Path) -> None:
    (directory / "shop").mkdir()
    (directory / "shop" / "__init__.py").touch()
    (directory / "shop" / "mail.py").write_text(
        "import time\n\n\nasync def send() -> None:\n    time.sleep(1)\n"
    )
    (directory / "shop" / "main.py").write_text(
        "from vivace import FastAPI\n\nfrom . import mail\n\napp = FastAPI()\n"
    )
    (found,) = findings("shop/main.py")
    assert (Path(found["file"]).name, found["line"]) == ("mail.py", 5)


def test_no_false_alarm_on_the_example() -> None:
    command = [sys.executable, "-m", "vivace", "check", "shop/main.py", "--json"]
    result = subprocess.run(command, cwd=ROOT / "examples" / "shop", capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "[]\n", "")


SOUND = """
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx

from vivace import Depends, FastAPI, Request
from vivace.concurrency import run_in_threadpool
from vivace.middleware.cors import CORSMiddleware
from vivace.responses import HTMLResponse, StreamingResponse

PASSWORD_FIELD = "password"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    time.sleep(0.1)
    yield


app = FastAPI(debug=False, lifespan=lifespan)
app.add_middleware(CORSMiddleware, allow_origins=["*"])
client = httpx.AsyncClient()


def block() -> None:
    time.sleep(1)


async def get_user(request: Request) -> str:
    await asyncio.sleep(0)
    await run_in_threadpool(block)
    await run_in_threadpool(time.sleep, 1)
    await asyncio.to_thread(lambda: time.sleep(1))
    return "ada"


@app.get("/users/me")
async def read_me(user: Annotated[str, Depends(get_user)]) -> dict[str, str]:
    await client.get("http://127.0.0.1")
    async with httpx.AsyncClient() as own:
        await own.get("http://127.0.0.1")
    return {"name": user}


@app.get("/users/{user_id}")
def read_user(user_id: int, user=Depends(get_user)) -> int:
    block()
    return user_id


@app.get("/users/{name}/page", response_class=HTMLResponse)
async def page(name: str):
    return "<p>"


@app.post("/users/{user_id}")
async def change(user_id: int) -> StreamingResponse:
    return StreamingResponse(iter(()))


@app.get("/hidden", include_in_schema=False)
async def hidden():
    return {}


@app.get("/files/{path:path}")
async def file(path: str) -> str:
    return path


@app.get("/numbers/{number:int}")
async def number(number: int) -> int:
    return number


@app.get("/numbers/all")
async def numbers() -> list[int]:
    return []


@app.get("/anything", response_model=None)
async def anything():
    return {}


USERS = {"ada": {"hashed_password": "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"}}
"""


def test_no_false_alarm_on_sound_code(directory: Path) -> None:
    (directory / "main.py").write_text(SOUND)
    assert findings(code=0) == []
