"""A plan is decided once and frozen; making it edits nothing of the user's, and shares what can be shared."""

import copy
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from vivace import Body, Depends, FastAPI, Header, Path, Query, Security
from vivace._plan import nodes
from vivace._plan.dependencies import build_root, with_overrides
from vivace._plan.fields import ModelField
from vivace._plan.nodes import DependencyPlan, EndpointPlan, ResponseMode, walk
from vivace.dependencies.models import Dependant
from vivace.security import HTTPBearer, SecurityScopes


class Item(BaseModel):
    name: str


async def session() -> AsyncIterator[None]:
    yield


def paging(skip: int = 0, limit: Annotated[int, Query(le=100)] = 10) -> None: ...


async def user(db: Annotated[Any, Depends(session)], page: Annotated[Any, Depends(paging)]) -> None: ...


async def endpoint(
    item_id: int,
    item: Item,
    x_token: Annotated[str, Header()],
    who: Annotated[Any, Depends(user)],
    page: Annotated[Any, Depends(paging)],
) -> list[Item]: ...


def plan_of(function: Callable[..., Any], path: str = "/items/{item_id}", **options: Any) -> EndpointPlan:
    """The plan of a POST endpoint."""
    app = FastAPI(openapi_url=None)
    app.add_api_route(path, function, methods=["POST"], **options)
    return app.routes[-1].plan  # type: ignore[attr-defined]


# --- frozen -----------------------------------------------------------------------------------------------------------

NODE_CLASSES = [cls for cls in vars(nodes).values() if hasattr(cls, "_fields")]


@pytest.mark.parametrize("cls", NODE_CLASSES, ids=lambda cls: cls.__name__)
def test_nodes_are_named_tuples(cls: Any) -> None:
    assert issubclass(cls, tuple)
    assert vars(cls)["__slots__"] == ()


def test_nothing_of_a_plan_can_be_set() -> None:
    plan = plan_of(endpoint)
    for node in (plan, plan.root, plan.body, plan.response, plan.root.dependencies[0], plan.root.path[0]):
        for name in node._fields:  # type: ignore[union-attr]
            with pytest.raises(AttributeError):
                setattr(node, name, None)


def test_collections_of_a_plan_are_tuples() -> None:
    for node in walk(plan_of(endpoint).root):
        assert not any(isinstance(value, (list, dict, set)) for value in node)


# --- what a plan says -------------------------------------------------------------------------------------------------


def test_the_tree_has_the_callables_in_the_order_of_declaration() -> None:
    def outline(node: DependencyPlan) -> Any:
        assert node.call is not None
        return (node.call.__name__, [outline(child) for child in node.dependencies])

    assert outline(plan_of(endpoint).root) == (
        "endpoint",
        [("user", [("session", []), ("paging", [])]), ("paging", [])],
    )


def test_walk_sees_a_shared_dependency_once() -> None:
    assert [node.call for node in walk(plan_of(endpoint).root)] == [endpoint, user, session, paging]


def test_flat_parameters_are_those_of_the_whole_tree() -> None:
    flat = plan_of(endpoint).flat
    assert [p.name for p in flat.path] == ["item_id"]
    assert [p.name for p in flat.query] == ["skip", "limit"]
    assert [p.alias for p in flat.header] == ["x-token"]
    assert [p.name for p in flat.body] == ["item"]


def first_user(scopes: SecurityScopes) -> None: ...


def second_user(scopes: SecurityScopes) -> None: ...


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        (Depends(paging), Depends(paging), True),
        (Depends(paging), Depends(paging, use_cache=False), True),  # the cache is filled, and not asked
        (Depends(paging), Depends(user), False),
        (Depends(session), Depends(session, scope="request"), True),
        (Depends(session), Depends(session, scope="function"), False),
        (Security(first_user, scopes=["a"]), Security(first_user, scopes=["a"]), True),
        (Security(first_user, scopes=["a"]), Security(first_user, scopes=["b"]), False),
        (Security(first_user, scopes=["a", "b"]), Security(first_user, scopes=["b", "a"]), True),
    ],
)
def test_which_dependencies_are_one_call(one: Any, other: Any, is_shared: bool) -> None:
    first, second = build_root(lambda: None, "/", [one, other]).dependencies
    assert (first.cache_key == second.cache_key) is is_shared


def test_a_callable_that_cannot_be_hashed_is_itself() -> None:
    class Unhashable:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self) -> None: ...

    one, other = Unhashable(), Unhashable()
    first, again, second = build_root(
        lambda: None, "/", [Depends(one), Depends(one), Depends(other)]
    ).dependencies
    assert first.cache_key == again.cache_key != second.cache_key


@pytest.mark.parametrize(
    ("parameters", "embed"),
    [
        ({"a": Item}, False),
        ({"a": Annotated[Item, Body(embed=True)]}, True),
        ({"a": Item, "b": Item}, True),
        ({"a": Annotated[int, Body()]}, False),
    ],
)
def test_whether_parameters_are_keys_of_the_body(parameters: dict[str, Any], embed: bool) -> None:
    def function(**kwargs: Any) -> None: ...

    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=a)
            for name, a in parameters.items()
        ]
    )
    body = plan_of(function, "/").body
    assert body is not None
    assert body.embed is embed
    assert (body.whole is None) is embed


def test_an_endpoint_without_a_body_has_no_plan_for_it() -> None:
    assert plan_of(paging, "/").body is None


