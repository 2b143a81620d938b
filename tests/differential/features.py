"""Which features a generated case uses, and how its answers came out: a vacuous generator would show here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .applications import Case, parts
from .generated import BUILT
from .oracle import Answer, Request
from .programs import Parameter, Program, Special, Use
from .shapes import Constrained, Either, Named, Optional, Row, Scalar, Several, Shape, Table


def features(case: Case) -> Iterator[str]:
    """Names of the features that a case uses, each as often as it is used."""
    program = case.program
    yield from (f"class {definition.kind}" for definition in program.classes)
    for definition in program.classes:
        yield from (f"field {option}" for field in definition.fields for option, _ in field.options)
        yield from ("inherited class" for _ in filter(None, [definition.base]))
    yield from (f"dependency {dependency.form}" for dependency in program.dependencies)
    for argument in parts(program):
        yield from _argument_features(argument)
    yield from _endpoint_features(program)
    yield from (
        f"router {option}" for router in program.routers for option, _ in (*router.options, *router.include)
    )
    yield from (f"router in {router.parent}" for router in program.routers)
    yield from (f"application {option}" for option, _ in program.options)
    yield from (f"extra {extra.split('(')[0].strip()}" for extra in program.extras)
    yield from ("postponed annotations" for _ in range(program.postponed))
    yield from (
        name
        for question in case.questions
        if isinstance(question, Request)
        for name in _request_features(question)
    )


def _argument_features(argument: Parameter | Use | Special) -> Iterator[str]:
    match argument:
        case Parameter():
            yield f"{argument.kind} parameter"
            yield f"{argument.style} {argument.kind}"
            yield from (f"{argument.kind} {option}" for option, _ in argument.options)
            yield from (f"{argument.kind} of {name}" for name in _shape_features(argument.shape))
            yield from (f"{argument.kind} with default" for _ in filter(None, [argument.default]))
        case Use():
            yield f"use {argument.marker}"
            yield from (f"use {option}" for option, _ in argument.options)
        case Special():
            yield f"special {argument.annotation}"


def _shape_features(shape: Shape | None) -> Iterator[str]:
    match shape:
        case Scalar(pool=pool):
            yield pool
        case Constrained(inner=inner) | Optional(inner=inner) | Several(inner=inner):
            yield type(shape).__name__.lower()
            yield from _shape_features(inner)
        case Table() | Row():
            yield type(shape).__name__.lower()
        case Either():
            yield "tagged union" if shape.discriminator else "union"
        case Named():
            yield "class"


def _endpoint_features(program: Program) -> Iterator[str]:
    for endpoint in program.endpoints:
        yield "async endpoint" if endpoint.is_async else "sync endpoint"
        yield from (f"method {method}" for method in endpoint.methods)
        yield from (f"operation {option}" for option, _ in endpoint.options)
        yield f"endpoint does {endpoint.body[-1].split()[0]}"
        yield from ("return annotation" for _ in filter(None, [endpoint.returns]))
        yield from ("converter" for _ in range(endpoint.path.count(":")))
        yield from ("keyword only" for _ in range(endpoint.keyword_only))
        yield from ("docstring" for _ in filter(None, [endpoint.docstring]))


def _request_features(request: Request) -> Iterator[str]:
    yield f"request {request.method}"
    names = [name.decode() for name, _ in request.raw_headers() if name in _NOTED_HEADERS]
    yield from (f"request with {name}" for name in names)
    yield from ("request in chunks" for _ in range(isinstance(request.body, tuple)))


_NOTED_HEADERS = {b"authorization", b"cookie", b"content-type", b"origin", b"accept-encoding"}


def outcomes(answers: Iterable[Answer]) -> Iterator[str]:
    """Status classes and errors of the answers to one case; a refused application gives `refused`."""
    built, *rest = answers
    if built.error != BUILT:
        yield "refused"
    for answer in rest:
        yield f"status {answer.status}"
        yield from ("error" for _ in filter(None, [answer.error]))
        yield from ("events" for _ in answer.events[:1])
