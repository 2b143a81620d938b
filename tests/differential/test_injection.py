"""No name, alias, default, path or description may change the meaning of generated source.

vivace compiles each endpoint to source text, so whatever text a user controls must arrive there as a value or not
at all. Every text here tries to call `CANARY`, a builtin that notes the call; then the application must answer as
FastAPI's does, and the canary must be silent.
"""

# ruff: noqa: B006 - mutable defaults are what users write
# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

import builtins
import inspect
import keyword
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from .oracle import Framework, Pair, Question, get, post_form, post_json, run
from .recorder import seen

CALL = "__import__('builtins').CANARY()"
EXECUTED: list[str] = []

TEMPLATES = (
    CALL, f"'+{CALL}+'", f'"+{CALL}+"', f"{{{CALL}}}", f"{{{{{CALL}}}}}", f"')\n{CALL}\n('",
    f'")\n{CALL}\n("', f"'''+{CALL}+'''", f'"""\n{CALL}\n"""', f"\\'+{CALL}+\\'", f'\\"+{CALL}+\\"',
    f"x\n{CALL}\n", f"x\r{CALL}", f"x\x0c{CALL}", f"x\u2028{CALL}", f"x\x85{CALL}", f"#\n{CALL}",
    f"\\\n{CALL}", f"x; {CALL}", f"x]\n{CALL}\n[", f"x}}\n{CALL}\n{{", f"%({CALL})s", f"%s % {CALL}",
    f"x: {CALL}", f"x={CALL}", f"*{CALL}", f"lambda: {CALL}", f"x'\\\n{CALL}", f"\x00{CALL}",
    f"$\\{{{CALL}}}", f"\N{LINE SEPARATOR}{CALL}", f"\\N{{LINE FEED}}{CALL}", f"\\x27+{CALL}+\\x27",
    f"\\u0027+{CALL}+\\u0027", f"coding: utf-7\n{CALL}", f"> {CALL} <", "%", "{", "}", "\\", "'", '"', "\n",
    "{0}", "{x!r}", "%s", "${x}", "",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(TEMPLATES),
    st.lists(
        st.sampled_from([*TEMPLATES, "'", '"', "\\", "\n", "{", "}", "(", ")", "#", ";"]),
        min_size=1,
        max_size=4,
    ).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda text: text + CALL),
)
NAMES = (
    # what a code generator may call its own variables, arguments and helpers
    "scope", "receive", "send", "request", "response", "errors", "error", "exc", "values", "value", "query",
    "headers", "cookies", "path_params", "body", "form", "json", "result", "content", "status", "status_code",
    "stack", "cache", "solved", "dependency", "endpoint", "call", "validate", "validator", "serialize",
    "field", "fields", "loc", "default", "missing", "MISSING", "RequestValidationError", "add_errors",
    "parse_query", "respond", "to_json", "self", "cls", "app", "route", "plan", "key", "name", "param",
    "item", "await_", "_", "__", "___", "_1", "a0", "v0", "p0", "d0", "e0", "x0", "tmp", "_value", "_errors",
    "__class__", "__name__", "__builtins__", "__import__", "__debug_", "print", "str", "int", "len", "type",
    "dict", "list", "isinstance", "getattr", "Exception", "ValueError", "BaseException", "KeyError", "super",
    "globals", "locals", "eval", "exec", "CANARY", "ª", "𝐱", "ﬁ", "größe", "data", "args", "kwargs", "tasks",
    "background", "websocket", "security_scopes", "run_in_threadpool", "asyncio", "anyio", "match", "case",
    "async_", "soft",
)  # fmt: skip


@pytest.fixture(autouse=True)
def canary() -> Iterator[None]:
    """Make `CANARY` a builtin for the test; it must not have sung."""
    builtins.CANARY = lambda: EXECUTED.append("executed")  # type: ignore[attr-defined]
    EXECUTED.clear()
    yield
    del builtins.CANARY  # type: ignore[attr-defined]
    assert not EXECUTED


def check(build: Any, *questions: Question) -> None:
    """Compare a fresh pair on the questions and on its OpenAPI document; FastAPI must be able to build it."""
    pair = Pair.build(build, inspect.getsource(build))
    pair.check_refusal()
    assert pair.oracle.refusal is None
    for question in (*questions, get("/openapi.json")):
        run(pair.check(question))
    assert not EXECUTED


