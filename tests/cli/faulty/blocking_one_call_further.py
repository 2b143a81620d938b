"""The endpoint looks harmless: what it calls blocks."""

import subprocess

from vivace import FastAPI

app = FastAPI()


def git(*arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], text=True)


def revision() -> str:
    return git("rev-parse", "HEAD").strip()


@app.get("/version")
async def version() -> str:
    return revision()  # V101
