"""Streams: JSON Lines, server-sent events, text and bytes; typed and not; errors, disconnects, status codes."""

# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

import math
import typing
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from .oracle import (
    Build,
    Question,
    Request,
    compare,
    compare_openapi,
    compare_refusal,
    get,
    labels,
    post_json,
)
from .recorder import record, seen


class Item(BaseModel):
    name: str
    note: str | None = None
    aliased: int = Field(1, alias="al-ias")


VALUES: dict[str, list[Any]] = {
    "items": [Item(name="a"), Item(name="b", note="n\nm")],
    "dicts": [{"name": "a", "extra": 1}, {"name": "b", "al-ias": 3}],
    "invalid": [{"name": "a"}, {"name": None}], "invalid first": [{"x": 1}], "empty": [],
    "numbers": [1, 2.5, math.nan, -math.inf, None], "text": ["a", "ü\n\u2028", ""], "bytes": [b"a", b"\xff"],
    "mixed": [1, "a", {"b": [Item(name="c")]}, [None]], "objects": [object()],
}  # fmt: skip

ANNOTATIONS: dict[str, tuple[Any, Any]] = {
    "none": (None, None), "items": (AsyncIterable[Item], Iterable[Item]),
    "iterator": (AsyncIterator[Item], Iterator[Item]),
    "generator": (AsyncGenerator[Item, None], Generator[Item, None, None]),
    "bare": (typing.AsyncIterable, typing.Iterable), "any": (AsyncIterable[Any], Iterable[Any]),
    "floats": (AsyncIterable[float | None], Iterable[float | None]),
    "texts": (AsyncIterable[str], Iterable[str]), "bytes": (AsyncIterable[bytes], Iterable[bytes]),
    "union": (AsyncIterable[Item | int], Iterable[Item | int]),
}  # fmt: skip

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {}, "status": {"status_code": 201},
    "exclude": {"response_model_exclude_none": True, "response_model_by_alias": False},
    "unset": {"response_model_exclude_unset": True}, "include": {"response_model_include": {"name"}},
}  # fmt: skip


def streams(fw):
    """Generators as endpoints, for every annotation, option and class of response."""
    app = fw.FastAPI()
    classes = {
        "lines": None,
        "events": fw.responses.EventSourceResponse,
        "stream": fw.responses.StreamingResponse,
    }

    def declare(path: str, returns: tuple[Any, Any], options: dict[str, Any]) -> None:
        async def later(values: str, fail: bool = False):
            for value in VALUES[values]:
                record("yields", value if not isinstance(value, float | object) else type(value).__name__)
                yield value
            if fail:
                raise ValueError("in stream")

        def now(values: str, fail: bool = False):
            yield from VALUES[values]
            if fail:
                raise fw.HTTPException(400, "in stream")

        if returns[0] is not None:
            later.__annotations__["return"], now.__annotations__["return"] = returns
        app.get(f"/async/{path}/{{values}}", **options)(later)
        app.post(f"/sync/{path}/{{values}}", **options)(now)

    for class_name, response_class in classes.items():
        for name, returns in ANNOTATIONS.items():
            for option, options in OPTIONS.items():
                if option == "plain" or name == "items":
                    chosen = (
                        options if response_class is None else options | {"response_class": response_class}
                    )
                    declare(f"{class_name}/{name}/{option}", returns, chosen)
    return app


KINDS = [
    (c, n, o)
    for c in ("lines", "events", "stream")
    for n in ANNOTATIONS
    for o in OPTIONS
    if o == "plain" or n == "items"
]


@pytest.mark.parametrize(("response", "name", "option"), KINDS)
def test_streams(response: str, name: str, option: str) -> None:
    path = f"{response}/{name}/{option}"
    targets = [
        f"{path}/{values.replace(' ', '%20')}{query}" for values in VALUES for query in ("", "?fail=true")
    ]
    compare(streams, *(get(f"/async/{target}") for target in targets), chunks=True)
    compare(streams, *(get(f"/sync/{target}", method="POST") for target in targets), chunks=True)


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("response", ["lines", "stream"])
def test_client_leaves(response: str, count: int) -> None:
    """Event streams, where the error is another one, are in `test_deviations`."""
    compare(
        streams,
        Request("GET", f"/async/{response}/items/plain/items", client_leaves_after=count),
        Request("POST", f"/sync/{response}/items/plain/items", client_leaves_after=count),
    )


def test_openapi_streams() -> None:
    compare_openapi(streams)


