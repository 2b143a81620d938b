"""A WebSocket that stops all others."""

from time import sleep

from vivace import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/ticks")
async def ticks(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text("tick")
        sleep(1)  # V101
