"""A program without mistakes: mypy (strict) and pyright accept it, and see these types."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, assert_type

from pydantic import BaseModel

from vivace import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
    WebSocket,
)
from vivace.responses import JSONResponse
from vivace.routing import APIRoute
from vivace.security import HTTPAuthorizationCredentials, HTTPBearer


class Item(BaseModel):
    name: str
    price: float


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


app = FastAPI(title="Items", lifespan=lifespan)
router = APIRouter(prefix="/items", tags=["items"])


# A decorated endpoint keeps its type: it can be called as it was written.


@app.get("/")
def read_root(q: str | None = None) -> dict[str, str]:
    return {"q": q or ""}


assert_type(read_root(), dict[str, str])
assert_type(read_root(q="a"), dict[str, str])


@router.post("/{item_id}", response_model=Item, status_code=201)
async def create_item(item_id: Annotated[int, Path(ge=1)], item: Item) -> Item:
    return item


async def call_it() -> None:
    assert_type(await create_item(1, Item(name="a", price=1)), Item)


@app.api_route("/both", methods=["GET", "POST"])
def read_both(*, limit: int = 10) -> list[int]:
    return [limit]


assert_type(read_both(limit=3), list[int])


@app.websocket("/ws/{name}")
async def talk(websocket: WebSocket, name: str) -> None:
    await websocket.accept()


# Parameters may be declared as defaults, or in annotations.


def current_user(credentials: Annotated[HTTPAuthorizationCredentials, Security(HTTPBearer())]) -> str:
    return credentials.credentials


@app.put("/declared")
def declare(
    request: Request,
    response: Response,
    tasks: BackgroundTasks,
    user: Annotated[str, Depends(current_user)],
    query: int = Query(default=1, gt=0, description="A number."),
    header: str = Header(default="", alias="X-Header"),
    cookie: str | None = Cookie(default=None),
    body: Item = Body(embed=True),
    other: str = Depends(current_user),
) -> None:
    return None


@app.post("/form")
async def upload(file: UploadFile, text: str = Form(), raw: bytes = File(default=b"")) -> int:
    return len(await file.read())


# What surrounds the endpoints.


@app.middleware("http")
async def pass_on(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


@app.exception_handler(HTTPException)
async def handle(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"detail": error.detail}, status_code=error.status_code)


class TimedRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Any]:
        original = super().get_route_handler()

        async def handler(request: Request) -> Response:
            response: Response = await original(request)
            return response

        return handler


timed = APIRouter(route_class=TimedRoute)
app.include_router(router, prefix="/v1", dependencies=[Depends(current_user)])
app.include_router(timed)
app.dependency_overrides[current_user] = lambda: "someone"
assert_type(app.openapi(), dict[str, Any])
