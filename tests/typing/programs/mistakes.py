"""Mistakes: every line marked with `# error` is one, for mypy and for pyright, and no other line is."""

from pydantic import BaseModel

from vivace import APIRouter, Depends, FastAPI, Query

app = FastAPI()
router = APIRouter()


class Item(BaseModel):
    name: str


@app.get("/a", respones_model=Item)  # error: misspelt
def read_a() -> None: ...


@router.post("/b", status="201")  # error: no such option
def read_b() -> None: ...


@app.put("/c", status_code="201")  # error: wrong type
def read_c() -> None: ...


@router.delete(summary="No path.")  # error: the path is missing
def read_d() -> None: ...


@app.patch("/e", None)  # error: options have names
def read_e() -> None: ...


@app.get("/f")
def read_f(q: int = 1) -> list[int]:
    return [q]


read_f("1")  # error: the endpoint's own parameters still count
answer: str = read_f(1)  # error: and so does its answer

FastAPI(titel="Items")  # error: misspelt
APIRouter(prefix=1)  # error: wrong type
app.include_router(app)  # error: an application is no router
Query(ge="a lot")  # error: wrong type
Depends(1)  # error: not callable
