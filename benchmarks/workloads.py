"""What is measured, as data: each workload's request or probe, and the goals set for it.

Rules: nothing here starts a process or knows a contender's entry. Three kinds of workload: a `Load` is requested by a
load generator for some seconds; a `Cold` one is a fresh process that measures itself and ends; a `Soak` sends many
requests of many kinds to one server, and looks at the server's memory meanwhile.

Identifiers are those of the design's table: `W8-3` belongs to the series `W8`, and `--only W8` takes both.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.messages import Request


@dataclass(frozen=True, slots=True)
class Goals:
    """Bounds on ratios of the same run, for one measure.

    `core` is for the compiled core on plain uvicorn, `whole` for vivace with its own server, both against FastAPI;
    `peers` bounds the whole against other contenders, by name. A share of time or memory is bounded from above.
    """

    core: float | None = None
    whole: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure that a workload yields: `Measure("memory", "MB", more_is_better=False)`.

    Most are judged by their ratios. One that may be nothing has none, but an upper bound of its own, `at_most`.
    """

    name: str
    unit: str
    more_is_better: bool
    goals: Goals = Goals()
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """`request` to the app `app`, again and again. Every answer must have `status`, or the figure is void.

    `probes` are further requests that are sent once per turn before anything is measured: their answers
    have to be equal too, so that a contender which skips its checks is found out.

    With `client="websocket"`, the request's body is a text message that has to come back, again and again.

    Where answers take long, `connections` are fewer than the run's, and a turn is `longer` than the run's by a factor:
    what is under way when it ends is not counted, and has to be little beside what is.
    """

    id: str
    title: str
    app: str
    request: Request
    status: int = 200
    goals: Goals = Goals()
    probes: tuple[Request, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    client: Literal["wrk", "websocket"] = "wrk"
    connections: int | None = None
    longer: int = 1

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(RATE, "1/s", more_is_better=True, goals=self.goals),)


@dataclass(frozen=True, slots=True)
class Cold:
    """A fresh process, `python -m benchmarks.probe PROBE`, that prints one value per measure.

    It is run `repeat` times in a turn, and in no more than `rounds` rounds of a run. A turn takes about `seconds`.
    """

    id: str
    title: str
    probe: tuple[str, ...]
    measures: tuple[Measure, ...]
    seconds: float
    repeat: int = 1
    rounds: int | None = None


@dataclass(frozen=True, slots=True)
class Soak:
    """`requests` in turn to one server of `app`, `count` in all, once per run. No status but `statuses` may come back.

    `warm_up` is the share of the requests after which memory ought to stand still: the slope is taken of the rest.
    """

    id: str
    title: str
    app: str
    requests: tuple[Request, ...]
    statuses: frozenset[int]
    count: int
    warm_up: float = 0.2
    rounds: int = 1

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (
            Measure("memory per 1,000 requests", "KB", more_is_better=False, at_most=1),
            Measure("memory at the end", "MB", more_is_better=False),
        )


Workload = Load | Cold | Soak
RATE = "requests/s"


@dataclass(frozen=True, slots=True)
class Relation:
    """One contender's ratio between two workloads of the same round: `left` must reach `goal` × `right`."""

    left: str
    right: str
    goal: float


# --- requests ---------------------------------------------------------------------------------------------------------

JSON = ("Content-Type", "application/json")
TOKEN = ("Authorization", "Bearer s3cret")
ORIGIN = ("Origin", "https://shop.example")

ORDER = (
    b'{"customer": {"name": "Ada Lovelace", "tags": ["regular", "newsletter"],'
    b' "address": {"street": "12 St James Square", "city": "London", "postcode": "SW1Y 4JH"}},'
    b' "lines": [{"sku": "lamp-7", "quantity": 2, "price": 49.5}, {"sku": "cable-3", "quantity": 1, "price": 7.25},'
    b' {"sku": "bulb-e27", "quantity": 6, "price": 3.1}], "note": null}'
)
BAD_ORDER = b'{"customer": {"name": "", "address": {"street": 1}}, "lines": [{"sku": "x", "quantity": 0}]}'
ITEM = b'{"name": "Lamp", "price": 49.5, "tags": ["light", "desk"]}'

