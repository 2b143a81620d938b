"""W9: 200 small chunks, as a plain stream and as server-sent events."""

from collections.abc import AsyncIterator

from benchmarks.apps._framework import EventSourceResponse, FastAPI, StreamingResponse

CHUNKS = 200

app = FastAPI()


async def lines() -> AsyncIterator[bytes]:
    for number in range(CHUNKS):
        yield b"line %d of the stream\n" % number


@app.get("/lines")
async def stream_lines() -> StreamingResponse:
    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/events", response_class=EventSourceResponse)
async def stream_events() -> AsyncIterator[dict[str, int]]:
    for number in range(CHUNKS):
        yield {"event": number}
