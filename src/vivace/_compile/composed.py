"""The request's steps as separate calls: the form that instrumentation can take apart.

Slower than the compiled function, with the same answers. It runs where one of its steps was replaced from
outside (an error tracker that wraps `run_endpoint_function`), where a request is observed by telemetry, and
where somebody builds a handler from a `Dependant` made by hand.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import Any, Protocol

from anyio import CancelScope
from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from vivace import params
from vivace._frontend import DependencySolver
from vivace._lanes import send_response, tracked
from vivace._plan.body import build_body
from vivace._plan.dependant import Dependant
from vivace._plan.dependencies import build_parameterless, with_overrides
from vivace._plan.fields import ModelField
from vivace._plan.nodes import CallKind, DependencyPlan, EndpointPlan, ResponseMode, ResponsePlan
from vivace._plan.signature import call_kind
from vivace._starlette import is_async_callable
from vivace.background import BackgroundTasks
from vivace.concurrency import run_in_thread
from vivace.encoders import jsonable_encoder
from vivace.exceptions import (
    EndpointContext,
    RequestValidationError,
    ResponseValidationError,
    _no_response_error,
)
from vivace.types import IncEx

from . import observe as telemetry
from . import runtime, streams
from .endpoint import CLEANUP_SCOPE, FUNCTION_STACK, INNER_STACK, context_maker
from .forms_reading import read_form
from .solver import compile_solver


@dataclass(slots=True)
class SolvedDependency:
    """What solving a dependency tree gave."""

    values: dict[str, Any]
    errors: list[Any]
    background_tasks: StarletteBackgroundTasks | None
    response: Response
    dependency_cache: dict[Any, Any]


# --- solving ----------------------------------------------------------------------------------------------------------

# By id: a Dependant may be edited, so it cannot be hashed; the plan tells whether it was.
_solvers: dict[int, tuple[weakref.ref[Dependant], tuple[Any, ...], Callable[..., Any]]] = {}


def _solver(dependant: Dependant, embed: bool, overrides: Mapping[Any, Any]) -> Callable[..., Any]:
    original = dependant.to_plan()
    key = (original, embed, tuple(overrides.items()))
    known = _solvers.get(id(dependant))
    if known is not None and known[0]() is dependant and known[1] == key:
        return known[2]
    plan = with_overrides(original, overrides) if overrides else original
    body = build_body(original) or build_body(plan)
    if body is not None:
        body = body._replace(embed=embed)
    solve = compile_solver(plan, body, f"{dependant.path or ''} {getattr(dependant.call, '__name__', '')}")
    forget = partial(_solvers.pop, id(dependant), None)
    _solvers[id(dependant)] = (weakref.ref(dependant, lambda _: forget()), key, solve)
    return solve


def _wants_background(dependant: Dependant) -> bool:
    return dependant.background_tasks_param_name is not None or any(
        map(_wants_background, dependant.dependencies)
    )


async def solve_dependencies(
    *,
    request: Request | WebSocket,
    dependant: Dependant,
    body: Any = PydanticUndefined,
    background_tasks: StarletteBackgroundTasks | None = None,
    response: Response | None = None,
    dependency_overrides_provider: Any | None = None,
    dependency_cache: dict[Any, Any] | None = None,
    async_exit_stack: AsyncExitStack,
    embed_body_fields: bool,
    _uses_scopes_cache: dict[int, Any] | None = None,
) -> SolvedDependency:
    """Read the parameters and call the dependencies of a `Dependant`.

    Values of `dependency_cache` are used instead of calling their dependencies, and new ones are added to it.
    """
    overrides = getattr(dependency_overrides_provider, "dependency_overrides", None) or {}
    cache = {} if dependency_cache is None else dependency_cache
    response = runtime.injected_response() if response is None else response
    background = BackgroundTasks() if background_tasks is None else background_tasks
    scope = request.scope
    cleanup = scope.get(CLEANUP_SCOPE)
    if cleanup is None:  # called outside a request: the scope lives as long as the stack
        cleanup = async_exit_stack.enter_context(CancelScope())
    values, errors = await _solver(dependant, embed_body_fields, overrides)(
        request,
        body,
        response,
        background,
        async_exit_stack,
        scope.get(FUNCTION_STACK, async_exit_stack),
        cleanup,
        cache,
    )
    used = background if background_tasks is not None or _wants_background(dependant) else None
    return SolvedDependency(values, errors, used, response, cache)


# --- the handler ------------------------------------------------------------------------------------------------------


async def run_endpoint_function(*, dependant: Dependant, values: dict[str, Any], is_coroutine: bool) -> Any:
    """Call the endpoint with its values, in a worker thread unless it is a coroutine function."""
    assert dependant.call is not None, "dependant.call must be a function"
    if is_coroutine:
        return await dependant.call(**values)
    return await run_in_thread(dependant.call, **values)


async def serialize_response(
    *,
    field: ModelField | None = None,
    response_content: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    is_coroutine: bool = True,
    endpoint_ctx: EndpointContext | None = None,
    dump_json: bool = False,
) -> Any:
    """The endpoint's value as JSON-compatible data, or as JSON bytes with `dump_json`.

    Raises `ResponseValidationError` if it does not fit the response model.
    """
    if field is None:
        return jsonable_encoder(response_content)
    if is_coroutine:
        value, errors = field.validate(response_content, loc=("response",))
    else:
        value, errors = await run_in_thread(field.validate, response_content, loc=("response",))
    if errors:
        raise ResponseValidationError(errors, body=response_content, endpoint_ctx=endpoint_ctx)
    write = field.serialize_json if dump_json else field.serialize
    return write(
        value,
        include=include,
        exclude=exclude,
        by_alias=by_alias,
        exclude_unset=exclude_unset,
        exclude_defaults=exclude_defaults,
        exclude_none=exclude_none,
    )


class Steps(Protocol):
    """The steps by the names under which instrumentation replaces them: the module `vivace.routing`."""

    solve_dependencies: Any
    run_endpoint_function: Any
    serialize_response: Any


def compose_handler(
    plan: EndpointPlan, dependant: Dependant, provider: Any, steps: Any
) -> Callable[..., Any]:
    """`async (request) -> Response`, calling each of `steps` by name."""
    embed = plan.body.embed if plan.body is not None else False
    context = context_maker(plan)

    async def handle(request: Request) -> Response:
        scope = request.scope
        observed = scope.get(telemetry.SCOPE_KEY)
        telemetry.started(observed, request)
        body = await _read_body(plan, request, context, observed)
        with telemetry.observed_dependencies(observed, dependant.call, body):
            solved = await steps.solve_dependencies(
                request=request,
                dependant=dependant,
                body=body,
                dependency_overrides_provider=provider,
                async_exit_stack=scope[INNER_STACK],
                embed_body_fields=embed,
            )
        telemetry.solved(observed, solved.values, solved.errors)
        if solved.errors:
            error = runtime.validation_error(solved.errors, body, scope, context)
            telemetry.validation_failed(observed, error)
            raise error
        return await _answer(plan, dependant, solved, request, context, steps, observed)

    return handle


async def _read_body(plan: EndpointPlan, request: Request, context: Any, observed: Any) -> Any:
    if plan.body is None:
        return PydanticUndefined
    scope = request.scope
    if plan.body.is_form:
        return await read_form(request, plan.form_limits)
    raw = await runtime.body_of_request(request)
    try:
        return runtime.parse_body(scope, raw, plan.strict_content_type, context)
    except RequestValidationError as exc:
        telemetry.invalid_body(observed, exc)
        raise


async def _answer(
    plan: EndpointPlan,
    dependant: Dependant,
    solved: SolvedDependency,
    request: Request,
    context: Any,
    steps: Any,
    observed: Any,
) -> Response:
    response_plan, scope = plan.response, request.scope
    assert dependant.call is not None
    arguments: dict[str, Any] = {"background": solved.background_tasks}
    status = solved.response.status_code or response_plan.status_code
    if status is not None:
        arguments["status_code"] = status
    if response_plan.mode is not ResponseMode.VALUE:
        answer = _stream(response_plan, dependant.call(**solved.values), context, scope, arguments)
        answer.headers.raw.extend(solved.response.headers.raw)
        return answer
    kind = call_kind(dependant.call, dependant.inline)
    called = replace(dependant, call=_inline(dependant.call)) if kind is CallKind.INLINE else dependant
    is_coroutine = kind is not CallKind.SYNC
    result = await telemetry.run_endpoint(
        observed,
        steps.run_endpoint_function,
        dependant=called,
        values=solved.values,
        is_coroutine=is_coroutine,
    )
    if isinstance(result, Response):
        return runtime.with_background(result, solved.background_tasks)
    as_bytes = response_plan.field is not None and response_plan.response_class is None
    options = response_plan.options
    with telemetry.observed_serialization(observed, dependant.call):
        content = await steps.serialize_response(
            field=response_plan.field,
            response_content=result,
            include=options.include,
            exclude=options.exclude,
            by_alias=options.by_alias,
            exclude_unset=options.exclude_unset,
            exclude_defaults=options.exclude_defaults,
            exclude_none=options.exclude_none,
            is_coroutine=is_coroutine,
            endpoint_ctx=context(scope),
            dump_json=as_bytes,
        )
    if as_bytes:
        answer = Response(content, media_type="application/json", **arguments)
    else:
        answer = (response_plan.response_class or JSONResponse)(content, **arguments)
    runtime.without_forbidden_body(answer)
    answer.headers.raw.extend(solved.response.headers.raw)
    return answer


def _inline(call: Callable[..., Any]) -> Callable[..., Any]:
    """A sync endpoint that is called on the event loop, as the coroutine function that it might be."""

    @wraps(call)
    async def call_inline(**values: Any) -> Any:
        return call(**values)

    return call_inline


def _stream(
    plan: ResponsePlan, result: Any, context: Any, scope: Scope, arguments: dict[str, Any]
) -> Response:
    if plan.mode is ResponseMode.STREAM:
        assert plan.response_class is not None
        return plan.response_class(streams.raw_chunks(result, scope), **arguments)
    writer = streams.ItemWriter(plan.item_field, plan.options)
    if plan.mode is ResponseMode.SSE:
        return streams.event_stream(result, writer, context, scope, **arguments)
    return streams.json_lines(result, writer, context, scope, **arguments)


# --- applications around a handler ------------------------------------------------------------------------------------


@asynccontextmanager
async def request_stacks(scope: Scope) -> AsyncIterator[tuple[AsyncExitStack, AsyncExitStack, CancelScope]]:
    """The exit stacks of a request, in the scope under the names that third parties know; put back as they were."""
    keys = (INNER_STACK, FUNCTION_STACK, CLEANUP_SCOPE)
    before = {key: scope[key] for key in keys if key in scope}
    try:
        with CancelScope() as cleanup:
            async with AsyncExitStack() as stack, AsyncExitStack() as function_stack:
                scope.update(zip(keys, (stack, function_stack, cleanup), strict=True))
                yield stack, function_stack, cleanup
    finally:
        for key in keys:
            scope.pop(key, None)
        scope.update(before)


def request_response(func: Callable[[Request], Awaitable[Response] | Response]) -> ASGIApp:
    """The ASGI application of a handler: exit stacks around it, and the response sent between their exits."""
    call: Callable[[Request], Any]
    call = func if is_async_callable(func) else lambda request: run_in_thread(func, request)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, tracked(scope, send))
        answered = False
        with CancelScope() as cleanup:
            async with AsyncExitStack() as stack:
                answer: Response | None = None
                async with AsyncExitStack() as function_stack:
                    scope[INNER_STACK], scope[FUNCTION_STACK], scope[CLEANUP_SCOPE] = (
                        stack,
                        function_stack,
                        cleanup,
                    )
                    stack.push_async_callback(request.close)
                    answer = await call(request)
                if answer is not None:
                    await send_response(answer, scope, receive, send)
                    answered = True
        if not answered:
            raise _no_response_error()

    return app


def websocket_session(func: Callable[[WebSocket], Awaitable[None]]) -> ASGIApp:
    """The ASGI application of a function that takes a WebSocket."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        session = WebSocket(scope, receive, tracked(scope, send))
        async with request_stacks(scope):
            await func(session)

    return app


def frontend_solver(dependencies: Sequence[params.Depends], provider: Any) -> DependencySolver | None:
    """Solves the dependencies in front of served files; `None` if there are none."""
    if not dependencies:
        return None
    root = DependencyPlan(
        call=_no_endpoint, dependencies=tuple(build_parameterless(d, "") for d in dependencies)
    )
    dependant = Dependant.from_plan(root)
    body = build_body(root)
    plan = EndpointPlan(root=root, body=body, response=ResponsePlan(), path="")
    context = context_maker(plan)

    @asynccontextmanager
    async def solve(scope: Scope, receive: Receive, send: Send) -> AsyncIterator[SolvedDependency]:
        request = Request(scope, receive, send)
        async with request_stacks(scope) as (stack, _, _):
            # A frontend reads no body: for its dependencies there is none, whatever was sent.
            solved = await solve_dependencies(
                request=request,
                dependant=dependant,
                dependency_overrides_provider=provider,
                async_exit_stack=stack,
                embed_body_fields=body.embed if body is not None else False,
            )
            if solved.errors:
                raise runtime.validation_error(solved.errors, None, scope, context)
            yield solved

    return solve


def _no_endpoint() -> None:
    """Stands where an endpoint would be: files are served instead."""
