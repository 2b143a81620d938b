"""What a request costs, in calls rather than in time: which layers it passes, thread hops, tasks, ASGI messages.

A call that is added to the hot path shows here, with its name. If it is worth it, add the name.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import anyio
import anyio.to_thread
import pytest
from pydantic import BaseModel

import vivace
from vivace import BackgroundTasks, Depends, FastAPI, Form, HTTPException
from vivace._threads import workers
from vivace.responses import StreamingResponse

PACKAGE = str(Path(vivace.__file__).parent)


class Item(BaseModel):
    name: str
    price: float


app = FastAPI(openapi_url=None)


@app.get("/hello", response_model=None)
async def hello() -> Any:
    return {"hello": "world"}


@app.get("/items/{item_id}", response_model=None)
async def read_item(item_id: int, q: str | None = None, limit: int = 10) -> Any:
    return {"item_id": item_id, "q": q, "limit": limit}


@app.post("/items")
async def create_item(item: Item) -> Item:
    return item


class Probe:
    """The server's side of one request."""

    def __init__(self, method: str, path: str, query: str = "", body: bytes = b"") -> None:
        headers = [(b"host", b"test"), (b"content-type", b"application/json")]
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": headers if body else headers[:1],
        }
        self.body = body
        self.received = 0
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        self.received += 1
        return {"type": "http.request", "body": self.body}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def messages(self) -> list[str]:
        return [message["type"].removeprefix("http.response.") for message in self.sent]

    def run_at_once(self, app: Any) -> None:
        """Run the app without an event loop; fails if it waits for anything."""
        with pytest.raises(StopIteration):
            app(self.scope, self.receive, self.send).send(None)


# --- calls ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def without_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenTelemetry was imported, by a plugin for instance, each request asks whether it is configured."""
    monkeypatch.delitem(sys.modules, "opentelemetry.context", raising=False)


def calls_of(probe: Probe) -> tuple[list[str], int]:
    """The functions of vivace that a request calls, in order, and the number of calls into C."""
    names: list[str] = []
    c_calls = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal c_calls
        if event == "c_call":
            c_calls += 1
        elif event == "call" and frame.f_code.co_filename.startswith((PACKAGE, "<vivace ")):
            names.append(frame.f_code.co_qualname)

    running = app(probe.scope, probe.receive, probe.send)
    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        running.send(None)
    except StopIteration:
        pass
    finally:
        sys.setprofile(previous)
    return names, c_calls


TO_THE_ROUTE = [
    "FastAPI.__call__",
    "WholeEntry.__call__",
    "APIRouter.select",
    "Matcher.select",
]
FIND_IN_TREE = ["Tree.candidates", "Tree._find", "Tree._find_certain"]
JSON = ["json_bytes", "_compact.<locals>.encode"]
NOTE = "Target.note"
BUDGET: dict[str, tuple[Probe, list[str], int]] = {
    "a plain answer": (
        Probe("GET", "/hello"),
        [*TO_THE_ROUTE, NOTE, "hello", *JSON, "respond"],
        15,
    ),
    "parameters": (
        Probe("GET", "/items/3", "q=x&limit=5"),
        [*TO_THE_ROUTE, *FIND_IN_TREE, NOTE, "read_item", "parse_query", *JSON, "respond"],
        36,
    ),
    "a body and a response model": (
        Probe("POST", "/items", body=b'{"name": "a", "price": 1}'),
        [
            *TO_THE_ROUTE,
            NOTE,
            "create_item",
            "receive_body",
            "arrived_body",
            "is_own_reading",
            "_received",
            "read_whole",
            "find_header",
            "is_json",
            "respond",
        ],
        19,
    ),
}


@pytest.mark.parametrize("request_", BUDGET)
def test_the_layers_that_a_request_passes(request_: str, without_telemetry: None) -> None:
    probe, expected, most_c_calls = BUDGET[request_]
    Probe(probe.scope["method"], probe.scope["path"], body=probe.body).run_at_once(app)  # compiles
    names, c_calls = calls_of(probe)
    assert names == expected
    assert probe.sent[0]["status"] == 200
    assert c_calls <= most_c_calls


def test_a_path_that_nobody_answers_costs_a_bounded_number_of_calls(without_telemetry: None) -> None:
    Probe("GET", "/nothing").run_at_once(app)
    probe = Probe("GET", "/nothing")
    names, c_calls = calls_of(probe)
    assert probe.sent[0]["status"] == 404
    # Looked up once: there is no route that a slash at the end could make it match.
    assert names.count("Tree.candidates") == 1
    assert len(names) <= 12
    assert c_calls <= 20


# --- waiting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "probe",
    [
        Probe("GET", "/hello"),
        Probe("GET", "/items/3"),
        Probe("GET", "/items/x"),
        Probe("POST", "/items", body=b'{"name": "a", "price": 1}'),
        Probe("POST", "/items", body=b"{"),
        Probe("GET", "/nothing"),
        Probe("DELETE", "/hello"),
    ],
    ids=lambda probe: f"{probe.scope['method']} {probe.scope['path']} {probe.body.decode()}",
)
def test_what_need_not_wait_answers_at_once_and_in_two_messages(probe: Probe) -> None:
    """No event loop runs here: whoever waited for it, made a task or went to a thread would fail."""
    probe = Probe(probe.scope["method"], probe.scope["path"], body=probe.body)
    probe.run_at_once(app)
    assert probe.messages == ["start", "body"]
    assert probe.received == (1 if probe.body else 0)


