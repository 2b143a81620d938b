"""W2: a typed path and query with constraints. Also the 422 for values that break them."""

from typing import Annotated

from benchmarks.apps._framework import FastAPI, Path, Query

app = FastAPI()


@app.get("/items/{item_id}")
async def read_item(
    item_id: Annotated[int, Path(ge=1, le=1_000_000)],
    q: Annotated[str | None, Query(min_length=2, max_length=50)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    in_stock: bool = False,
) -> dict[str, int | str | bool | None]:
    return {"item_id": item_id, "q": q, "limit": limit, "in_stock": in_stock}
