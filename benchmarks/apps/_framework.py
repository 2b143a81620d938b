"""The framework under test, under the names that the applications use.

`BENCHMARK_FRAMEWORK=fastapi` (or `vivace`) chooses it, so that both run the same source. There is no default: a
server that was started without the variable would be measured under the wrong name. For the same reason a
framework that answers to another's name (`vivace.as_fastapi`) is refused. Type checkers see vivace.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vivace import APIRouter as APIRouter
    from vivace import Depends as Depends
    from vivace import FastAPI as FastAPI
    from vivace import Form as Form
    from vivace import HTTPException as HTTPException
    from vivace import Path as Path
    from vivace import Query as Query
    from vivace import UploadFile as UploadFile
    from vivace import WebSocket as WebSocket
    from vivace import WebSocketDisconnect as WebSocketDisconnect
    from vivace.middleware.cors import CORSMiddleware as CORSMiddleware
    from vivace.responses import StreamingResponse as StreamingResponse
    from vivace.security import OAuth2PasswordBearer as OAuth2PasswordBearer
    from vivace.sse import EventSourceResponse as EventSourceResponse
else:
    try:
        _name = os.environ["BENCHMARK_FRAMEWORK"]
    except KeyError:
        raise RuntimeError(
            "BENCHMARK_FRAMEWORK is not set: it names the framework to measure, fastapi or vivace"
        ) from None
    _framework = import_module(_name)

    APIRouter = _framework.APIRouter
    Depends = _framework.Depends
    FastAPI = _framework.FastAPI
    Form = _framework.Form
    HTTPException = _framework.HTTPException
    Path = _framework.Path
    Query = _framework.Query
    UploadFile = _framework.UploadFile
    WebSocket = _framework.WebSocket
    WebSocketDisconnect = _framework.WebSocketDisconnect
    CORSMiddleware = import_module(f"{_name}.middleware.cors").CORSMiddleware
    StreamingResponse = import_module(f"{_name}.responses").StreamingResponse
    OAuth2PasswordBearer = import_module(f"{_name}.security").OAuth2PasswordBearer
    EventSourceResponse = import_module(f"{_name}.sse").EventSourceResponse

    if FastAPI.__module__.partition(".")[0] != _name:
        raise RuntimeError(f"`import {_name}` gives {FastAPI.__module__}: it would be measured as {_name}")