# --- threads, tasks, messages -----------------------------------------------------------------------------------------


def first() -> int:
    return 1


def second(one: Annotated[int, Depends(first)]) -> int:
    return one + 1


def third(two: Annotated[int, Depends(second)]) -> int:
    return two + 1


def needs_number(number: int) -> int:
    return number


async def in_between() -> None:
    pass


def opened() -> Iterator[int]:
    yield 1


async def opened_async() -> Any:
    yield 1


def closed() -> None:
    raise HTTPException(403)


steps = FastAPI(openapi_url=None)


@steps.get("/async")
async def asynchronous() -> None: ...


@steps.get("/sync")
def synchronous() -> None: ...


@steps.get("/chain-async")
async def chain_async(three: Annotated[int, Depends(third)]) -> int:
    return three


@steps.get("/chain-sync", dependencies=[Depends(first)])
def chain_sync(three: Annotated[int, Depends(third)], one: Annotated[int, Depends(first)]) -> int:
    return three


@steps.get("/interrupted", dependencies=[Depends(first), Depends(in_between), Depends(third)])
def interrupted() -> None: ...


@steps.get("/refused", dependencies=[Depends(first), Depends(closed), Depends(third)])
def refused() -> None: ...


@steps.get("/invalid")
async def invalid(number: Annotated[int, Depends(needs_number)]) -> None: ...


@steps.get("/limited")
async def limited(one: Annotated[int, Depends(first, max_concurrency=1)]) -> None: ...


@steps.get("/yield-sync")
async def yield_sync(one: Annotated[int, Depends(opened)]) -> None: ...


@steps.get("/yield-async")
async def yield_async(one: Annotated[int, Depends(opened_async)]) -> None: ...


@steps.get("/yield-sync-all", dependencies=[Depends(first)])
def yield_sync_all(one: Annotated[int, Depends(opened)], three: Annotated[int, Depends(third)]) -> None: ...


@steps.get("/inline", dependencies=[Depends(second, inline=True), Depends(opened, inline=True)], inline=True)
def inline() -> None: ...


@steps.get("/inline-chain", inline=True)
def inline_chain(three: Annotated[int, Depends(third)]) -> int:
    return three


@steps.get("/background")
async def background(tasks: BackgroundTasks) -> None:
    tasks.add_task(first)
    tasks.add_task(in_between)


@steps.post("/form")
async def form(name: Annotated[str, Form()]) -> None: ...


@steps.get("/stream", response_class=StreamingResponse)
async def stream() -> Any:
    yield b"a"
    yield b"b"


class Cost(BaseModel):
    status: int = 200
    hops: int = 0
    tasks: int = 0
    messages: list[str] = ["start", "body"]


COSTS: dict[str, Cost] = {
    "/async": Cost(),
    "/sync": Cost(hops=1),
    "/chain-async": Cost(hops=1),
    "/chain-sync": Cost(hops=1),
    "/interrupted": Cost(hops=2),
    "/refused": Cost(status=403, hops=1),
    "/invalid": Cost(status=422),
    "/invalid?number=1": Cost(hops=1),
    "/limited": Cost(hops=1),
    "/yield-sync": Cost(hops=2),
    "/yield-async": Cost(),
    "/yield-sync-all": Cost(hops=4),  # first; enter; third with the endpoint; exit
    "/inline": Cost(hops=1),  # `first`, which `second` needs, has not asked for it
    "/inline-chain": Cost(hops=1),
    "/background": Cost(hops=1),
    "/stream": Cost(messages=["start", "body", "body", "body"]),
}


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., Any]]:
    """The functions that are run in worker threads."""
    functions: list[Callable[..., Any]] = []
    run_sync = anyio.to_thread.run_sync

    async def counted(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        functions.append(function)
        return await run_sync(function, *args, **kwargs)

    put = workers.put

    def counted_put(job: Any) -> None:
        functions.append(job.function)
        put(job)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)  # what Starlette's own code uses
    monkeypatch.setattr(workers, "put", counted_put)
    return functions


async def tasks_of(probe: Probe, app: Any) -> int:
    """Run the app in an event loop; gives the number of tasks that it makes."""
    tasks = 0

    def factory(loop: Any, coroutine: Any, **kwargs: Any) -> Any:
        nonlocal tasks
        tasks += 1
        return asyncio.Task(coroutine, loop=loop, **kwargs)

    asyncio.get_running_loop().set_task_factory(factory)
    await app(probe.scope, probe.receive, probe.send)
    return tasks


@pytest.mark.parametrize("path", COSTS)
def test_thread_hops_tasks_and_messages(path: str, hops: list[Callable[..., Any]]) -> None:
    probe = Probe("GET", *path.split("?"))
    probe.scope["asgi"] = {
        "version": "3.0",
        "spec_version": "2.4",
    }  # a stream need not watch for the client's leaving
    tasks = anyio.run(tasks_of, probe, steps)
    cost = Cost(status=probe.sent[0]["status"], hops=len(hops), tasks=tasks, messages=probe.messages)
    assert cost == COSTS[path]


def test_a_form_is_read_without_threads(hops: list[Callable[..., Any]]) -> None:
    probe = Probe("POST", "/form", body=b"name=a")
    probe.scope["headers"] = [(b"content-type", b"application/x-www-form-urlencoded")]
    assert anyio.run(tasks_of, probe, steps) == 0
    assert (probe.sent[0]["status"], len(hops), probe.received) == (200, 0, 1)
