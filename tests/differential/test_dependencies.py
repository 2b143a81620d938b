"""Dependencies: forms, trees, caching, `yield` in its two scopes, errors before and after, overrides, contexts."""


# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc, no-untyped-call"

from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from functools import partial, wraps
from typing import Annotated, Any

import pytest

from .oracle import Build, Question, compare, compare_openapi, compare_refusal, get, labels, post_json
from .recorder import record, seen

TRACE: ContextVar[str] = ContextVar("TRACE", default="unset")


def forms(fw):
    """Everything that can be called can be a dependency."""
    app = fw.FastAPI()

    def plain(q: int = 1):
        return f"plain {q}"

    async def coroutine(q: int = 1):
        return f"coroutine {q}"

    class Class:
        def __init__(self, q: int = 1, skip: int = 0) -> None:
            self.q, self.skip = q, skip

        def __repr__(self) -> str:
            return f"Class {self.q} {self.skip}"

        def method(self, q: int = 2):
            return f"method {q} of {self}"

        async def __call__(self, x: int = 3):
            return f"called {x} of {self}"

    class Generators:
        def __call__(self, q: int = 4) -> Iterator[str]:
            record("enter")
            yield f"generator {q}"
            record("exit")

        async def later(self, q: int = 5) -> AsyncIterator[str]:
            record("async enter")
            yield f"async generator {q}"
            record("async exit")

    def decorated(function: Any) -> Any:
        @wraps(function)
        def inner(*args: Any, **kwargs: Any) -> Any:
            record("decorated")
            return function(*args, **kwargs)

        return inner

    instance, generators = Class(7), Generators()
    callables = {
        "plain": plain, "coroutine": coroutine, "class": Class, "method": instance.method,
        "instance": instance, "partial": partial(plain, 9), "partial-keyword": partial(coroutine, q=9),
        "generator": generators, "async-generator": generators.later, "decorated": decorated(plain),
        "decorated-coroutine": decorated(coroutine), "lambda": lambda q=6: f"lambda {q}",
        "partial-class": partial(Class, skip=3), "nested-partial": partial(partial(plain, q=2)),
    }  # fmt: skip

    def declare(name: str, call: Any) -> None:
        @app.get(f"/{name}")
        async def annotated(value: Annotated[Any, fw.Depends(call)]):
            return seen(value=value)

        @app.get(f"/{name}/assigned")
        def assigned(value: Any = fw.Depends(call)):
            return seen(value=value)

        @app.get(f"/{name}/unused", dependencies=[fw.Depends(call)])
        def unused():
            return "unused"

    for name, call in callables.items():
        declare(name, call)

    @app.get("/by-class")
    async def by_class(a: Annotated[Class, fw.Depends()], b: Class = fw.Depends()):
        return seen(a=a, b=b, same=a is b)

    return app


FORM_NAMES = (
    "plain", "coroutine", "class", "method", "instance", "partial", "partial-keyword", "generator",
    "async-generator", "decorated", "decorated-coroutine", "lambda", "partial-class", "nested-partial",
)  # fmt: skip


@pytest.mark.parametrize("name", FORM_NAMES)
def test_forms(name: str) -> None:
    compare(
        forms,
        *(
            get(f"/{name}{tail}{query}")
            for tail in ("", "/assigned", "/unused")
            for query in ("", "?q=8", "?q=x", "?x=5&skip=2")
        ),
    )


def test_by_class() -> None:
    compare(forms, get("/by-class"), get("/by-class?q=5&skip=x"))


def test_openapi_forms() -> None:
    compare_openapi(forms)


