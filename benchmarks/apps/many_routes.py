"""W8: as many routes with a path parameter as `BENCHMARK_ROUTES` says; the request goes to the last one."""

import os
from typing import Annotated

from benchmarks.apps._framework import FastAPI, Path

app = FastAPI()


def declare(number: int) -> None:
    @app.get(f"/shelf-{number}/items/{{item_id}}", name=f"shelf {number}")
    async def read_item(item_id: Annotated[int, Path(ge=1)]) -> dict[str, int]:
        return {"shelf": number, "item_id": item_id}


# The last one is the same in every size, so that sizes answer the same request and can be compared.
for number in range(1, int(os.environ["BENCHMARK_ROUTES"])):
    declare(number)
declare(0)
