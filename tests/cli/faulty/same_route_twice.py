"""A route that a router declares again."""

from vivace import APIRouter, FastAPI

app = FastAPI()
router = APIRouter()


@app.get("/items")
async def read_items() -> list[str]:
    return []


@router.get("/items")  # V004
async def list_items() -> list[str]:
    return []


app.include_router(router)