def trees(fw):
    """Order and number of calls in trees with shared branches, with and without the cache."""
    app = fw.FastAPI(dependencies=[fw.Depends(lambda: record("application"))])
    router = fw.APIRouter(dependencies=[fw.Depends(lambda: record("router"))])

    def root(q: str = "r"):
        record("root", q)
        return q

    async def left(value: Annotated[str, fw.Depends(root)], size: int = 1):
        record("left")
        return f"left of {value} {size}"

    def right(
        value: Annotated[str, fw.Depends(root)], fresh: Annotated[str, fw.Depends(root, use_cache=False)]
    ):
        record("right")
        return f"right of {value} {fresh}"

    async def top(
        a: Annotated[str, fw.Depends(left)],
        b: Annotated[str, fw.Depends(right)],
        c: Annotated[str, fw.Header()] = "c",
    ):
        record("top")
        return f"{a}, {b}, {c}"

    @app.get("/tree")
    async def tree(value: Annotated[str, fw.Depends(top)], again: Annotated[str, fw.Depends(left)]):
        return seen(value=value, again=again)

    @app.get("/uncached")
    def uncached(
        a: Annotated[str, fw.Depends(root, use_cache=False)],
        b: Annotated[str, fw.Depends(root, use_cache=False)],
        c: Annotated[str, fw.Depends(root)],
    ):
        return seen(a=a, b=b, c=c)

    @router.get("/router", dependencies=[fw.Depends(lambda: record("route")), fw.Depends(root)])
    async def routed(value: Annotated[str, fw.Depends(root)]):
        return value

    @app.get("/same/{q}")
    async def same(q: str, value: Annotated[str, fw.Depends(root)], other: Annotated[str, fw.Depends(left)]):
        return seen(q=q, value=value, other=other)

    @app.get("/specials")
    async def specials(
        request: fw.Request,
        response: fw.Response,
        tasks: fw.BackgroundTasks,
        found: Annotated[str, fw.Depends(special)],
    ):
        response.headers["x-endpoint"] = "e"
        tasks.add_task(record, "task of endpoint")
        return [request.url.path, found]

    app.include_router(router, prefix="/included", dependencies=[fw.Depends(lambda: record("inclusion"))])
    return app


def special(request: Any = None) -> str:
    """A dependency outside `trees`, whose parameter is no framework type."""
    record("special", request)
    return "special"


TREES: list[Question] = [
    get("/tree"), get("/tree?q=z&size=2", ("c", "h")), get("/tree?size=x"), get("/uncached"),
    get("/uncached?q=a"), get("/included/router"), get("/included/router?q=1"), get("/same/pathvalue"),
    get("/same/pathvalue?q=queryvalue"), get("/specials"), get("/specials?request=5"),
]  # fmt: skip


@pytest.mark.parametrize("question", TREES, ids=labels(TREES))
def test_trees(question: Question) -> None:
    compare(trees, question)


def test_openapi_trees() -> None:
    compare_openapi(trees)


def yields(fw):
    """`yield` dependencies: when they exit, what they see of errors, and what their own errors do."""
    app = fw.FastAPI()

    @app.exception_handler(LookupError)
    async def lookup(request: fw.Request, error: LookupError):
        record("handler", type(error).__name__)
        return fw.responses.JSONResponse({"handled": str(error)}, 418)

    def make(
        name: str, *, catch: bool = False, after: Any = None, swallow: bool = False, is_async: bool = False
    ) -> Any:
        def life() -> Iterator[str]:
            record("enter", name)
            try:
                yield name
            except Exception as error:
                record("caught", name, type(error).__name__, error)
                if not swallow:
                    raise (after(f"from {name}") if after and catch else error) from None
            finally:
                record("exit", name)
            if after and not catch:
                raise after(f"after {name}")

        async def async_life() -> AsyncIterator[str]:
            for value in life_steps(life()):
                yield value

        return async_life if is_async else life

    def life_steps(steps: Iterator[str]) -> Iterator[str]:
        yield from steps

    http = partial(fw.HTTPException, 409)
    kinds = {
        "plain": make("plain"), "async": make("async", is_async=True),
        "replace": make("replace", catch=True, after=LookupError),
        "http": make("http", catch=True, after=lambda text: http(text)),
        "swallow": make("swallow", swallow=True), "after": make("after", after=LookupError),
        "after-http": make("after-http", after=lambda text: http(text)),
        "after-value": make("after-value", after=ValueError),
    }  # fmt: skip
    raises = {
        "nothing": None, "value": ValueError("v"), "lookup": KeyError("k"),
        "http": fw.HTTPException(403, "no", {"x-h": "1"}), "invalid": "return",
    }  # fmt: skip

    def declare(kind: str, scope: str | None, what: str) -> None:
        outer = make("outer", is_async=True)

        @app.get(f"/{kind}/{scope}/{what}", response_model=int if what == "invalid" else None)
        async def endpoint(
            a: Annotated[str, fw.Depends(outer)],
            b: Annotated[str, fw.Depends(kinds[kind], scope=scope)],
            tasks: fw.BackgroundTasks,
        ):
            record("endpoint")
            tasks.add_task(record, "task")
            if isinstance(raises[what], Exception):
                raise raises[what]
            return "not a number" if what == "invalid" else seen(a=a, b=b)

    for kind in kinds:
        for scope in (None, "function", "request"):
            for what in raises:
                declare(kind, scope, what)

    @app.get("/stream/{scope}")
    async def stream(
        a: Annotated[str, fw.Depends(make("request"), scope="request")],
        b: Annotated[str, fw.Depends(make("function"), scope="function")],
        fail: bool = False,
    ):
        def content() -> Iterator[str]:
            record("chunk")
            yield "a"
            if fail:
                raise ValueError("in the stream")
            record("chunk")
            yield "b"

        return fw.responses.StreamingResponse(content())

    @app.get("/invalid")
    async def invalid(a: Annotated[str, fw.Depends(make("first"))], q: int):
        return seen(a=a, q=q)

    def failing(a: Annotated[str, fw.Depends(make("before"))]):
        record("failing")
        raise fw.HTTPException(402, "stop")

    @app.get("/failing")
    async def stopped(a: Annotated[str, fw.Depends(failing)], b: Annotated[str, fw.Depends(make("never"))]):
        return seen(a=a, b=b)

    return app


