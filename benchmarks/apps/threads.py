"""W4: a `def` endpoint runs in a worker thread; and one with two `def` dependencies, which do so too."""

from typing import Annotated

from benchmarks.apps._framework import Depends, FastAPI, Query

app = FastAPI()


@app.get("/plain")
def plain(name: str = "Ada") -> dict[str, str]:
    return {"message": f"Hello, {name}!"}


def page(limit: Annotated[int, Query(ge=1, le=100)] = 10) -> int:
    return limit


def settings() -> dict[str, str]:
    return {"currency": "EUR"}


@app.get("/dependencies")
def with_dependencies(
    limit: Annotated[int, Depends(page)], settings: Annotated[dict[str, str], Depends(settings)]
) -> dict[str, int | str]:
    return {"limit": limit, "currency": settings["currency"]}
