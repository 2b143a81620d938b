"""The source that is written for every endpoint of `endpoints.py`, and that it holds nothing the endpoint does not use.

After a change of the emitters: `python -m tests.compile.record`, and read what `git diff` shows. It should look
like what a careful engineer would have written by hand.
"""

import ast
import builtins
from dis import get_instructions
from types import CodeType

import pytest

from tests.compile.compiled import GOLDEN, compiled, golden_file, shown, source

ENDPOINTS = sorted(compiled())


@pytest.mark.parametrize("name", ENDPOINTS)
def test_source_is_the_recorded_one(name: str) -> None:
    assert shown(name) == golden_file(name).read_text(encoding="utf-8"), "`python -m tests.compile.record`"


def test_every_golden_file_is_of_an_endpoint() -> None:
    assert sorted(file.name.removesuffix(".py.txt") for file in GOLDEN.iterdir()) == ENDPOINTS


# --- nothing that is not used -----------------------------------------------------------------------------------------

NEEDS_CHECKS = set(ENDPOINTS) - {
    # Nothing to read, or nothing that can be wrong with it.
    *(
        "hello",
        "hello_sync",
        "optional_texts",
        "with_request",
        "with_connection",
        "with_response",
        "with_background",
    ),
    *(
        "sync_chain",
        "sync_async_sync",
        "uncached",
        "yield_request",
        "yield_function",
        "yield_sync",
        "limited",
        "overridden",
    ),
    *(
        "for_effect",
        "security",
        "response_model",
        "response_filtered",
        "response_included",
        "response_any",
        "no_content",
    ),
    *("html", "text", "own_response", "chunks", "events", "websocket"),
}
YIELDS = {"yield_request", "yield_function", "yield_both", "yield_sync", "limited", "websocket_with_all"}

# A piece of source and the endpoints that need it.
PIECES = {
    # Exits.
    "AsyncExitStack(": {"yield_sync", "yield_function", "yield_both"},
    "RequestStack(": YIELDS - {"yield_sync"},
    "function_stack": {"yield_function", "yield_both"},
    "no_response_error": YIELDS - {"websocket_with_all"},
    # Bodies.
    "receive_body(": {
        *("body", "body_and_path", "body_optional", "body_union", "body_embedded", "body_several"),
        *("with_request_and_body", "created"),
    },
    "body_of_request(": {"in_route_class"},
    "read_whole(": {
        "body",
        "body_and_path",
        "body_optional",
        "with_request_and_body",
        "created",
        "in_route_class",
    },
    "read_form(": {"form", "form_model", "files"},
    "await read_form_body(": {"files"},
    # Checks.
    "errors = []": NEEDS_CHECKS,
    "if errors": NEEDS_CHECKS,
    "len(errors)": {
        *("sync_chain_and_endpoint", "dependency", "repeated", "callables", "in_router"),
    },
    # Parameters.
    "path_params": {
        *(
            "path_and_query",
            "path_texts",
            "path_choices",
            "type_alias",
            "names_of_the_emitter",
            "body_and_path",
        ),
        *("in_router", "websocket_with_all"),
    },
    "QueryParams(": {"sequences", "parameter_models", "defaults", "aliases"},
    "Headers(": {"sequences", "parameter_models"},
    "find_header(": {"headers", "sync_chain_and_endpoint"},
    "read_cookies(": {"cookies", "parameter_models"},
    # Parts of the request.
    " Request(": {
        "with_request",
        "with_request_and_body",
        "with_connection",
        "for_effect",
        "in_router",
        "security",
    }
    | {"form", "form_model", "files"},
    "WebSocket(": {"websocket", "websocket_with_all"},
    "BackgroundTasks(": {"with_background", "for_effect", "in_router", "text", "own_response"},
    "background": {"with_background", "for_effect", "in_router", "text", "own_response"},
    "injected_response(": {"with_response", "response_included", "text", "in_route_class"},
    "SecurityScopes(": {"security"},
    # Dependencies.
    "run_in_thread(": {
        *(
            "hello_sync",
            "sync_chain",
            "sync_chain_and_endpoint",
            "sync_async_sync",
            "repeated",
            "yield_sync",
            "limited",
        ),
        *("callables", "in_router", "response_filtered", "text", "websocket_with_all", "overridden"),
    },
    "get_semaphore()": {"limited"},
    # Answers.
    "raise response_error(": {
        *("response_model", "response_filtered", "response_included", "response_any", "created", "html"),
        "in_route_class",
    },
    "without_forbidden_body(": {"with_response", "response_included", "no_content", "text", "in_route_class"},
    "raw_chunks(": {"chunks"},
    "event_stream(": {"events"},
    # What belongs to the composed form: instrumentation, and dependency trees that were made by hand.
    "dependency_cache": set(),
    "telemetry": set(),
    "observe": set(),
    "solve_dependencies": set(),
    "run_endpoint_function": set(),
}


@pytest.mark.parametrize("piece", PIECES)
def test_only_who_needs_a_piece_has_it(piece: str) -> None:
    assert {name for name in ENDPOINTS if piece in source(name)} == PIECES[piece]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_variable_is_used(name: str) -> None:
    names = [node for node in ast.walk(ast.parse(source(name))) if isinstance(node, ast.Name)]
    written = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    assert written - read == set()


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_global_is_there(name: str) -> None:
    """Also those on paths that no test happens to take."""
    function = compiled()[name]
    codes = [
        function.__code__,
        *(const for const in function.__code__.co_consts if isinstance(const, CodeType)),
    ]
    named = {step.argval for code in codes for step in get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    assert named - set(dir(builtins)) - set(function.__globals__) == set()


@pytest.mark.parametrize("name", ENDPOINTS)
def test_no_return_at_the_end(name: str) -> None:
    """It would say nothing there."""
    (function,) = ast.parse(source(name)).body
    assert isinstance(function, ast.AsyncFunctionDef)
    last = function.body[-1]
    assert not (isinstance(last, ast.Return) and last.value is None)
