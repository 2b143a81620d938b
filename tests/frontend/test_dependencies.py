"""The contract with whoever solves dependencies: what is open while a file is looked up and sent."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.background import BackgroundTasks
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from vivace._frontend import FrontendRouteGroup, IncludedFrontends

from .conftest import Build, serve

PAGE = {"accept": "text/html"}


@dataclass
class Solved:
    response: Response = field(default_factory=Response)
    background_tasks: BackgroundTasks | None = None


@dataclass
class Recorder:
    """A solver that writes down what happens around it."""

    events: list[str] = field(default_factory=list)
    dependency: Callable[[Solved], None] = lambda solved: None

    @asynccontextmanager
    async def solve(self, scope: Scope, receive: Receive, send: Send) -> AsyncIterator[Solved]:
        self.events.append("enter")
        solved = Solved(response=Response())
        del solved.response.headers["content-length"]
        self.dependency(solved)
        try:
            yield solved
        except HTTPException as exc:
            self.events.append(f"saw {exc.status_code}")
            raise
        finally:
            self.events.append("exit")


@pytest.fixture
def app(build: Build) -> Callable[[Recorder], TestClient]:
    directory = build("site", {"index.html": "home", "main.js": "js", "about/index.html": "about"})

    def make(recorder: Recorder) -> TestClient:
        frontends = FrontendRouteGroup(solve=recorder.solve)
        frontends.add_frontend_route("/", directory=directory, check_dir=True)
        client = serve(frontends)
        inner = client.app

        async def record(scope: Scope, receive: Receive, send: Send) -> None:
            async def record_send(message: Message) -> None:
                recorder.events.append(message["type"].removeprefix("http.response."))
                await send(message)

            await inner(scope, receive, record_send)

        return TestClient(record, follow_redirects=False)

    return make


@pytest.mark.parametrize("path", ["/", "/main.js", "/about", "/client/route"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_sent_while_dependencies_are_open(
    app: Callable[[Recorder], TestClient], method: str, path: str
) -> None:
    recorder = Recorder()
    assert app(recorder).request(method, path, headers=PAGE).status_code in (200, 307)
    assert recorder.events == ["enter", "start", "body", "exit"]


def test_a_missing_file_is_seen_by_dependencies(app: Callable[[Recorder], TestClient]) -> None:
    recorder = Recorder()
    assert app(recorder).get("/missing.js").status_code == 404
    assert recorder.events == ["enter", "saw 404", "exit", "start", "body"]


def test_a_refusing_dependency_answers(app: Callable[[Recorder], TestClient]) -> None:
    def refuse(solved: Solved) -> None:
        raise HTTPException(status_code=403)

    recorder = Recorder(dependency=refuse)
    for path in ("/", "/missing.js"):
        assert app(recorder).get(path).status_code == 403


@pytest.mark.parametrize(("path", "status_code"), [("/main.js", 405), ("/missing.js", 404)])
def test_other_methods_are_refused_without_dependencies(
    app: Callable[[Recorder], TestClient], path: str, status_code: int
) -> None:
    recorder = Recorder()
    assert app(recorder).post(path).status_code == status_code
    assert recorder.events == ["start", "body"]


def test_headers_are_added_and_the_status_is_not_taken(app: Callable[[Recorder], TestClient]) -> None:
    def write(solved: Solved) -> None:
        solved.response.status_code = 299
        solved.response.headers["x-version"] = "7"
        solved.response.set_cookie("seen", "yes")

    client = app(Recorder(dependency=write))
    for path, status_code in [("/main.js", 200), ("/about", 307)]:
        response = client.get(path)
        assert (response.status_code, response.headers["x-version"]) == (status_code, "7")
        assert response.cookies["seen"] == "yes"
    etag = client.get("/").headers["etag"]
    not_modified = client.get("/", headers={"if-none-match": etag})
    assert (not_modified.status_code, not_modified.headers["x-version"]) == (304, "7")


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-0"}])
def test_background_tasks_run_after_the_file_and_before_exit(
    app: Callable[[Recorder], TestClient], headers: dict[str, str]
) -> None:
    recorder = Recorder()

    def later(solved: Solved) -> None:
        solved.background_tasks = BackgroundTasks()
        solved.background_tasks.add_task(recorder.events.append, "background")

    recorder.dependency = later
    app(recorder).get("/main.js", headers=headers)
    assert recorder.events == ["enter", "start", "body", "background", "exit"]


def test_each_inclusion_has_its_own_solver(build: Build) -> None:
    frontends = FrontendRouteGroup()
    frontends.add_frontend_route("/", directory=build("site", {"index.html": "home"}), check_dir=True)
    recorders: dict[str, Any] = {"/a": Recorder(), "/b": Recorder()}
    client = serve(
        *(
            IncludedFrontends(frontends, prefix=prefix, solve=recorder.solve)
            for prefix, recorder in recorders.items()
        )
    )
    assert client.get("/b/").text == "home"
    assert [recorder.events for recorder in recorders.values()] == [[], ["enter", "exit"]]