bounded = settings(
    max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@bounded
@given(alias=texts, other=texts, default=texts)
def test_aliases_and_defaults(alias: str, other: str, default: str) -> None:
    def build(fw: Framework) -> Any:
        app = fw.FastAPI()

        @app.get("/")
        async def read(
            a: Annotated[str, fw.Query(alias=alias)] = default,
            b: Annotated[list[str], fw.Query(validation_alias=other)] = [default],
        ):
            return seen(a=a, b=b)

        @app.get("/cookie")
        def cookie(a: Annotated[str, fw.Cookie(alias=alias)], b: str = fw.Query(default, alias=other)):
            return seen(a=a, b=b)

        @app.post("/body")
        async def body(
            a: Annotated[str, fw.Body(alias=alias)] = default, b: Annotated[int, fw.Body(alias=other)] = 1
        ):
            return seen(a=a, b=b)

        return app

    name, second = quote(alias, safe=""), quote(other, safe="")
    check(
        build,
        get("/"),
        get(f"/?{name}=1&{second}=x"),
        get("/cookie"),
        post_json("/body", {alias: "1", other: 2}),
        post_json("/body", {other: CALL}),
    )


@bounded
@given(alias=texts, default=texts, tag=texts)
def test_models_and_forms(alias: str, default: str, tag: str) -> None:
    def build(fw: Framework) -> Any:
        app = fw.FastAPI()
        Model = create_model("Model", a=(str, Field(default, alias=alias)), kind=(Literal[tag], tag))  # type: ignore[valid-type]

        @app.post("/form")
        async def form(value: Annotated[str, fw.Form(alias=alias)] = default):
            return seen(value=value)

        @app.post("/model-form")
        async def model_form(value: Annotated[Model, fw.Form()]):
            return seen(value=value)

        @app.post("/model")
        async def model(value: Model) -> Model:
            return value

        @app.get("/query")
        async def query(value: Annotated[Model, fw.Query()]):
            return seen(value=value)

        return app

    check(
        build,
        post_form("/form", (alias, "x")),
        post_form("/form"),
        post_form("/model-form", (alias, "x"), ("kind", tag)),
        post_json("/model", {alias: "x", "kind": tag}),
        post_json("/model", {"kind": CALL}),
        get(f"/query?{quote(alias)}=1"),
    )


@bounded
@given(path=texts, text=texts, tag=texts)
def test_paths_and_documentation(path: str, text: str, tag: str) -> None:
    literal = path.replace("{", "").replace("}", "")

    def build(fw: Framework) -> Any:
        app = fw.FastAPI(
            title=text,
            description=text,
            version=tag or "1",
            openapi_tags=[{"name": tag, "description": text}],
        )
        router = fw.APIRouter(prefix=f"/{literal}".rstrip("/"), tags=[tag])

        @router.get(
            f"/{literal}/{{a}}/x",
            summary=text,
            description=text,
            name=text,
            operation_id=tag or None,
            response_description=text,
            responses={404: {"description": text}},
            openapi_extra={f"x-{tag}": text},
        )
        async def read(
            a: int,
            q: Annotated[
                int, fw.Query(title=text, description=text, examples=[text], json_schema_extra={tag: text})
            ] = 1,
        ):
            return seen(a=a, q=q)

        read.__doc__ = text
        app.include_router(router, generate_unique_id_function=lambda route: f"{tag}{route.name}")
        return app

    base = "/" + quote(literal, safe="/")
    check(
        build,
        get(f"{base}/{quote(literal, safe='/')}/1/x"),
        get(f"{base}/{quote(literal, safe='/')}/1/x".replace("//", "/")),
        get(f"/{quote(literal, safe='')}/x/1"),
    )


@bounded
@given(name=texts, module=texts)
def test_names_of_functions_and_classes(name: str, module: str) -> None:
    """`__name__`, `__qualname__` and `__module__` are free text."""

    def build(fw: Framework) -> Any:
        app = fw.FastAPI()

        def dependency(q: int = 1):
            return q

        async def endpoint(value: Annotated[int, fw.Depends(dependency)], wrong: int = 0):
            if wrong == 3:
                raise ValueError(name)
            return seen(value=value)

        def generator(q: int = 2):
            yield q

        def sync(value: Annotated[int, fw.Depends(generator)]) -> int:
            return "x" if value == 9 else value  # type: ignore[return-value]

        for function in (dependency, endpoint, generator, sync):
            function.__name__ = function.__qualname__ = name or "f"
            function.__module__ = module or "m"
        app.get("/async")(endpoint)
        app.get("/sync")(sync)
        return app

    check(
        build, *(get(target) for target in ("/async", "/async?q=x", "/async?wrong=3", "/sync", "/sync?q=9"))
    )


@pytest.mark.parametrize("name", NAMES)
def test_names_of_arguments(name: str) -> None:
    """An argument may be called like any variable, helper or builtin of generated code."""
    assert name.isidentifier() and not keyword.iskeyword(name)
    other = "another" if name != "another" else "one"

    def build(fw: Framework) -> Any:
        app = fw.FastAPI()

        def named(annotation: Any, *more: inspect.Parameter) -> Any:
            own = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)

            async def function(**values: Any) -> Any:
                return seen(**values)

            function.__signature__ = inspect.Signature([own, *more])  # type: ignore[attr-defined]
            return function

        def another(annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
            return inspect.Parameter(
                other, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
            )

        app.get("/query")(named(int, another(str, "d")))
        app.get("/header")(named(Annotated[int, fw.Header()], another(Annotated[list[str], fw.Query()])))
        app.get("/cookie")(named(Annotated[int, fw.Cookie()]))
        if not name.startswith("_"):  # several bodies become fields of a model, whose names may not
            app.post("/body")(named(Annotated[int, fw.Body()], another(Annotated[str, fw.Body()], "d")))
            app.post("/form")(named(Annotated[int, fw.Form()], another(Annotated[str, fw.Form()], "d")))
            app.post("/file")(named(Annotated[bytes, fw.File()]))
        app.post("/model")(named(Outer))
        app.get("/depends")(
            named(Annotated[Any, fw.Depends(named(int))], another(Annotated[Any, fw.Depends(named(str))]))
        )
        app.get("/request")(
            named(
                int,
                inspect.Parameter(
                    "the_request",
                    inspect.Parameter.KEYWORD_ONLY,
                    annotation=Annotated[str, fw.Depends(_path_of(fw))],
                ),
            )
        )
        if name.isascii():
            app.get(f"/path/{{{name}}}/{{{other}}}")(named(int, another(str)))
        return app

    encoded = quote(name)
    check(
        build, get(f"/query?{encoded}=3"), get("/query"),
        get(f"/header?{other}=1", (name.replace("_", "-") if name.isascii() else "x", "4")),
        get("/cookie", ("cookie", f"{name}=5")), post_json("/body", {name: 6}), post_json("/body", {}),
        post_json("/model", {"inner": {"value": 1}}), post_json("/model", {"inner": CALL}),
        post_form("/form", (name, "7")), post_form("/form", (name, CALL)), get(f"/depends?{encoded}=8"),
        get(f"/request?{encoded}=9"), get(f"/path/3/{quote(CALL, safe='')}"),
    )  # fmt: skip


def _path_of(fw: Framework) -> Any:
    def path_of(request: fw.Request) -> str:
        return str(request.url.path)

    return path_of


class Inner(BaseModel):
    value: int


class Outer(BaseModel):
    inner: Inner


@bounded
@given(text=texts, other=texts)
def test_values_that_are_bound(text: str, other: str) -> None:
    """Defaults with a `repr` of their own, enum members, header names, security schemes, status handlers."""

    class Sly:
        def __repr__(self) -> str:
            return text

        __str__ = __repr__

    Choice = Enum("Choice", {"first": text or "x", "second": other + "2"})

    def build(fw: Framework) -> Any:
        app = fw.FastAPI()
        scheme = fw.security.APIKeyQuery(
            name=text, scheme_name=other or "s", description=text, auto_error=False
        )

        @app.get("/sly", include_in_schema=False)
        async def sly(
            b: Annotated[Any, fw.Query(default_factory=Sly)], a: Any = fw.Query(Sly()), c: Any = Sly()
        ):
            return [type(value).__name__ for value in (a, b, c)]

        @app.get("/choice/{choice}")
        async def choice(choice: Choice, other: Choice = Choice.second):
            return seen(choice=choice, other=other)

        @app.get("/key")
        async def key(value: Annotated[str | None, fw.Security(scheme, scopes=[text, other])]):
            return seen(value=value)

        @app.get("/fail")
        async def fail():
            raise fw.HTTPException(418, detail=text)

        return app

    target = quote(text or "x", safe="")
    check(
        build,
        get(f"/choice/{target}"),
        get(f"/choice/no?other={target}"),
        get(f"/key?{quote(text, safe='')}=v"),
        get("/fail"),
        get("/sly"),
    )


def test_the_canary_can_sing() -> None:
    """The templates do what they say when they are executed, so silence means something."""
    eval(CALL)
    assert EXECUTED == ["executed"]
    EXECUTED.clear()
