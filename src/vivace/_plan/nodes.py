"""The nodes of a plan: everything vivace knows about an endpoint, decided once and frozen.

`build.py` makes them; `_compile` writes functions from them and `openapi` writes the document. Nobody edits them.

PERF (W12): they are named tuples because such a class takes a quarter of the time to make that a frozen dataclass does,
and the dozen here are made by `import vivace`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from vivace._form_limits import _FormLimits
from vivace.security.base import SecurityBase

if TYPE_CHECKING:
    from starlette.responses import Response

    from vivace._dependency_concurrency import _DependencyConcurrency
    from vivace.params import Body, Param
    from vivace.types import IncEx

    from .fields import ModelField

Location = Literal["path", "query", "header", "cookie", "body"]
DependencyScope = Literal["function", "request"]


class CallKind(Enum):
    """How a callable is called."""

    SYNC = "sync"  # in a worker thread
    INLINE = "inline"  # sync, on the event loop: the user has asked for it
    ASYNC = "async"
    GENERATOR = "generator"  # a sync context manager around the request
    INLINE_GENERATOR = "inline generator"
    ASYNC_GENERATOR = "async generator"

    @property
    def has_exit(self) -> bool:
        return self in (CallKind.GENERATOR, CallKind.INLINE_GENERATOR, CallKind.ASYNC_GENERATOR)

    @property
    def is_in_thread(self) -> bool:
        return self in (CallKind.SYNC, CallKind.GENERATOR)

    @property
    def is_inline(self) -> bool:
        return self in (CallKind.INLINE, CallKind.INLINE_GENERATOR)


class Special(Enum):
    """A parameter that is not read from the request's data but is a part of the request itself."""

    REQUEST = "request"
    WEBSOCKET = "websocket"
    CONNECTION = "connection"
    RESPONSE = "response"
    BACKGROUND = "background"
    SCOPES = "scopes"


class ParameterPlan(NamedTuple):
    """One value read from the request's path, query, headers, cookies or body."""

    name: str  # keyword of the user's function
    location: Location
    field: ModelField

    @property
    def info(self) -> Param | Body:
        return cast("Param | Body", self.field.field_info)  # the rules of `parameters.py` make no others

    @property
    def alias(self) -> str:
        return self.field.alias


class DependencyPlan(NamedTuple):
    """A callable with what it needs: the endpoint itself, or one of its dependencies."""

    call: Callable[..., Any] | None
    kind: CallKind = CallKind.SYNC
    name: str | None = None  # the keyword under which the parent takes the value; None: called for its effect
    path: tuple[ParameterPlan, ...] = ()
    query: tuple[ParameterPlan, ...] = ()
    header: tuple[ParameterPlan, ...] = ()
    cookie: tuple[ParameterPlan, ...] = ()
    body: tuple[ParameterPlan, ...] = ()
    specials: tuple[tuple[str, Special], ...] = ()
    dependencies: tuple[DependencyPlan, ...] = ()
    use_cache: bool = True
    scope: DependencyScope | None = None  # as declared; see exit_scope
    own_scopes: tuple[str, ...] = ()
    parent_scopes: tuple[str, ...] = ()
    concurrency: _DependencyConcurrency | None = None
    route_path: str | None = None
    stands_for: DependencyPlan | None = None  # what `dependency_overrides` has replaced by this

    @property
    def parameters(self) -> tuple[ParameterPlan, ...]:
        return (*self.path, *self.query, *self.header, *self.cookie, *self.body)

    @property
    def oauth_scopes(self) -> tuple[str, ...]:
        """The parent's scopes, then the own ones that are new."""
        return tuple(dict.fromkeys((*self.parent_scopes, *self.own_scopes)))

    @property
    def exit_scope(self) -> DependencyScope | None:
        """When the code after `yield` runs: after the response is sent unless declared otherwise."""
        return self.scope or ("request" if self.kind.has_exit else None)

    @property
    def uses_scopes(self) -> bool:
        """Whether the value may depend on the security scopes, here or further down."""
        return bool(self.own_scopes) or (
            any(special is Special.SCOPES for _, special in self.specials)
            or self.security_scheme is not None
            or any(child.uses_scopes for child in self.dependencies)
        )

    @property
    def cache_key(self) -> tuple[Any, tuple[str, ...], str]:
        """Dependencies with the same key are called once per request."""
        if self.stands_for is not None:
            return self.stands_for.cache_key
        scopes = tuple(sorted(set(self.oauth_scopes))) if self.uses_scopes else ()
        return (_hashable(self.call), scopes, self.exit_scope or "")

    @property
    def security_scheme(self) -> SecurityBase | None:
        return self.call if isinstance(self.call, SecurityBase) else None