YIELDS: list[Question] = [
    get(f"/{kind}/{scope}/{what}")
    for kind in ("plain", "async", "replace", "http", "swallow", "after", "after-http", "after-value")
    for scope in ("None", "function", "request")
    for what in ("nothing", "value", "lookup", "http", "invalid")
    # What a swallowed error of the endpoint leads to is said in other words: see `test_deviations`.
    if (kind, scope) != ("swallow", "function") or what == "nothing"
] + [get("/stream/x"), get("/stream/x?fail=true"), get("/invalid"), get("/invalid?q=1"), get("/failing")]


@pytest.mark.parametrize("question", YIELDS, ids=labels(YIELDS))
def test_yields(question: Question) -> None:
    compare(yields, question, chunks=True)


def overrides(fw):
    """`dependency_overrides`, with other parameters, with dependencies of their own, and changed between requests."""
    app = fw.FastAPI()

    def original(q: int = 0):
        return f"original {q}"

    def replacement(token: Annotated[str, fw.Header()], deeper: Annotated[str, fw.Depends(lambda: "deeper")]):
        return f"replacement {token} {deeper}"

    async def generator(x: int = 1) -> AsyncIterator[str]:
        record("enter override")
        yield f"generator {x}"
        record("exit override")

    choices = {
        "replacement": replacement,
        "generator": generator,
        "lambda": lambda: "lambda",
        "override-of-override": original,
    }

    def user(value: Annotated[str, fw.Depends(original)]):
        return f"user of {value}"

    @app.get("/use")
    async def use(a: Annotated[str, fw.Depends(original)], b: Annotated[str, fw.Depends(user)]):
        return seen(a=a, b=b)

    @app.get("/list", dependencies=[fw.Depends(original)])
    async def in_list():
        return "list"

    @app.get("/set/{name}")
    async def set_override(name: str):
        app.dependency_overrides.clear()
        if name in choices:
            app.dependency_overrides[original] = choices[name]
        if name == "user":
            app.dependency_overrides = {user: lambda q: f"other user {q}"}
        return name

    return app


def test_overrides() -> None:
    uses = [
        get("/use"),
        get("/use?q=3"),
        get("/use?q=x", ("token", "t")),
        get("/use?x=5", ("token", "t")),
        get("/list"),
        get("/list?q=x", ("token", "t")),
    ]
    for name in ("none", "replacement", "generator", "lambda", "override-of-override", "user", "none"):
        compare(overrides, get(f"/set/{name}"), *uses, get("/openapi.json"))


