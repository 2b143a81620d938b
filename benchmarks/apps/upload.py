"""W11: a multipart form with a text field and a file, which is read whole."""

from typing import Annotated

from benchmarks.apps._framework import FastAPI, Form, UploadFile

app = FastAPI()


@app.post("/uploads", status_code=201)
async def upload(file: UploadFile, description: Annotated[str, Form()]) -> dict[str, str | int | None]:
    content = await file.read()
    return {
        "name": file.filename,
        "description": description,
        "size": len(content),
        "end": content[-4:].hex(),
    }