class _Identity(NamedTuple):
    """Stands for a callable that cannot be hashed."""

    of: int


def _hashable(call: Any) -> Any:
    try:
        hash(call)
    except TypeError:
        return _Identity(id(call))
    return call


class FlatParameters(NamedTuple):
    """Every parameter of an endpoint and all its dependencies, by location: what the document lists."""

    path: tuple[ParameterPlan, ...] = ()
    query: tuple[ParameterPlan, ...] = ()
    header: tuple[ParameterPlan, ...] = ()
    cookie: tuple[ParameterPlan, ...] = ()
    body: tuple[ParameterPlan, ...] = ()


class SecurityUse(NamedTuple):
    """A security scheme and the scopes with which the endpoint uses it."""

    scheme: SecurityBase
    scopes: tuple[str, ...]


class BodyPlan(NamedTuple):
    """How the request's body is read."""

    parameters: tuple[ParameterPlan, ...]  # of the endpoint and its dependencies
    embed: bool  # each parameter is a key of an object, rather than the one parameter being the body
    is_form: bool  # urlencoded or multipart; otherwise JSON if the Content-Type says so, else bytes

    @property
    def whole(self) -> ParameterPlan | None:
        """The one parameter that is the whole of a JSON body."""
        return (
            self.parameters[0] if len(self.parameters) == 1 and not self.embed and not self.is_form else None
        )


class ResponseMode(Enum):
    VALUE = "value"  # the endpoint returns data (or a Response)
    STREAM = "stream"  # an endpoint that yields into a StreamingResponse class
    JSON_LINES = "json lines"
    SSE = "server-sent events"


class SerializeOptions(NamedTuple):
    """`response_model_*`: what of the value is written."""

    include: IncEx | None = None
    exclude: IncEx | None = None
    by_alias: bool = True
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False


class ResponsePlan(NamedTuple):
    """How the endpoint's value becomes a response."""

    mode: ResponseMode = ResponseMode.VALUE
    response_class: type[Response] | None = None  # None: JSON, written by Pydantic straight to bytes
    status_code: int | None = None
    field: ModelField | None = None  # the response model
    item_field: ModelField | None = None  # of the items of a stream
    options: SerializeOptions = SerializeOptions()


class EndpointPlan(NamedTuple):
    """All of one HTTP endpoint; for a WebSocket endpoint `response` is not used."""

    root: DependencyPlan
    body: BodyPlan | None
    response: ResponsePlan
    path: str
    strict_content_type: bool = True
    form_limits: _FormLimits = _FormLimits()

    @property
    def flat(self) -> FlatParameters:
        return flat_parameters(self.root)

    @property
    def security(self) -> tuple[SecurityUse, ...]:
        return tuple(
            SecurityUse(node.security_scheme, node.oauth_scopes)
            for node in walk(self.root)
            if node.security_scheme is not None
        )


def walk(root: DependencyPlan) -> Iterator[DependencyPlan]:
    """The node and all it depends on, parents first, each cache key once."""
    seen: set[Any] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        key = node.cache_key  # PERF (W13): not cheap, and a document of a thousand routes asks for all
        if key not in seen:
            seen.add(key)
            yield node
            waiting += reversed(node.dependencies)


def body_parameters(root: DependencyPlan) -> tuple[ParameterPlan, ...]:
    """The parameters that an endpoint and all its dependencies read from the body."""
    return tuple(parameter for node in walk(root) for parameter in node.body)


def flat_parameters(root: DependencyPlan) -> FlatParameters:
    nodes = list(walk(root))
    return FlatParameters(
        *(
            tuple(parameter for node in nodes for parameter in getattr(node, location))
            for location in ("path", "query", "header", "cookie", "body")
        )
    )
