"""Generated code is ordinary code: tracebacks, `inspect`, `linecache` and `pdb` show it."""

import inspect
import io
import linecache
import pdb
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from vivace import Depends, FastAPI
from vivace._compile.source import Source
from vivace.exceptions import RequestValidationError
from vivace.responses import PlainTextResponse
from vivace.testclient import TestClient

HERE = Path(__file__).name


def compiled(app: FastAPI, path: str = "/") -> Callable[..., Any]:
    """The function that answers for a path."""
    return next(route for route in app.routes if route.path == path).variants.flat({})  # type: ignore[attr-defined]


def line_of(function: Callable[..., Any], text: str) -> int:
    """The line of the file of `function` on which `text` stands in its source."""
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if text in line)


def shop() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def read_item(item_id: int) -> Any:
        return {"price": 100 / item_id}

    return app


# --- tracebacks -------------------------------------------------------------------------------------------------------


def raised(app: FastAPI, path: str) -> str:
    """The traceback of what a request raises, as a server would log it."""
    with pytest.raises(Exception) as info:
        TestClient(app).get(path)
    return "".join(traceback.format_exception(info.value))


def test_a_traceback_shows_the_generated_lines_and_the_users() -> None:
    app = shop()
    user_line = line_of(app.routes[-1].endpoint, "100 / item_id")  # type: ignore[attr-defined]
    generated = compiled(app, "/items/{item_id}")
    shown = raised(app, "/items/0")
    assert (
        f'  File "<vivace GET /items/{{item_id}} {__name__}:shop.<locals>.read_item>",'
        f" line {line_of(generated, 'await endpoint')}, in read_item\n"
        "    result = await endpoint(item_id=item_id)\n"
    ) in shown
    assert f'{HERE}", line {user_line}, in read_item\n    return {{"price": 100 / item_id}}\n' in shown


def test_a_traceback_from_a_worker_thread_shows_both_too() -> None:
    app = FastAPI()

    def broken() -> Any:
        raise ValueError("broken")

    def settings() -> Any: ...

    @app.get("/", dependencies=[Depends(settings), Depends(broken)])
    def endpoint_in_thread() -> Any: ...

    shown = raised(app, "/")
    assert "in in_thread\n    in_own_context(broken)\n" in shown
    assert f'{HERE}", line {line_of(broken, "raise ValueError")}, in broken\n' in shown


def test_the_function_of_a_traceback_has_the_name_that_the_user_gave() -> None:
    """Also where the emitter has a variable of that name."""
    app = FastAPI()

    @app.get("/")
    async def body() -> Any:
        raise ValueError

    assert ", in body\n    result = await endpoint()\n" in raised(app, "/")


def test_a_bad_answer_names_endpoint_file_and_line() -> None:
    app = FastAPI()

    @app.get("/", response_model=list[int])
    async def read_numbers() -> Any:
        return "none"

    line = line_of(read_numbers, "@app.get")
    shown = raised(app, "/")
    assert f'File "{__file__}", line {line}, in read_numbers\n    GET /\n' in shown


def test_a_bad_request_names_endpoint_file_and_line() -> None:
    app = shop()
    endpoint = app.routes[-1].endpoint  # type: ignore[attr-defined]
    seen: list[str] = []

    @app.exception_handler(RequestValidationError)
    async def note(request: Any, exc: RequestValidationError) -> Any:
        seen.append(str(exc))
        return PlainTextResponse("", 422)

    TestClient(app).get("/items/x")
    (text,) = seen
    line = line_of(endpoint, "@app.get")
    assert f'File "{__file__}", line {line}, in read_item\n    GET /items/{{item_id}}' in text


# --- source -----------------------------------------------------------------------------------------------------------


def test_getsource_and_linecache_give_the_source() -> None:
    function = compiled(shop(), "/items/{item_id}")
    file = inspect.getsourcefile(function)
    assert file == function.__code__.co_filename
    assert inspect.getsource(function).startswith("async def read_item(scope, receive, send):\n")
    assert linecache.getline(file, 1) == "async def read_item(scope, receive, send):\n"


def test_the_source_stays_when_linecache_looks_for_changed_files() -> None:
    function = compiled(shop(), "/items/{item_id}")
    linecache.checkcache()
    assert inspect.getsource(function).startswith("async def read_item(")


def test_the_function_says_that_it_was_compiled() -> None:
    function = compiled(shop(), "/items/{item_id}")
    assert (function.__module__, function.__name__) == ("vivace.compiled", "read_item")


def answering(value: int, title: str = "a title") -> Callable[[], int]:
    source = Source(title)
    with source.block("def answer():"):
        source.line(f"return {value}")
    return source.compile("answer")


def test_the_same_title_with_another_source_gets_another_file() -> None:
    first, second, again = answering(1, "twice"), answering(2, "twice"), answering(1, "twice")
    assert first.__code__.co_filename == again.__code__.co_filename == "<vivace twice>"
    assert second.__code__.co_filename == "<vivace twice #2>"
    assert inspect.getsource(first) == "def answer():\n    return 1\n"
    assert inspect.getsource(second) == "def answer():\n    return 2\n"


def test_the_same_endpoint_with_overrides_gets_another_file() -> None:
    app = FastAPI()

    async def number() -> int:
        return 1

    def another_number() -> int:
        return 2

    @app.get("/")
    async def read(n: int = Depends(number)) -> Any: ...

    variants = app.routes[-1].variants  # type: ignore[attr-defined]
    plain, overridden = variants.flat({}), variants.flat({number: another_number})
    assert overridden.__code__.co_filename == plain.__code__.co_filename.removesuffix(">") + " #2>"


def test_a_path_of_several_lines_makes_a_file_name_of_one() -> None:
    assert "\n" not in answering(3, "GET /a\nb").__code__.co_filename


# --- pdb --------------------------------------------------------------------------------------------------------------


class Session(pdb.Pdb):
    """A debugging session whose commands are written down beforehand."""

    def __init__(self, *commands: str) -> None:
        self.shown = io.StringIO()
        super().__init__(
            stdin=io.StringIO("\n".join(commands) + "\n"), stdout=self.shown, nosigint=True, readrc=False
        )
        self.use_rawinput = False


async def requested(app: Callable[..., Any], path_params: dict[str, str]) -> list[Any]:
    """Call a compiled function as a server would; gives the messages that it sends."""
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "GET", "path_params": path_params, "query_string": b"", "headers": []}
    await app(scope, None, send)
    return messages


def test_pdb_stops_in_generated_code_and_lists_it() -> None:
    function = compiled(shop(), "/items/{item_id}")
    file = function.__code__.co_filename
    stop = line_of(function, "await endpoint")
    session = Session("continue", "list", "p item_id", "continue")  # it starts with stopping at once
    assert session.set_break(file, stop) is None
    trace = sys.gettrace()  # of coverage, if it is measured
    try:
        messages = session.runcall(anyio.run, requested, function, {"item_id": "4"})
    finally:
        sys.settrace(trace)
        session.clear_all_breaks()
    assert messages[1]["body"] == b'{"price":25.0}'
    shown = session.shown.getvalue()
    assert f"> {file}({stop})read_item()\n" in shown
    assert f" {stop} B->\t    result = await endpoint(item_id=item_id)\n" in shown
    assert "(Pdb) 4\n" in shown