HELLO = Request("GET", "/")
CANCEL = Request("GET", "/orders/7/cancel")
NOWHERE = Request("GET", "/no/such/path")
TYPED = Request("GET", "/items/4711?q=lamp&limit=20&in_stock=true")
BAD_TYPED = Request("GET", "/items/0?q=x&limit=1000&in_stock=perhaps")
PLACE_ORDER = Request("POST", "/orders", (JSON,), ORDER)
REPORTS = Request("GET", "/reports?offset=20&limit=50", (TOKEN,))
UPDATE = Request("PUT", "/items/4711", (JSON, TOKEN, ORIGIN, ("X-Request-ID", "7f3a")), ITEM)
SHELF = Request("GET", "/shelf-0/items/4711")
ECHO = Request("GET", "/echo", body=b"The quick brown fox jumps over the lazy dog, 64 characters long.")


def upload(size: int) -> Request:
    """A form with a text and a file of `size` bytes, which look random and are the same in each run (RFC 7578)."""
    boundary = b"----benchmark7f3a9c"
    parts = [
        b'Content-Disposition: form-data; name="description"\r\n\r\nA lamp, from above',
        b'Content-Disposition: form-data; name="file"; filename="lamp.raw"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + random.Random(size).randbytes(size),
    ]
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary
    return Request(
        "POST", "/uploads", (("Content-Type", f"multipart/form-data; boundary={boundary.decode()}"),), body
    )


UPLOAD = upload(4_000_000)


def many_routes(id: str, title: str, routes: int, goals: Goals = Goals()) -> Load:
    return Load(
        id,
        title,
        "many_routes",
        SHELF,
        goals=goals,
        probes=(Request("GET", "/shelf-1/items/0"), NOWHERE),
        environment={"BENCHMARK_ROUTES": str(routes)},
    )


def nested_routers(
    routes: int,
    *,
    start: Goals = Goals(),
    memory: Goals = Goals(),
    openapi: Goals = Goals(),
    rounds: int | None = None,
) -> Cold:
    return Cold(
        f"W13-{routes}",
        f"{routes:,} routes in nested routers",
        ("nested_routers", str(routes)),
        (
            Measure("start-up to the first answer", "ms", more_is_better=False, goals=start),
            Measure("start-up, then every route once", "ms", more_is_better=False),
            Measure("resident memory then", "MB", more_is_better=False, goals=memory),
            Measure("first OpenAPI document", "ms", more_is_better=False, goals=openapi),
            Measure("a request to the last route", "µs", more_is_better=False),
        ),
        seconds=1 + routes / 150,
        rounds=rounds,
    )


# --- the workloads ----------------------------------------------------------------------------------------------------

