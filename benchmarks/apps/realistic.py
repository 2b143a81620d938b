"""W6: what many services look like: CORS, two http middlewares, token, body, a response model that hides a field."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.apps._framework import (
    CORSMiddleware,
    Depends,
    FastAPI,
    HTTPException,
    OAuth2PasswordBearer,
    Path,
)

CallNext = Callable[[Request], Awaitable[Response]]

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://shop.example"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)
bearer = OAuth2PasswordBearer(tokenUrl="token")


@app.middleware("http")
async def add_request_id(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    response.headers["X-Request-ID"] = request.headers.get("X-Request-ID", "none")
    return response


@app.middleware("http")
async def add_security_headers(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


class ItemUpdate(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    price: Annotated[float, Field(gt=0)]
    tags: list[str] = []
    description: str | None = None


class Item(BaseModel):
    id: int
    name: str
    price: float
    tags: list[str]
    owner: str
    description: str | None = None


class StoredItem(Item):
    """As the database has it: the response model drops what clients must not see."""

    purchase_price: float


async def current_user(token: Annotated[str, Depends(bearer)]) -> str:
    if token != "s3cret":
        raise HTTPException(401, "Unknown token", headers={"WWW-Authenticate": "Bearer"})
    return "ada"


@app.put("/items/{item_id}", response_model=Item, response_model_exclude_none=True)
async def update_item(
    item_id: Annotated[int, Path(ge=1)], item: ItemUpdate, user: Annotated[str, Depends(current_user)]
) -> StoredItem:
    return StoredItem(id=item_id, owner=user, purchase_price=item.price / 2, **item.model_dump())
