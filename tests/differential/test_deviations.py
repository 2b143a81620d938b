"""Where vivace differs from FastAPI knowingly: what each of the two does, so that neither changes unseen.

The list is the one in `docs/internals.md`; what is not in it must be equal, and is compared by the other tests here.
"""

# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from collections.abc import AsyncIterable, Iterator
from typing import Annotated, Any

import pytest

from .oracle import ORACLE, SUBJECT, Answer, Build, Pair, Question, Request, get, run
from .recorder import record

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
