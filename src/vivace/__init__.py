"""vivace: FastAPI's programming model, compiled to one flat function per endpoint.

from vivace import FastAPI

app = FastAPI()

@app.get("/items/{item_id}")
async def read_item(item_id: int, q: str | None = None):
    return {"item_id": item_id, "q": q}
"""

__version__ = "1.0.0"

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from starlette import status as status

from .applications import FastAPI as FastAPI
from .background import BackgroundTasks as BackgroundTasks
from .datastructures import UploadFile as UploadFile
from .exceptions import HTTPException as HTTPException
from .exceptions import WebSocketException as WebSocketException
from .param_functions import Body as Body
from .param_functions import Cookie as Cookie
from .param_functions import Depends as Depends
from .param_functions import File as File
from .param_functions import Form as Form
from .param_functions import Header as Header
from .param_functions import Path as Path
from .param_functions import Query as Query
from .param_functions import Security as Security
from .requests import Request as Request
from .responses import Response as Response
from .routing import APIRouter as APIRouter
from .websockets import WebSocket as WebSocket
from .websockets import WebSocketDisconnect as WebSocketDisconnect

_LATE = ("_compat", "concurrency", "dependencies", "encoders", "logger", "middleware", "openapi", "utils")

if not _TYPE_CHECKING:  # to type checkers a package with `__getattr__` has any name

    def __getattr__(name: str) -> object:
        # PERF (W12): programs write `fastapi.encoders.jsonable_encoder` after no more than `import fastapi`, which
        # imports these too. Here they come when somebody asks.
        if name in _LATE:
            return _import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