async def yielding() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "options", "mode", "has_model"),
    [
        (paging, {}, ResponseMode.VALUE, False),
        (endpoint, {}, ResponseMode.VALUE, True),
        (endpoint, {"response_model": None}, ResponseMode.VALUE, False),
        (yielding, {}, ResponseMode.JSON_LINES, False),
    ],
)
def test_the_plan_of_the_answer(function: Any, options: Any, mode: ResponseMode, has_model: bool) -> None:
    response = plan_of(function, "/items/{item_id}" if function is endpoint else "/", **options).response
    assert (response.mode, response.field is not None) == (mode, has_model)


# --- overrides --------------------------------------------------------------------------------------------------------


def test_overrides_make_another_plan_and_leave_the_first() -> None:
    root = plan_of(endpoint).root

    def other_paging(page: int = 1) -> None: ...

    overridden = with_overrides(root, {paging: other_paging})
    assert [node.call for node in walk(root)] == [endpoint, user, session, paging]
    assert [node.call for node in walk(overridden)] == [endpoint, user, session, other_paging]


def test_what_stands_in_for_two_dependencies_is_called_for_each() -> None:
    def first() -> None: ...

    def second() -> None: ...

    root = build_root(endpoint, "/items/{item_id}", [Depends(first), Depends(second)])
    one, other = with_overrides(root, {first: paging, second: paging}).dependencies[:2]
    assert one.cache_key != other.cache_key


# --- the user's objects -----------------------------------------------------------------------------------------------

MARKERS = {
    "query": Query(ge=1, description="a number"),
    "header": Header(convert_underscores=True),
    "field": Field(ge=1, alias="other"),
    "path": Path(),
    "body": Body(embed=True),
}


def state(info: FieldInfo) -> dict[str, Any]:
    """What a marker says. (Its `_attributes_set` is left out: Pydantic 2.9 edits that itself.)"""
    names = {*FieldInfo.__slots__, *getattr(info, "__dict__", ())} - {"_attributes_set"}
    return {name: copy.copy(getattr(info, name, None)) for name in names}


@pytest.mark.parametrize("name", MARKERS)
def test_markers_are_not_edited(name: str) -> None:
    marker = MARKERS[name]
    before = state(marker)

    def annotated(item_id: Annotated[int, marker]) -> None: ...  # type: ignore[valid-type]

    plan_of(annotated, "/{item_id}" if name == "path" else "/")
    assert state(marker) == before


@pytest.mark.parametrize("name", ["query", "header", "body"])
def test_markers_that_are_defaults_are_not_edited(name: str) -> None:
    marker = MARKERS[name]
    before = state(marker)

    def with_default(item_id: int = marker) -> None: ...  # type: ignore[assignment]

    plan_of(with_default, "/")
    assert state(marker) == before


def test_one_marker_may_serve_parameters_of_different_types_and_names() -> None:
    marker = Query()

    def first(a: int = marker) -> None: ...

    def second(b_c: Annotated[str, marker]) -> None: ...

    (a,) = build_root(first, "/", ()).query
    (b,) = build_root(second, "/", ()).query
    assert (a.alias, a.field.field_info.annotation) == ("a", int)
    assert (b.alias, b.field.field_info.annotation) == ("b_c", str)


def test_dependencies_are_not_edited() -> None:
    bare = Depends()

    def function(item: Annotated[Item, bare], bearer: Annotated[Any, Depends(HTTPBearer())]) -> None: ...

    build_root(function, "/", ())
    assert bare.dependency is None


def test_editing_a_dependant_does_not_edit_the_plan() -> None:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/items/{item_id}", endpoint, methods=["POST"])
    root = app.routes[-1].root  # type: ignore[attr-defined]
    dependant: Dependant = app.routes[-1].dependant  # type: ignore[attr-defined]
    dependant.dependencies.clear()
    dependant.path_params.clear()
    assert len(root.dependencies) == 2
    assert len(root.path) == 1


def test_a_dependant_says_what_the_plan_says() -> None:
    root = plan_of(endpoint).root
    assert described(Dependant.from_plan(root).to_plan()) == described(root)


def described(node: DependencyPlan) -> DependencyPlan:
    """The node with its fields in words: a `Dependant` has copies of them."""
    fields: dict[str, Any] = {
        location: tuple((p.name, p.alias, repr(p.field)) for p in getattr(node, location))
        for location in ("path", "query", "header", "cookie", "body")
    }
    return node._replace(**fields, dependencies=tuple(map(described, node.dependencies)))


# --- what is shared ---------------------------------------------------------------------------------------------------


def field_of(annotation: Any, **options: Any) -> ModelField:
    info = Query(**options)
    info.annotation = annotation
    return ModelField(info, "x")


@pytest.mark.parametrize("annotation", [int, str, Item, list[int], dict[str, Item], Literal[1, 2]])
def test_fields_of_one_type_share_a_validator(annotation: Any) -> None:
    first, second = field_of(annotation), field_of(annotation, description="another")
    assert first.validator is second.validator
    assert first.serializer is second.serializer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (field_of(int), field_of(int, ge=1)),
        (field_of(int | str), field_of(str | int)),  # equal to Python, and tried in another order
        (field_of(list[int]), field_of(list[str])),
        (field_of(int), field_of(bool)),
    ],
)
def test_fields_that_validate_differently_do_not(one: ModelField, other: ModelField) -> None:
    assert one.validator is not other.validator


def test_literals_are_told_apart_by_type() -> None:
    """To Python, `1 == True`."""
    assert field_of(Literal[1]).validator is not field_of(Literal[True]).validator


def test_a_validator_waits_until_it_is_needed() -> None:
    """Thousands of routes are declared at start-up; most of an app's endpoints are not asked in its first second."""
    plan = plan_of(endpoint)
    fields = [p.field for p in (*plan.flat.path, *plan.flat.body)]
    assert all("validator" not in vars(field) for field in fields)