def events(fw):
    """Server-sent events with all their fields, and what is refused in them."""
    app = fw.FastAPI()
    Event = fw.sse.ServerSentEvent
    made: dict[str, Any] = {
        "data": lambda: Event(data={"a": "ü", "b": [1, None]}), "text": lambda: Event(data="one\ntwo"),
        "raw": lambda: Event(raw_data="one\ntwo\r\nthree"),
        "all": lambda: Event(data=1, event="e", id="7", retry=3000, comment="c\nd"),
        "comment": lambda: Event(comment="only"), "nothing": lambda: Event(),
        "model": lambda: Event(data=Item(name="n")), "null id": lambda: Event(data=1, id="a\x00b"),
        "line in event": lambda: Event(data=1, event="a\nb"), "both": lambda: Event(data=1, raw_data="x"),
        "negative": lambda: Event(data=1, retry=-1), "none": lambda: Event(data=None),
        "empty": lambda: Event(data=""), "bytes": lambda: Event(data=b"b"),
        "nan": lambda: Event(data=math.nan),
    }  # fmt: skip

    @app.get("/event/{name}", response_class=fw.responses.EventSourceResponse)
    async def event(name: str):
        yield made[name]()
        yield {"after": name}

    @app.get("/typed/{name}", response_class=fw.responses.EventSourceResponse)
    def typed(name: str) -> Iterable[Item]:
        yield made[name]()
        yield Item(name="after")

    @app.get("/format")
    async def formatted():
        format_event = fw.sse.format_sse_event
        return [
            format_event(data_str="a\nb").decode(),
            format_event(data_str="d", event="e", id="i", retry=1, comment="c").decode(),
            format_event(comment="c").decode(),
        ]

    @app.post("/last", response_class=fw.responses.EventSourceResponse)
    async def last(
        item: Item, last_event_id: Annotated[int | None, fw.Header()] = None
    ) -> AsyncIterable[Item]:
        record("from", last_event_id)
        yield item

    return app


EVENT_NAMES = (
    "data",
    "text",
    "raw",
    "all",
    "comment",
    "nothing",
    "model",
    "null id",
    "line in event",
    "both",
    "negative",
    "none",
    "empty",
    "bytes",
    "nan",
)
EVENTS: list[Question] = [
    *(get(f"/{kind}/{name}".replace(" ", "%20")) for kind in ("event", "typed") for name in EVENT_NAMES),
    get("/format"), post_json("/last", {"name": "n"}, ("last-event-id", "4")),
    post_json("/last", {}, ("last-event-id", "x")), get("/event/missing"),
]  # fmt: skip


@pytest.mark.parametrize("question", EVENTS, ids=labels(EVENTS))
def test_events(question: Question) -> None:
    compare(events, question, chunks=True)


def test_openapi_events() -> None:
    compare_openapi(events)


def surroundings(fw):
    """Streams with dependencies, parameters, background tasks, headers, and responses made by hand."""
    app = fw.FastAPI()

    def life(name: str = "d") -> Iterator[str]:
        record("enter", name)
        try:
            yield name
        finally:
            record("exit", name)

    @app.get("/dependency/{scope}")
    async def dependency(
        value: Annotated[str, fw.Depends(life)],
        other: Annotated[str, fw.Depends(life, scope="function", use_cache=False)],
    ) -> AsyncIterable[dict]:
        record("starts")
        yield seen(value=value, other=other)
        record("ends")

    @app.get("/headers", status_code=206)
    async def headers(response: fw.Response, tasks: fw.BackgroundTasks) -> AsyncIterable[int]:
        response.headers["x-own"] = "h"
        response.set_cookie("a", "b")
        tasks.add_task(record, "task")
        yield 1
        response.headers["x-late"] = "l"

    @app.get("/invalid")
    async def invalid(q: int) -> AsyncIterable[int]:
        yield q

    @app.get("/http-error")
    async def http_error() -> AsyncIterable[int]:
        raise fw.HTTPException(409, "before the first")
        yield 1

    @app.get("/by-hand/{kind}")
    async def by_hand(kind: str):
        async def chunks() -> AsyncIterator[Any]:
            for value in ("a", b"b", "ü"):
                record("chunk")
                yield value

        tasks = fw.BackgroundTasks()
        tasks.add_task(record, "task")
        return fw.responses.StreamingResponse(
            chunks() if kind == "async" else iter(["x", b"y"]), 202, {"x-a": "b"}, "text/x", tasks
        )

    @app.get("/returns-generator")
    async def returns_generator():
        return (number for number in range(3))

    @app.get("/never")
    async def never():
        if record("called"):
            yield 1

    return app


SURROUNDED = [
    get(path)
    for path in (
        "/dependency/x",
        "/dependency/x?name=n",
        "/headers",
        "/invalid",
        "/invalid?q=3",
        "/http-error",
        "/by-hand/async",
        "/by-hand/sync",
        "/returns-generator",
        "/never",
    )
]


@pytest.mark.parametrize("question", SURROUNDED, ids=labels(SURROUNDED))
def test_surroundings(question: Question) -> None:
    compare(surroundings, question, chunks=True)


def test_openapi_surroundings() -> None:
    compare_openapi(surroundings)


def collections_abc_bare(fw):
    """A bare `collections.abc.AsyncIterable` says nothing of its items."""
    app = fw.FastAPI()

    @app.get("/")
    async def read() -> AsyncIterable:
        yield 1

    return app


@pytest.mark.parametrize("build", [collections_abc_bare])
def test_refused(build: Build) -> None:
    compare_refusal(build)
