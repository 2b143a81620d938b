"""`hello` as an ASGI function without a framework: what the server alone allows."""

import json

from starlette.types import Receive, Scope, Send


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":  # uvicorn takes the exception for "has no lifespan"
        raise NotImplementedError(f"{scope['type']} is not served here")
    found = scope["path"] == "/"
    body = json.dumps(
        {"message": "Hello, World!"} if found else {"detail": "Not Found"}, separators=(",", ":")
    ).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