WORKLOADS: tuple[Workload, ...] = (
    Load(
        "W1",
        "hello, JSON",
        "hello",
        HELLO,
        goals=Goals(core=3, whole=7, peers={"go": 1, "fastify": 1.3, "asgi": 1.6}),
        probes=(Request("POST", "/"),),
    ),
    Load(
        "W2",
        "typed path and query, constraints",
        "typed",
        TYPED,
        goals=Goals(core=3, whole=8, peers={"go": 1, "fastify": 1}),
        probes=(
            Request("GET", "/items/4711"),
            Request("GET", "/items/4711?limit=1000"),
            Request("GET", "/items/4711?q=x"),
            Request("GET", "/items/lamp?limit=&q=%C3%A9t%C3%A9"),
        ),
    ),
    Load(
        "W3",
        "nested JSON body → model → response model",
        "body",
        PLACE_ORDER,
        status=201,
        goals=Goals(core=3, whole=7, peers={"go": 1, "fastify": 1.5}),
        probes=(
            Request("POST", "/orders", (JSON,), BAD_ORDER),
            Request("POST", "/orders", (JSON,), b'{"customer": '),
            Request("POST", "/orders"),
        ),
    ),
    Load(
        "W4",
        "`def` endpoint",
        "threads",
        Request("GET", "/plain?name=Grace"),
        goals=Goals(whole=4),
    ),
    Load(
        "W4-2",
        "`def` endpoint with two `def` dependencies",
        "threads",
        Request("GET", "/dependencies?limit=20"),
        goals=Goals(whole=5),
        probes=(Request("GET", "/dependencies?limit=0"),),
    ),
    Load(
        "W5",
        "bearer token, six dependencies, two of them `yield`",
        "dependencies",
        REPORTS,
        goals=Goals(core=5, whole=9),
        probes=(
            Request("GET", "/reports"),
            Request("GET", "/reports", (("Authorization", "Bearer wrong"),)),
            Request("GET", "/reports?limit=0", (TOKEN,)),
        ),
    ),
    Load(
        "W6",
        "realistic: CORS, two http middlewares, token, body, response model",
        "realistic",
        UPDATE,
        goals=Goals(whole=12),
        probes=(
            Request("PUT", "/items/4711", (JSON, ORIGIN), ITEM),
            Request("PUT", "/items/0", (JSON, TOKEN, ORIGIN), BAD_ORDER),
            Request("PUT", "/items/1", (JSON, TOKEN, ("Origin", "https://elsewhere.example")), ITEM),
            Request("OPTIONS", "/items/1", (ORIGIN, ("Access-Control-Request-Method", "PUT"))),
        ),
    ),
    Load(
        "W7",
        "list of 1,000 models",
        "listing",
        Request("GET", "/products"),
        goals=Goals(whole=1.2),
        connections=8,
        longer=2,
    ),
    many_routes("W8", "last of 500 parametrised routes", 500, Goals(core=20, whole=40)),
    many_routes("W8-3", "the same in a 3-route app", 3),
    Load(
        "W9",
        "stream of 200 small chunks",
        "streams",
        Request("GET", "/lines"),
        goals=Goals(whole=4),
        connections=4,
        longer=2,
    ),
    Load(
        "W9-sse",
        "200 server-sent events",
        "streams",
        Request("GET", "/events"),
        goals=Goals(whole=4),
        connections=4,
        longer=3,
    ),
    Load("W10", "WebSocket echo", "echo", ECHO, status=101, goals=Goals(whole=1.2), client="websocket"),
    Load(
        "W11",
        "multipart upload, 4 MB",
        "upload",
        UPLOAD,
        status=201,
        goals=Goals(whole=1.5),
        probes=(upload(10), Request("POST", "/uploads")),
        connections=2,
        longer=3,
    ),
    Load("401", "no token", "dependencies", Request("GET", "/reports"), status=401),
    Load("404", "no such path", "hello", NOWHERE, status=404, goals=Goals(whole=6)),
    Load("405", "no such method", "hello", Request("POST", "/"), status=405),
    Load("409", "the endpoint raises HTTPException", "errors", CANCEL, status=409),
    Load("422", "four invalid parameters", "typed", BAD_TYPED, status=422, goals=Goals(whole=6)),
    Cold(
        "W12",
        "import",
        ("import",),
        (
            Measure("import", "ms", more_is_better=False, goals=Goals(whole=0.6)),
            Measure("import and a first FastAPI()", "ms", more_is_better=False),
        ),
        seconds=1.5,
        repeat=3,
    ),
    nested_routers(10),
    nested_routers(100),
    nested_routers(
        1000,
        start=Goals(whole=0.3),
        memory=Goals(whole=0.6),
        openapi=Goals(whole=0.4),
    ),
    nested_routers(3000, rounds=1),  # FastAPI takes most of a minute for it
    Soak(
        "memory",
        "a million mixed requests",
        "mixed",
        (
            *(HELLO, TYPED, PLACE_ORDER, REPORTS, Request("GET", "/plain"), Request("GET", "/dependencies")),
            *(NOWHERE, BAD_TYPED, Request("POST", "/"), Request("GET", "/reports"), CANCEL),
            *(Request("POST", "/orders", (JSON,), BAD_ORDER), Request("POST", "/orders", (JSON,), b"{")),
        ),
        statuses=frozenset({200, 201, 401, 404, 405, 409, 422}),
        count=1_000_000,
    ),
)

RELATIONS = (Relation("W8", "W8-3", goal=0.9),)


def select(names: Iterable[str], among: Iterable[Workload] = WORKLOADS) -> list[Workload]:
    """The workloads with these identifiers or series, in the order above: `select(["W8"])` has W8 and W8-3.

    No name means all. Raises `ValueError` with the names there are.
    """
    workloads = list(among)
    wanted = {name.strip().upper() for name in names if name.strip()}
    known = {name for workload in workloads for name in (workload.id.upper(), series(workload))}
    if unknown := wanted - known:
        raise ValueError(
            f"no workload {', '.join(sorted(unknown))}; there are: {', '.join(w.id for w in workloads)}"
        )
    return [w for w in workloads if not wanted or {w.id.upper(), series(w)} & wanted]


def series(workload: Workload) -> str:
    return workload.id.partition("-")[0].upper()
