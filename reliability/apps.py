"""The application under load: something of everything, and an account of itself.

`/stats` tells what must be flat: dependencies entered and left, tasks, file descriptors, memory. With
`RELIABILITY_JOURNAL` in the environment every request with an `id` leaves a line in that file when it begins, and the
lifespan when it ends: what a client needs to know which of its requests were accepted.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import anyio
from pydantic import BaseModel

from reliability.lanes import hiding
from vivace import (
    BackgroundTasks,
    Depends,
    FastAPI,
    File,
    Form,
    HTTPException,
    Request,
    UploadFile,
    WebSocket,
)
from vivace.responses import Response, StreamingResponse

CHUNK = b"x" * 64 * 1024


class Journal:
    """A file that is appended to in single writes, so that several processes may share it."""

    def __init__(self) -> None:
        path = os.environ.get("RELIABILITY_JOURNAL")
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if path else None

    def note(self, line: str) -> None:
        if self._file is not None:
            os.write(self._file, f"{line}\n".encode())


class Balance:
    """How often the exit code of dependencies is still owed."""

    def __init__(self) -> None:
        self.entered = self.left = 0
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            self.entered += 1

    def leave(self) -> None:
        with self._lock:
            self.left += 1


journal = Journal()
balance = Balance()


async def session() -> AsyncIterator[None]:
    balance.enter()
    try:
        yield
    finally:
        balance.leave()


def sync_session() -> Iterator[None]:
    balance.enter()
    try:
        yield
    finally:
        balance.leave()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    journal.note("startup")
    yield
    journal.note("shutdown")


class Item(BaseModel):
    name: str
    price: float = 0


NEEDS = [Depends(session), Depends(sync_session)]
app = FastAPI(lifespan=lifespan)


@app.get("/plain")
async def plain() -> Any:
    return {"hello": "world"}


@app.get("/items/{item_id}", dependencies=[Depends(session)])
async def read_item(item_id: int, q: str | None = None) -> Any:
    return {"item_id": item_id, "q": q}


@app.post("/items", dependencies=[Depends(session)])
async def create_item(item: Item) -> Item:
    return item


@app.get("/thread", dependencies=[Depends(sync_session)])
def thread() -> Any:
    return "thread"


@app.post("/form", dependencies=NEEDS)
async def form(name: Annotated[str, Form()]) -> Any:
    return name


@app.post("/upload", dependencies=NEEDS)
async def upload(file: Annotated[UploadFile, File()]) -> Any:
    return len(await file.read())


@app.post("/read", dependencies=NEEDS)
async def read(request: Request) -> Any:
    return sum([len(chunk) async for chunk in request.stream()])


@app.get("/slow", dependencies=NEEDS)
async def slow(tasks: BackgroundTasks, seconds: float = 0.02, id: str = "") -> Any:
    if id:
        journal.note(f"begun {id}")
    tasks.add_task(int)
    await anyio.sleep(seconds)
    return id


@app.get("/stream", dependencies=NEEDS)
async def stream(parts: int = 10, seconds: float = 0.001) -> Any:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(parts):
            yield b"part,"
            await anyio.sleep(seconds)

    return StreamingResponse(chunks())


@app.get("/lines", dependencies=NEEDS)
async def lines() -> AsyncIterator[Item]:
    for number in range(20):
        yield Item(name=str(number))


@app.get("/big")
async def big(chunks: int = 1600) -> Any:
    async def content() -> AsyncIterator[bytes]:
        for _ in range(chunks):
            yield CHUNK

    return StreamingResponse(content(), headers={"content-length": str(chunks * len(CHUNK))})


@app.get("/whole")
async def whole(size: int = 1_000_000) -> Any:
    return Response(b"x" * size)


@app.get("/refused")
async def refused() -> Any:
    raise HTTPException(404, "refused")


@app.get("/broken", dependencies=[Depends(session)])
async def broken() -> Any:
    raise RuntimeError("broken on purpose")


@app.websocket("/echo")
async def echo(websocket: WebSocket, session: Any = Depends(session)) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text(await websocket.receive_text())


@app.get("/pid")
async def pid() -> Any:
    return os.getpid()


@app.get("/stats")
async def stats() -> Any:
    gc.collect()
    return {
        "entered": balance.entered,
        "left": balance.left,
        "tasks": len(asyncio.all_tasks()),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "memory": resident_bytes(),
    }


def resident_bytes() -> int:
    """What proc_pid_statm(5) calls resident, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


ordinary = hiding(app)
"""The same application without the fast lanes."""