def context(fw):
    """Which context variables set in dependencies the endpoint sees."""
    app = fw.FastAPI()

    async def set_async():
        TRACE.set("async")

    def set_sync():
        TRACE.set("sync")

    async def set_yield() -> AsyncIterator[None]:
        token = TRACE.set("yield")
        yield
        record("at exit", TRACE.get())
        TRACE.reset(token)

    def set_sync_yield() -> Iterator[None]:
        TRACE.set("sync yield")
        yield
        record("at exit", TRACE.get())

    def declare(name: str, call: Any) -> None:
        @app.get(f"/{name}/async", dependencies=[fw.Depends(call)])
        async def look():
            return TRACE.get()

        @app.get(f"/{name}/sync", dependencies=[fw.Depends(call)])
        def look_sync():
            return TRACE.get()

        @app.get(f"/{name}/task", dependencies=[fw.Depends(call)])
        async def look_later(tasks: fw.BackgroundTasks):
            tasks.add_task(lambda: record("task sees", TRACE.get()))

    for name, call in {
        "set-async": set_async,
        "set-sync": set_sync,
        "set-yield": set_yield,
        "set-sync-yield": set_sync_yield,
    }.items():
        declare(name, call)
    return app


@pytest.mark.parametrize("name", ["set-async", "set-sync", "set-yield", "set-sync-yield"])
@pytest.mark.parametrize("how", ["async", "sync", "task"])
def test_context_variables(name: str, how: str) -> None:
    compare(context, get(f"/{name}/{how}"))


def responses(fw):
    """A `Response` parameter in dependencies and endpoint: status, headers and cookies are merged."""
    app = fw.FastAPI()

    async def first(response: fw.Response):
        response.status_code = 207
        response.headers["x-first"] = "1"
        response.headers["x-both"] = "first"
        response.set_cookie("a", "1")

    def second(response: fw.Response):
        response.headers["x-both"] = "second"
        response.headers.append("x-many", "1")
        response.headers.append("x-many", "2")
        response.delete_cookie("b")

    @app.get("/merged", dependencies=[fw.Depends(first), fw.Depends(second)])
    async def merged(response: fw.Response):
        response.headers["x-endpoint"] = "e"
        return {"status": response.status_code}

    @app.get("/own", dependencies=[fw.Depends(first)])
    async def own():
        return fw.responses.PlainTextResponse("own", 202, {"x-first": "mine"})

    @app.get("/error", dependencies=[fw.Depends(first)])
    async def error():
        raise fw.HTTPException(400, "bad")

    @app.get("/number", dependencies=[fw.Depends(first)], status_code=201)
    async def number(response: fw.Response):
        response.status_code = 299
        return 1

    @app.get("/nothing", dependencies=[fw.Depends(second)], status_code=204)
    async def nothing(response: fw.Response):
        response.headers["x-endpoint"] = "e"

    @app.post("/body", dependencies=[fw.Depends(first)])
    async def body(data: dict):
        return data

    return app


@pytest.mark.parametrize("name", ["merged", "own", "error", "number", "nothing"])
def test_responses(name: str) -> None:
    compare(responses, get(f"/{name}"))


def test_responses_with_body() -> None:
    compare(responses, post_json("/body", {}), post_json("/body", []))


def wrong_scope(fw):
    """A request-scoped dependency cannot use a function-scoped one."""
    app = fw.FastAPI()

    def short() -> Iterator[int]:
        yield 1

    def long(value: Annotated[int, fw.Depends(short, scope="function")]) -> Iterator[int]:
        yield value

    @app.get("/")
    async def read(value: Annotated[int, fw.Depends(long, scope="request")]):
        return value

    return app


def builtin_dependency(fw):
    """`dict` has no signature to read."""
    app = fw.FastAPI()

    @app.get("/")
    async def read(value: Annotated[dict, fw.Depends(dict)]):
        return value

    return app


def depends_on_model(fw):
    """An endpoint argument that is neither a parameter nor a body."""
    app = fw.FastAPI()

    @app.get("/")
    async def read(value: fw.APIRouter):
        return value

    return app


@pytest.mark.parametrize("build", [wrong_scope, builtin_dependency, depends_on_model])
def test_refused(build: Build) -> None:
    compare_refusal(build)
