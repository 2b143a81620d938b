"""The application: what it is made of, and what happens when it starts and stops.

Run it with ``uvicorn shop.main:app``.
"""

import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from vivace import FastAPI, Request, Response
from vivace.middleware.cors import CORSMiddleware
from vivace.responses import FileResponse
from vivace.routing import APIRoute

from .database import create_engine, create_tables
from .demo_data import add_demo_data
from .errors import add_exception_handlers
from .events import News
from .routers import catalogue, live, orders, pictures, users
from .settings import get_settings

logger = logging.getLogger("shop")
settings = get_settings()

DESCRIPTION = """
A small shop, to look around in and to take apart.

Click **Authorize** and sign in as one of the demo users, then try any endpoint:

| username | password         | may                              |
|----------|------------------|----------------------------------|
| `demo`   | `demo-password`  | order products                   |
| `staff`  | `staff-password` | also manage products and orders  |
"""

TAGS = [
    {"name": "catalogue", "description": "What is for sale."},
    {"name": "pictures", "description": "What it looks like."},
    {"name": "users", "description": "Who you are."},
    {"name": "orders", "description": "What you buy."},
    {"name": "live", "description": "What happens now. There is also a chat: a WebSocket at `/live/chat`."},
]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the database before the first request, and close it after the last."""
    if "secret_key" not in settings.model_fields_set:
        logger.warning("SHOP_SECRET_KEY is not set: tokens will not survive a restart of the server.")
    settings.pictures_dir.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.database_url)
    async with engine.begin() as connection, AsyncSession(connection) as session:
        await create_tables(connection)
        if settings.demo_data:
            await add_demo_data(session)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.state.news = News()
    yield
    await engine.dispose()


def operation_id(route: APIRoute) -> str:
    """Return a short name for generated clients: ``orders-create_order``."""
    return "-".join([*map(str, route.tags), route.name])


app = FastAPI(
    title="Shop",
    version="1.0.0",
    description=DESCRIPTION,
    openapi_tags=TAGS,
    lifespan=lifespan,
    generate_unique_id_function=operation_id,
    swagger_ui_parameters={"persistAuthorization": True, "tryItOutEnabled": True},
    max_body_size=64 * 1024,
)
add_exception_handlers(app)
for module in (catalogue, pictures, users, orders, live):
    app.include_router(module.router)


@app.get("/", include_in_schema=False)
async def read_front_page() -> FileResponse:
    return FileResponse(Path(__file__).parent / "front_page.html")


@app.middleware("http")
async def label_response(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Say how long the answer took, and name the request: as the caller did, or anew."""
    request_id = request.headers.get("X-Request-ID", "")
    if not re.fullmatch(r"[\w-]{1,64}", request_id):
        request_id = uuid.uuid4().hex
    started = time.perf_counter()
    response = await call_next(request)
    response.headers["X-Process-Time"] = f"{time.perf_counter() - started:.6f}"
    response.headers["X-Request-ID"] = request_id
    return response


# Added last, so outermost: answers to other origins carry the CORS headers whatever happened inside.
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.cors_origins,
    allow_methods=["*"],
    allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
    expose_headers=["X-Process-Time", "X-Request-ID"],
)
