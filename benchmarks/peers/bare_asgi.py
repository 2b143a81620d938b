"""`hello` as an ASGI function without a framework: what the server alone allows."""

import json

from starlette.types import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":  # uvicorn takes the exception for "has no lifespan"
        raise NotImplementedError(f"{scope['type']} is not served here")
    status, content = answer(scope["method"], scope["path"])
    body = json.dumps(content, separators=(",", ":")).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answer(method: str, path: str) -> tuple[int, dict[str, str]]:
    if path != "/":
        return 404, {"detail": "Not Found"}
    if method != "GET":
        return 405, {"detail": "Method Not Allowed"}
    return 200, {"message": "Hello, World!"}
