"""Where vivace differs from FastAPI knowingly: what each of the two does, so that neither changes unseen.

The list is the one in `docs/internals.md`; what is not in it must be equal, and is compared by the other tests here.
"""

# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from collections.abc import AsyncIterable, Iterator
from typing import Annotated, Any

import pytest

from .oracle import ORACLE, SUBJECT, Answer, Build, Pair, Question, Request, get, run
from .recorder import record
from .test_middleware import everything_caught, functions, raw

pytestmark = pytest.mark.skipif(SUBJECT == ORACLE, reason="FastAPI does not differ from itself")


def both(build: Build, *questions: Question) -> tuple[Answer, Answer]:
    """Both answers to the last question, the oracle's first; the questions before it have to be answered alike."""
    pair = Pair.build(build, "")
    pair.check_refusal()
    *before, last = questions
    for question in before:
        run(pair.check(question))
    return run(pair.both(last))


class Teapot(Exception):
    pass


def test_late_exception_handlers() -> None:
    """A handler added after the first request: FastAPI has built its layers and ignores it, vivace uses it."""

    def build(fw):
        app = fw.FastAPI()

        @app.get("/raise")
        async def raises():
            raise Teapot("t")

        @app.get("/register")
        async def register():
            app.add_exception_handler(
                Teapot, lambda request, error: fw.responses.PlainTextResponse("late", 418)
            )

        return app

    oracle, subject = both(build, get("/raise"), get("/register"), get("/raise"))
    assert (oracle.status, oracle.body) == (500, b"Internal Server Error")
    assert (subject.status, subject.body, subject.error) == (418, b"late", None)


def test_swallowed_errors() -> None:
    """A function-scoped dependency that swallows the endpoint's error leaves no response: vivace says so."""

    def build(fw):
        app = fw.FastAPI()

        def swallows() -> Iterator[None]:
            try:
                yield
            except ValueError as error:
                record("swallowed", error)

        @app.get("/", dependencies=[fw.Depends(swallows, scope="function")])
        async def read():
            raise ValueError("v")

        return app

    oracle, subject = both(build, get("/"))
    assert (oracle.status, oracle.events) == (subject.status, subject.events) == (500, ("swallowed v",))
    assert str(oracle.error).startswith("builtins.UnboundLocalError")
    assert str(subject.error).startswith("fastapi.exceptions.FastAPIError: Response not awaited.")


def test_failing_event_streams() -> None:
    """The events before the error are sent, and the connection is aborted; FastAPI loses those still in its queue."""

    def build(fw):
        app = fw.FastAPI()

        @app.get("/", response_class=fw.responses.EventSourceResponse)
        async def read() -> AsyncIterable[int]:
            yield 1
            yield 2
            raise Teapot("t")

        return app

    oracle, subject = both(build, get("/"))
    assert (oracle.status, oracle.headers, oracle.error) == (subject.status, subject.headers, subject.error)
    assert subject.body == b"data: 1\n\ndata: 2\n\n"
    assert len(oracle.body) < len(subject.body)
    assert not subject.finished


@pytest.mark.parametrize("count", [0, 1])
def test_clients_that_leave_event_streams(count: int) -> None:
    """FastAPI raises a group with the error inside, vivace the error itself."""

    def build(fw):
        app = fw.FastAPI()

        @app.get("/", response_class=fw.responses.EventSourceResponse)
        async def read() -> AsyncIterable[int]:
            yield 1
            yield 2

        return app

    oracle, subject = both(build, Request(client_leaves_after=count))
    assert str(oracle.error).startswith("ExceptionGroup(unhandled errors in a TaskGroup: ")
    assert str(oracle.error)[:-1].endswith(str(subject.error))
    assert oracle.chunks == subject.chunks


def test_overrides_set_by_a_dependency() -> None:
    """An override set while a request is being solved: FastAPI looks it up late, vivace decides at dispatch."""

    def build(fw):
        app = fw.FastAPI()

        def value() -> str:
            return "own"

        def sets_override() -> None:
            app.dependency_overrides[value] = lambda: "override"

        @app.get("/")
        async def read(
            first: Annotated[None, fw.Depends(sets_override)], then: Annotated[Any, fw.Depends(value)]
        ):
            return then

        return app

    pair = Pair.build(build, "")
    first, then = run(pair.both(get("/"))), run(pair.both(get("/")))
    assert [answer.body for answer in first] == [b'"override"', b'"own"']
    assert [answer.body for answer in then] == [b'"override"', b'"override"']


# --- http middleware, which is called directly ------------------------------------------------------------------------


@pytest.mark.parametrize("build", [functions, raw, everything_caught])
def test_a_stream_that_fails_is_cut_off(build: Build) -> None:
    """Starlette's http middleware ends a stream that failed as if it were whole. Here the connection is aborted."""
    oracle, subject = both(build, get("/broken-stream"))
    assert (oracle.status, oracle.body, oracle.finished) == (200, b"a", True)
    assert (subject.status, subject.body, subject.finished) == (200, b"a", False)
    assert subject.error == oracle.error


@pytest.mark.parametrize(
    ("header", "chunks"), [("x-none", 3), ("x-catch", 3), ("x-rewrite", 3), ("x-replace", 0)]
)
def test_a_stream_begins_when_it_is_sent(header: str, chunks: int) -> None:
    """In Starlette the first piece may be made while the middleware still runs, and one that is replaced runs too."""
    oracle, subject = both(functions, get("/stream", (header, "1")))
    assert (subject.status, subject.body, subject.error) == (oracle.status, oracle.body, oracle.error)
    assert len([event for event in oracle.events if event.startswith("chunk")]) == 3
    assert len([event for event in subject.events if event.startswith("chunk")]) == chunks
    if header in ("x-none", "x-catch"):
        assert subject.events[-4:] == ("inner after 200", "chunk 0", "chunk 1", "chunk 2")


@pytest.mark.parametrize("build", [functions, raw])
@pytest.mark.parametrize("left_after", [0, 1])
def test_background_tasks_run_although_the_client_has_left(build: Build, left_after: int) -> None:
    oracle, subject = both(build, Request("GET", "/task", client_leaves_after=left_after))
    assert "task" not in oracle.events
    assert "task" in subject.events


@pytest.mark.parametrize("build", [functions, raw])
def test_a_stream_whose_client_has_left_ends(build: Build) -> None:
    for left_after in (0, 1, 2):
        _, subject = both(build, Request("GET", "/stream", client_leaves_after=left_after))
        assert len([event for event in subject.events if event.startswith("chunk")]) <= left_after + 2
        assert "the client has left" in str(subject.error) or "ClientDisconnect" in str(subject.error)
