"""Two dependencies that need each other."""

from typing import Annotated, Any

from vivace import Depends, FastAPI

app = FastAPI()


def first(value: Any) -> int:
    return 1


def second(value: Annotated[int, Depends(first)]) -> int:
    return 2


first.__annotations__["value"] = Annotated[int, Depends(second)]


@app.get("/items")  # V001
async def read_items(value: Annotated[int, Depends(second)]) -> int:
    return value
