"""A declaration that cannot work is refused where it is written.

The message names the callable, where it stands, and what to do.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path as FilePath
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from vivace import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    FastAPI,
    Header,
    Path,
    Query,
    Request,
    Response,
    Security,
    WebSocket,
)
from vivace.exceptions import DependencyScopeError, FastAPIError
from vivace.security import SecurityScopes

HERE = FilePath(__file__).name


class Model(BaseModel):
    x: int


class NoType:
    """Pydantic can make nothing of it."""


def refused(endpoint: Callable[..., Any], path: str = "/", **options: Any) -> str:
    """What is said of a declaration."""
    with pytest.raises((AssertionError, FastAPIError)) as info:
        FastAPI().add_api_route(path, endpoint, **options)
    return str(info.value)


def place_of(call: Any) -> str:
    """`test_declaration_errors.py:12`"""
    return f"{HERE}:{call.__code__.co_firstlineno}"


# --- contradictions in one parameter ----------------------------------------------------------------------------------


def default_in_annotated(q: Annotated[int, Query(3)]) -> None: ...


def depends_twice(
    q: Annotated[int, Depends(default_in_annotated)] = Depends(default_in_annotated),
) -> None: ...


def marker_and_depends(q: Annotated[int, Query()] = Depends(default_in_annotated)) -> None: ...


def two_markers(q: Annotated[int, Query()] = Query(3)) -> None: ...


def marker_for_request(request: Annotated[Request, Query()]) -> None: ...


def marker_for_response(response: Annotated[Response, Body()]) -> None: ...


def marker_for_background(tasks: Annotated[BackgroundTasks, Header()]) -> None: ...


def marker_for_scopes(scopes: Annotated[SecurityScopes, Query()]) -> None: ...


def query_in_path(item_id: Annotated[int, Query()]) -> None: ...


def body_in_path(item_id: int = Body()) -> None: ...


def default_in_path(item_id: Annotated[int, Path()] = 3) -> None: ...


def list_in_path(item_id: list[int]) -> None: ...


def model_in_path(item_id: Model) -> None: ...


def dict_in_path(item_id: dict[str, int]) -> None: ...


def list_of_models_in_query(q: Annotated[list[Model], Query()]) -> None: ...


def dict_in_query(q: Annotated[dict[str, int], Query()]) -> None: ...


def not_callable(q: int = Depends(3)) -> None: ...  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("endpoint", "culprit", "remedy"),
    [
        (
            default_in_annotated,
            "`Query` default value cannot be set in `Annotated` for 'q'",
            "with `=` instead",
        ),
        (depends_twice, "`Depends` in `Annotated` and default value together for 'q'", ""),
        (
            marker_and_depends,
            "annotation in `Annotated` and `Depends` as a default value together for 'q'",
            "",
        ),
        (two_markers, "annotations in `Annotated` and default value together for 'q'", ""),
        (
            marker_for_request,
            "Request'>: 'request' is given by the request itself",
            "Remove the annotation or the type",
        ),
        (marker_for_response, "'response'", "Remove the annotation or the type"),
        (marker_for_background, "'tasks'", "Remove the annotation or the type"),
        (marker_for_scopes, "'scopes'", "Remove the annotation or the type"),
        (query_in_path, "Cannot use `Query` for path param 'item_id'", "Use `Path`, or rename the parameter"),
        (body_in_path, "Cannot use `Body` for path param 'item_id'", "Use `Path`"),
        (default_in_path, "Path parameters cannot have default values", "'item_id' is part of the path"),
        (list_in_path, "Path params must be of one of the supported types", "'item_id' is list[int]"),
        (model_in_path, "Path params must be of one of the supported types", "'item_id' is"),
        (dict_in_path, "Path params must be of one of the supported types", "'item_id' is dict"),
        (
            list_of_models_in_query,
            "Query parameter 'q' must be one of the supported types",
            "a scalar, a sequence",
        ),
        (dict_in_query, "Query parameter 'q' must be one of the supported types", "or a model"),
        (not_callable, "parameter 'q' is not callable: 3", ""),
    ],
)
def test_contradictions(endpoint: Callable[..., Any], culprit: str, remedy: str) -> None:
    message = refused(endpoint, "/{item_id}" if "in_path" in endpoint.__name__ else "/")
    assert culprit in message
    assert remedy in message
    assert f"{__name__}:{endpoint.__name__}" in message
    assert place_of(endpoint) in message


def test_an_error_in_a_dependency_names_the_dependency() -> None:
    async def endpoint(value: Annotated[Any, Depends(default_in_annotated)]) -> None: ...

    message = refused(endpoint)
    assert f"{__name__}:default_in_annotated" in message
    assert place_of(default_in_annotated) in message


def test_an_error_in_a_class_names_the_class() -> None:
    class Needs:
        def __init__(self, q: Annotated[int, Query(3)]) -> None: ...

    async def endpoint(needs: Annotated[Needs, Depends()]) -> None: ...

    message = refused(endpoint)
    assert "Needs" in message
    assert place_of(Needs.__init__) in message


def test_errors_are_assertion_errors_for_websockets_too() -> None:
    async def endpoint(websocket: WebSocket, q: Annotated[int, Query(3)]) -> None: ...

    with pytest.raises(AssertionError, match="cannot be set in `Annotated` for 'q'"):
        FastAPI().add_api_websocket_route("/ws", endpoint)


# --- types that cannot be validated -----------------------------------------------------------------------------------


def unknown_query(q: NoType) -> None: ...


def unknown_body(q: list[NoType]) -> None: ...


def unknown_return() -> NoType: ...


@pytest.mark.parametrize("endpoint", [unknown_query, unknown_body, unknown_return])
def test_types_that_pydantic_cannot_handle(endpoint: Callable[..., Any]) -> None:
    message = refused(endpoint)
    assert "Invalid args for response field! Hint: check that" in message
    assert "NoType" in message
    assert f"{__name__}:{endpoint.__name__}" in message
    assert place_of(endpoint) in message


def test_a_bad_response_model_says_how_to_do_without() -> None:
    assert "response_model=None" in refused(unknown_return)


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_model_for_a_status_without_a_body(status: int) -> None:
    def endpoint() -> Model: ...

    message = refused(endpoint, status_code=status)
    assert f"Status code {status} must not have a response body" in message
    assert place_of(endpoint) in message


# --- dependencies that need each other --------------------------------------------------------------------------------


def test_a_cycle_is_told_step_by_step() -> None:
    """Defaults are evaluated when the function is made, so a cycle needs a callable that says later what it needs."""

    class Late:
        def __call__(self, value: Any = None) -> None: ...

    late = Late()

    def first(value: Annotated[Any, Depends(late)]) -> None: ...

    def endpoint(value: Annotated[Any, Depends(first)]) -> None: ...

    Late.__call__.__defaults__ = (Depends(first),)  # type: ignore[attr-defined]
    message = refused(endpoint)
    assert "Dependency cycle: " in message
    assert message.count(place_of(first)) == 2  # it is where the circle closes
    assert "Late" in message
    assert "Remove one" in message


def test_the_same_dependency_twice_is_no_cycle() -> None:
    def leaf() -> None: ...

    def branch(value: Annotated[Any, Depends(leaf)]) -> None: ...

    def endpoint(a: Annotated[Any, Depends(branch)], b: Annotated[Any, Depends(leaf)]) -> None: ...

    FastAPI().add_api_route("/", endpoint)


def test_a_request_scoped_dependency_cannot_need_a_function_scoped_one() -> None:
    async def session() -> AsyncIterator[None]:
        yield

    async def connection(db: Annotated[None, Depends(session, scope="function")]) -> AsyncIterator[None]:
        yield

    async def endpoint(value: Annotated[None, Depends(connection)]) -> None: ...

    with pytest.raises(DependencyScopeError) as info:
        FastAPI().add_api_route("/", endpoint)
    assert 'The dependency "connection" has a scope of "request"' in str(info.value)
    assert 'cannot depend on dependencies with scope "function"' in str(info.value)


def test_a_function_scoped_dependency_may_need_a_request_scoped_one() -> None:
    async def session() -> AsyncIterator[None]:
        yield

    async def work(db: Annotated[None, Depends(session)]) -> AsyncIterator[None]:
        yield

    async def endpoint(value: Annotated[None, Depends(work, scope="function")]) -> None: ...

    FastAPI().add_api_route("/", endpoint)


# --- routes and routers -----------------------------------------------------------------------------------------------


def test_prefixes() -> None:
    with pytest.raises(AssertionError, match="must start with '/'"):
        APIRouter(prefix="shop")
    with pytest.raises(AssertionError, match="must not end with '/'"):
        FastAPI().include_router(APIRouter(), prefix="/shop/")


def test_an_empty_path_under_an_empty_prefix() -> None:
    router = APIRouter()

    @router.get("")
    async def root_of_nothing() -> None: ...

    with pytest.raises(FastAPIError, match=r"cannot be both empty.*root_of_nothing"):
        FastAPI().include_router(router)


def test_a_router_cannot_include_itself_at_any_depth() -> None:
    outer, inner = APIRouter(), APIRouter()
    outer.include_router(inner, prefix="/inner")
    with pytest.raises(AssertionError, match="into itself"):
        outer.include_router(outer, prefix="/a")
    with pytest.raises(AssertionError, match="already includes this router"):
        inner.include_router(outer, prefix="/a")


def test_an_option_that_is_none() -> None:
    with pytest.raises(
        TypeError, match=r"unexpected keyword argument 'response_modle'.*Did you mean 'response_model'?"
    ):
        FastAPI().get("/", response_modle=int)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("use", "message"), [(Depends, "not callable: 'x'"), (Security, "not callable: 'x'")]
)
def test_a_dependency_of_a_route_must_be_callable(use: Any, message: str) -> None:
    async def endpoint(value: Any = use("x")) -> None: ...

    assert message in refused(endpoint)


def test_parameterless_dependencies_must_be_callable() -> None:
    async def endpoint() -> None: ...

    assert "must have a callable dependency" in refused(endpoint, dependencies=[Depends("x")])  # type: ignore[arg-type]
