"""What is measured, as data: each workload's request or probe, and the goals set for it.

Rules: nothing here starts a process or knows a contender's entry. Two kinds of workload: a `Load` is requested by the
load generator for some seconds; a `Cold` one is a fresh process that measures itself and ends.

Identifiers are those of the design's table: `W8-3` belongs to the series `W8`, and `--only W8` takes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `target` is path and query as sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


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
    """One figure that a workload yields: `Measure("memory", "MB", more_is_better=False)`."""

    name: str
    unit: str
    more_is_better: bool
    goals: Goals = Goals()


@dataclass(frozen=True, slots=True)
class Load:
    """`request` to the app `app`, again and again. Every answer must have `status`, or the figure is void.

    `probes` are further requests that are sent once per contender before anything is measured: their answers
    have to be equal too, so that a contender which skips its checks is found out.
    """

    id: str
    title: str
    app: str
    request: Request
    status: int = 200
    goals: Goals = Goals()
    probes: tuple[Request, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (Measure("requests/s", "1/s", more_is_better=True, goals=self.goals),)


@dataclass(frozen=True, slots=True)
class Cold:
    """A fresh process, `python -m benchmarks.cold PROBE`, that prints one value per measure."""

    id: str
    title: str
    probe: tuple[str, ...]
    measures: tuple[Measure, ...]
    repeat: int = 1


Workload = Load | Cold


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
NOWHERE = Request("GET", "/no/such/path")
TYPED = Request("GET", "/items/4711?q=lamp&limit=20&in_stock=true")
BAD_TYPED = Request("GET", "/items/0?q=x&limit=1000&in_stock=perhaps")
PLACE_ORDER = Request("POST", "/orders", (JSON,), ORDER)
REPORTS = Request("GET", "/reports?offset=20&limit=50", (TOKEN,))
UPDATE = Request("PUT", "/items/4711", (JSON, TOKEN, ORIGIN, ("X-Request-ID", "7f3a")), ITEM)
SHELF = Request("GET", "/shelf-0/items/4711")


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
    routes: int, *, start: Goals = Goals(), memory: Goals = Goals(), openapi: Goals = Goals()
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
        ),
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
        probes=(Request("GET", "/items/4711"), Request("GET", "/items/lamp?limit=&q=%C3%A9t%C3%A9")),
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
    many_routes("W8", "last of 500 parametrised routes", 500, Goals(core=20, whole=40)),
    many_routes("W8-3", "the same in a 3-route app", 3),
    Load("422", "four invalid parameters", "typed", BAD_TYPED, status=422),
    Load("404", "no such path", "hello", NOWHERE, status=404),
    Cold(
        "W12",
        "import",
        ("import",),
        (
            Measure("import", "ms", more_is_better=False, goals=Goals(core=0.6, whole=0.6)),
            Measure("import and a first FastAPI()", "ms", more_is_better=False),
        ),
        repeat=5,
    ),
    nested_routers(10),
    nested_routers(100),
    nested_routers(
        1000,
        start=Goals(core=0.3, whole=0.3),
        memory=Goals(core=0.6, whole=0.6),
        openapi=Goals(core=0.4, whole=0.4),
    ),
)

RELATIONS = (Relation("W8", "W8-3", goal=0.9),)


def select(names: Iterable[str], among: Iterable[Workload] = WORKLOADS) -> list[Workload]:
    """The workloads with these identifiers or series, in the order above: `select(["W8"])` has W8 and W8-3.

    No name means all. Raises `ValueError` with the names there are.
    """
    workloads = list(among)
    wanted = {name.strip().upper() for name in names if name.strip()}
    known = {workload.id for workload in workloads} | {series(workload) for workload in workloads}
    if unknown := wanted - known:
        raise ValueError(
            f"no workload {', '.join(sorted(unknown))}; there are: {', '.join(w.id for w in workloads)}"
        )
    return [w for w in workloads if not wanted or w.id in wanted or series(w) in wanted]


def series(workload: Workload) -> str:
    return workload.id.partition("-")[0]
