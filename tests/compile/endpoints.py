"""Endpoints that between them use every feature of the compiler: what `golden/` shows the compiled form of.

The name of an endpoint is the name of its golden file. One idea each, so that a change of the emitter shows
where it should.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from datetime import date, datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, Field, Json
from starlette.requests import HTTPConnection
from typing_extensions import TypeAliasType

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
    Path,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
    WebSocket,
)
from vivace.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from vivace.routing import APIRoute
from vivace.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer, SecurityScopes
from vivace.sse import EventSourceResponse, ServerSentEvent

app = FastAPI(openapi_url=None)


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


class User(BaseModel):
    name: str
    born: date | None = None


class Order(Enum):
    up = "up"
    down = "down"


class Filters(BaseModel):
    limit: int = Field(default=10, ge=1)
    tags: list[str] = []


class Traced(BaseModel):
    x_request_id: str
    x_tags: list[str] = []


# --- nothing to read --------------------------------------------------------------------------------------------------


@app.get("/")
async def hello():
    return {"hello": "world"}


@app.get("/sync")
def hello_sync():
    return {"hello": "world"}


# --- parameters -------------------------------------------------------------------------------------------------------


@app.get("/items/{item_id}")
async def path_and_query(
    item_id: int, q: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 10
): ...


@app.get("/files/{name}/{file_path:path}")
async def path_texts(name: str, file_path: str): ...


@app.get("/choices/{order}")
async def path_choices(order: Order, kind: Literal["a", "b"], when: datetime): ...


@app.get("/texts")
async def optional_texts(q: str | None = None, page: str = "1"): ...


@app.get("/sequences")
async def sequences(
    tags: Annotated[list[str], Query()],
    numbers: Annotated[set[int] | None, Query()] = None,
    x_flag: Annotated[list[str] | None, Header()] = None,
): ...


@app.get("/headers")
async def headers(
    user_agent: Annotated[str | None, Header()] = None,
    x_count: Annotated[int, Header()] = 0,
    raw_name: Annotated[str | None, Header(convert_underscores=False)] = None,
): ...


@app.get("/cookies")
async def cookies(session: Annotated[str, Cookie()], theme: Annotated[str, Cookie()] = "light"): ...


@app.get("/models")
async def parameter_models(
    filters: Annotated[Filters, Query()],
    traced: Annotated[Traced, Header()],
    optional: Annotated[Filters | None, Cookie()] = None,
): ...


@app.get("/defaults")
async def defaults(
    order: Order = Order.up,
    day: date = date(2020, 1, 1),
    ids: Annotated[list[int], Query()] = [1, 2],  # noqa: B006
    made: Annotated[str, Query(default_factory=lambda: "made")] = ...,  # type: ignore[assignment]
    checked: Annotated[int, Query(validate_default=True)] = 3,
): ...


@app.get("/aliases")
async def aliases(
    q: Annotated[str, Query(alias="item-query")],
    either: Annotated[int, Query(validation_alias=AliasChoices("either", "or"))] = 1,
    encoded: Annotated[Json[list[int]] | None, Query()] = None,
): ...


ItemId = TypeAliasType("ItemId", Annotated[int, Path(ge=1)])


@app.get("/alias-types/{item_id}")
async def type_alias(item_id: ItemId): ...


@app.get("/names/{scope}")
async def names_of_the_emitter(
    scope: str, send: str, errors: int, query: str, request: str, validate_errors: int
): ...


# --- bodies -----------------------------------------------------------------------------------------------------------


@app.post("/body")
async def body(item: Item): ...


@app.post("/body/{item_id}")
async def body_and_path(item_id: int, item: Item): ...


@app.post("/optional-body")
async def body_optional(item: Item | None = None): ...


@app.post("/union")
async def body_union(item: Item | User): ...


@app.post("/embedded")
async def body_embedded(item: Annotated[Item, Body(embed=True)]): ...


@app.post("/several")
async def body_several(item: Item, user: User, importance: Annotated[int, Body(gt=0)] = 1): ...


@app.post("/form")
async def form(username: Annotated[str, Form()], remember: Annotated[bool, Form()] = False): ...


class Profile(BaseModel):
    name: str
    links: list[str] = []


@app.post("/form-model")
async def form_model(profile: Annotated[Profile, Form()]): ...


@app.post("/files")
async def files(
    content: Annotated[bytes, File()], uploads: list[UploadFile], note: Annotated[str | None, Form()] = None
): ...


# --- parts of the request ---------------------------------------------------------------------------------------------


@app.get("/request")
async def with_request(request: Request): ...


@app.post("/request-body")
async def with_request_and_body(request: Request, item: Item): ...


@app.get("/connection")
async def with_connection(connection: HTTPConnection): ...


@app.get("/response")
async def with_response(response: Response): ...


@app.get("/background")
async def with_background(tasks: BackgroundTasks): ...


# --- dependencies -----------------------------------------------------------------------------------------------------


async def paging(skip: int = 0, limit: int = 10): ...


def settings(): ...


def database(config: Annotated[Any, Depends(settings)]): ...


def user_of(db: Annotated[Any, Depends(database)], x_token: Annotated[str, Header()]): ...


async def clock(): ...


@app.get("/dependency")
async def dependency(page: Annotated[Any, Depends(paging)]): ...


@app.get("/sync-chain")
async def sync_chain(db: Annotated[Any, Depends(database)]): ...


@app.get("/sync-chain-and-endpoint")
def sync_chain_and_endpoint(user: Annotated[Any, Depends(user_of)], q: str = ""): ...


@app.get("/sync-async-sync")
def sync_async_sync(
    first: Annotated[Any, Depends(settings)],
    now: Annotated[Any, Depends(clock)],
    db: Annotated[Any, Depends(database)],
): ...


def first_use(page: Annotated[Any, Depends(paging)]): ...


@app.get("/repeated")
async def repeated(first: Annotated[Any, Depends(first_use)], second: Annotated[Any, Depends(paging)]): ...


@app.get("/uncached")
async def uncached(
    first: Annotated[Any, Depends(clock, use_cache=False)],
    second: Annotated[Any, Depends(clock, use_cache=False)],
): ...


async def session() -> AsyncIterator[Any]:
    yield "session"


async def transaction(db: Annotated[Any, Depends(session)]) -> AsyncIterator[Any]:
    yield db


def lock() -> Iterator[Any]:
    yield "lock"


@app.get("/yield")
async def yield_request(db: Annotated[Any, Depends(session)]): ...


@app.get("/yield-function")
async def yield_function(db: Annotated[Any, Depends(session, scope="function")]): ...


@app.get("/yield-both")
async def yield_both(
    db: Annotated[Any, Depends(session)],
    work: Annotated[Any, Depends(transaction, scope="function")],
    q: int = 0,
): ...


@app.get("/yield-sync")
def yield_sync(held: Annotated[Any, Depends(lock)]): ...


@app.get("/limited")
async def limited(
    now: Annotated[Any, Depends(clock, max_concurrency=5)],
    config: Annotated[Any, Depends(settings, max_concurrency=2)],
    db: Annotated[Any, Depends(session, max_concurrency=1)],
): ...


class Pager:
    def __init__(self, size: int = 10) -> None:
        self.size = size

    def __call__(self, page: int = 1) -> Any: ...


class AsyncCheck:
    async def __call__(self, q: str) -> Any: ...


async def scaled(value: int, factor: int): ...


@app.get("/callables")
async def callables(
    made: Annotated[Pager, Depends()],
    called: Annotated[Any, Depends(Pager(5))],
    checked: Annotated[Any, Depends(AsyncCheck())],
    part: Annotated[Any, Depends(partial(scaled, factor=3))],
): ...


async def audit(request: Request, tasks: BackgroundTasks): ...


@app.get("/for-effect", dependencies=[Depends(audit)])
async def for_effect(): ...


router = APIRouter(prefix="/shop", dependencies=[Depends(clock)])


@router.get("/{shop_id}/items", dependencies=[Depends(settings)])
async def in_router(shop_id: int, page: Annotated[Any, Depends(paging)]): ...


app.include_router(router, prefix="/v1", dependencies=[Depends(audit)])

token = OAuth2PasswordBearer(tokenUrl="token")


async def current_user(scopes: SecurityScopes, bearer: Annotated[str, Depends(token)]): ...


@app.get("/security")
async def security(
    user: Annotated[Any, Security(current_user, scopes=["me", "items"])],
    key: Annotated[str, Security(APIKeyHeader(name="x-key"))],
    credentials: Annotated[Any, Depends(HTTPBearer(auto_error=False))],
): ...


# --- answers ----------------------------------------------------------------------------------------------------------


@app.get("/model")
async def response_model() -> Item: ...


@app.get("/any")
async def response_any() -> Any: ...


@app.get(
    "/filtered", response_model=Item, response_model_exclude={"price"}, response_model_exclude_unset=True
)
def response_filtered(): ...


@app.get(
    "/included",
    response_model_include={"name"},
    response_model_by_alias=False,
    response_model_exclude_none=True,
)
async def response_included(response: Response) -> list[Item]: ...


@app.post("/created", status_code=201)
async def created(item: Item) -> Item: ...


@app.delete("/deleted", status_code=204)
async def no_content() -> None: ...


@app.get("/html", response_class=HTMLResponse)
async def html() -> str: ...


@app.get("/text", response_class=PlainTextResponse, status_code=202)
def text(response: Response, tasks: BackgroundTasks): ...


@app.get("/own-response")
async def own_response(tasks: BackgroundTasks) -> JSONResponse: ...


@app.get("/chunks", response_class=StreamingResponse)
async def chunks() -> AsyncIterable[bytes]:
    yield b"chunk"


@app.get("/lines")
def json_lines(limit: int = 3) -> Iterable[Item]:
    yield Item(name="a", price=limit)


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterable[ServerSentEvent]:
    yield ServerSentEvent(data="x")


# --- other forms ------------------------------------------------------------------------------------------------------


@app.websocket("/ws")
async def websocket(socket: WebSocket) -> None: ...


@app.websocket("/ws/{room}")
async def websocket_with_all(
    socket: WebSocket,
    room: int,
    token: str,
    db: Annotated[Any, Depends(session)],
    config: Annotated[Any, Depends(settings)],
) -> None: ...


class Wrapped(APIRoute):
    """A route that sees requests and responses, and so needs a handler: `async (request) -> Response`."""

    def get_route_handler(self) -> Any:
        return super().get_route_handler()


wrapped = APIRouter(route_class=Wrapped)


@wrapped.post("/wrapped")
async def in_route_class(item: Item, response: Response, db: Annotated[Any, Depends(session)]) -> Item: ...


app.include_router(wrapped)
