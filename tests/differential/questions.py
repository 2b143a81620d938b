"""Requests for a generated application: mostly well formed and nearly valid, then spoiled in one of many ways.

What an endpoint wants is read off the program, through its dependencies, routers and prefixes, but only roughly: a
request that misses the point is a fair question too. The first question is always for the OpenAPI document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, quote_plus, urlencode

from .choices import Choices, chance, pick
from .oracle import Part, Question, Request, post_multipart
from .programs import Argument, Endpoint, Options, Parameter, Program, Use
from .shapes import (
    JUNK_JSON,
    JUNK_TEXTS,
    Classes,
    Either,
    Named,
    Optional,
    Scalar,
    all_fields,
    json_value,
    texts,
)

Pairs = list[tuple[str, str]]

_CREDENTIALS: tuple[tuple[str, str], ...] = (
    ("authorization", "Bearer token"), ("authorization", "Basic am9objpzZWNyZXQ="),
    ("authorization", "Digest x"), ("authorization", "Basic ???"), ("authorization", "bearer"),
    ("authorization", ""), ("authorization", "Basic am9obg=="), ("x-key", "k"), ("x-key", ""),
    ("cookie", "key=k"),
)  # fmt: skip
_CONVERTED = {"int": ("3", "007"), "float": ("1.5", "2"), "uuid": ("c892496f-b1fd-4b91-bdb8-b46f92df1716",)}
_CONTENT_TYPES = (
    "application/json", "application/json", "application/vnd.api+json", "application/json; charset=utf-8",
    "text/plain", "APPLICATION/JSON", "application/jsonx", "*/*", "", "application/x-www-form-urlencoded",
    None,
)  # fmt: skip
_BAD_BODIES = (
    b"", b"{", b"nul", b"\xff\xfe", b'{"a":1}x', b"[" * 400 + b"]" * 400, b'{"a":1,"a":2}', b"\xef\xbb\xbf{}",
    b"NaN", b"[Infinity, -0, 1e999]", b'"\\ud800"', b"  {} ", b"1" * 5000, b"'a'", b"null", b"\x00",
)  # fmt: skip
_BAD_FORMS = (b"a", b"&&&", b"=", b"%zz=%", b"a=1;b=2", b"\xff=\xff", b"a=" + b"x" * 300)


def questions_for(program: Program, choices: Choices, count: int) -> Iterator[Question]:
    """The OpenAPI document, then `count - 1` random requests."""
    yield Request(target="/openapi.json")
    for _ in range(count - 1):
        yield _question(program, choices)


@dataclass(slots=True)
class _Draft:
    """A request in the making."""

    method: str
    path: str
    query: Pairs
    headers: list[tuple[str | bytes, str | bytes]]
    cookies: Pairs
    body: bytes = b""
    kind: str | None = None


def _question(program: Program, choices: Choices) -> Request:
    endpoint = pick(choices, program.endpoints)
    classes = {definition.name: definition for definition in program.classes}
    parameters = [*_parameters(program, endpoint)]
    draft = _Draft(pick(choices, endpoint.methods), "", [], [], [])
    draft.path = _filled(full_path(program, endpoint), parameters, choices, classes)
    for parameter in parameters:
        _add(draft, parameter, choices, classes)
    _add_body(draft, [p for p in parameters if p.kind in {"body", "form", "file"}], choices, classes)
    if chance(choices, 30):
        draft.headers.append(pick(choices, _CREDENTIALS))
    if chance(choices, 8):
        draft.headers.append(("origin", "https://a.example"))
    if chance(choices, 8):
        draft.headers.append(("accept-encoding", "gzip"))
    if chance(choices, 25):
        pick(choices, _SPOILERS)(draft, choices)
    return _finished(draft, choices)


def _finished(draft: _Draft, choices: Choices) -> Request:
    query = urlencode(draft.query, quote_via=quote if chance(choices, 20) else quote_plus)
    headers = [*draft.headers]
    if draft.cookies:
        headers.append(("cookie", "; ".join(f"{name}={value}" for name, value in draft.cookies)))
    if draft.kind is not None:
        headers.append(("content-type", draft.kind))
    body = draft.body
    pieces = (body[:3], b"", body[3:]) if body and chance(choices, 10) else body
    return Request(
        draft.method, draft.path + ("?" + query if query else ""), tuple(map(_field_line, headers)), pieces
    )


def _field_line(field: tuple[str | bytes, str | bytes]) -> tuple[str | bytes, str | bytes]:
    """A header as a server lets it through: no control characters; the name stays text that can be sent."""
    name, value = (part if isinstance(part, bytes) else part.encode() for part in field)
    return re.sub(rb"[\x00-\x20:]", b"", name), re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"", value).strip()


# --- What an endpoint wants ---


def full_path(program: Program, endpoint: Endpoint) -> str:
    """The endpoint's path with the prefixes of its routers."""
    path, routers = endpoint.path, {router.name: router for router in program.routers}
    name = endpoint.router
    while name in routers:
        router = routers[name]
        path = _prefix(router.include) + _prefix(router.options) + path
        name = router.parent
    return path


def _prefix(options: Options) -> str:
    text = dict(options).get("prefix", "''")
    return str(eval(text))


def _parameters(program: Program, endpoint: Endpoint) -> Iterator[Parameter]:
    """All parameters that a request to the endpoint could carry."""
    dependencies = {dependency.name: dependency for dependency in program.dependencies}
    routers = {router.name: router for router in program.routers}
    pending: list[Argument | str] = [*endpoint.arguments, str(endpoint.options), str(program.options)]
    name = endpoint.router
    while name in routers:
        pending.append(str(routers[name].options + routers[name].include))
        name = routers[name].parent
    visited: set[str] = set()
    while pending:
        match pending.pop(0):
            case Parameter() as parameter:
                yield parameter
            case Use(dependency=wanted) if wanted not in visited and wanted in dependencies:
                visited.add(wanted)
                pending += dependencies[wanted].arguments
            case str(text):
                pending += [Use("", found) for found in re.findall(r"dependency\d+", text)]


def _key(parameter: Parameter) -> str:
    """The name under which a request gives the parameter."""
    options = dict(parameter.options)
    alias = options.get("validation_alias", options.get("alias"))
    if alias:
        return str(eval(alias, {"AliasChoices": lambda *names: names[0]}))
    if parameter.kind == "header" and options.get("convert_underscores") != "False":
        return parameter.name.replace("_", "-")
    return parameter.name


def _filled(path: str, parameters: Sequence[Parameter], choices: Choices, classes: Classes) -> str:
    known = {parameter.name: parameter.shape for parameter in parameters if parameter.kind == "path"}

    def value(found: re.Match[str]) -> str:
        name, _, converter = found[1].partition(":")
        shape = known.get(name, Scalar("str"))
        if converter in _CONVERTED and not chance(choices, 15):
            return pick(choices, _CONVERTED[converter])
        text = "".join(texts(shape, choices, classes)[:1]) or pick(choices, ("x", "1", "a%2Fb"))
        return quote(text, safe="/" if converter == "path" else "", errors="replace")

    return re.sub(r"{([^}]+)}", value, path)


def _add(draft: _Draft, parameter: Parameter, choices: Choices, classes: Classes) -> None:
    """Add the values of a query, header or cookie parameter."""
    places = {"query": draft.query, "header": draft.headers, "cookie": draft.cookies}
    absent = 40 if parameter.default is not None else 3
    if parameter.kind not in places or chance(choices, absent):
        return
    pairs = _values(parameter, choices, classes)
    if chance(choices, 6):
        pairs += pairs
    places[parameter.kind] += pairs  # type: ignore[operator]  # a header may also be bytes


def _values(parameter: Parameter, choices: Choices, classes: Classes) -> Pairs:
    """Name and value of each occurrence; a model gives its fields."""
    shape = parameter.shape
    while isinstance(shape, Optional | Either):
        shape = shape.inner if isinstance(shape, Optional) else pick(choices, shape.members)
    if isinstance(shape, Named) and shape.name in classes:
        fields = all_fields(classes[shape.name], classes)
        dashed = parameter.kind == "header"
        return [
            (field.key.replace("_", "-") if dashed else field.key, text)
            for field in fields
            if field.default is None or not chance(choices, 40)
            for text in texts(field.shape, choices, classes)
        ]
    found = texts(parameter.shape, choices, classes)
    if not found and parameter.default is None and not chance(choices, 25):
        found = texts(shape, choices, classes)
    return [(_key(parameter), text) for text in found]


def _add_body(draft: _Draft, parameters: Sequence[Parameter], choices: Choices, classes: Classes) -> None:
    wanted = [p for p in parameters if p.default is None or not chance(choices, 30)]
    if any(p.kind != "body" for p in wanted):
        _add_form(draft, [p for p in wanted if not chance(choices, 5)], choices, classes)
    elif wanted:
        _add_json(draft, wanted, choices, classes)


def _add_json(draft: _Draft, wanted: Sequence[Parameter], choices: Choices, classes: Classes) -> None:
    values = [(_key(p), json_value(p.shape, choices, classes)) for p in wanted if not chance(choices, 4)]
    alone = len(wanted) == 1 and len(values) == 1 and dict(wanted[0].options).get("embed") != "True"
    if chance(choices, 6):
        alone = not alone
    value = values[0][1] if alone and values else dict(values)
    draft.body = json.dumps(value, indent=1 if chance(choices, 10) else None).encode()
    draft.kind = pick(choices, _CONTENT_TYPES) if chance(choices, 12) else "application/json"


def _add_form(draft: _Draft, wanted: Sequence[Parameter], choices: Choices, classes: Classes) -> None:
    parts: list[Part] = []
    for parameter in wanted:
        for name, text in _values(parameter, choices, classes):
            file = parameter.kind == "file" and not chance(choices, 15)
            parts.append(
                (name, text, pick(choices, ("a.txt", "ü.bin", "")), "text/plain") if file else (name, text)
            )
    if any(len(part) > 2 for part in parts) or chance(choices, 20):
        form = post_multipart("/", *parts)
        draft.body, draft.kind = b"".join(form.chunks()), str(dict(form.headers)["content-type"])
    else:
        draft.body = urlencode([(part[0], part[1]) for part in parts]).encode()
        draft.kind = "application/x-www-form-urlencoded"


# --- Spoiling ---


def _drop(draft: _Draft, choices: Choices) -> None:
    pairs = pick(choices, (draft.query, draft.cookies))
    if pairs:
        pairs.pop(choices.integer(0, len(pairs) - 1))


def _repeat(draft: _Draft, choices: Choices) -> None:
    if draft.query:
        name, _ = pick(choices, draft.query)
        draft.query.insert(choices.integer(0, 1), (name, pick(choices, JUNK_TEXTS)))


def _junk_query(draft: _Draft, choices: Choices) -> None:
    draft.query = [(name, pick(choices, JUNK_TEXTS)) for name, _ in draft.query] or [
        ("x", pick(choices, JUNK_TEXTS))
    ]


def _junk_body(draft: _Draft, choices: Choices) -> None:
    draft.body = pick(choices, _BAD_FORMS if "form" in str(draft.kind) else _BAD_BODIES)


def _other_json(draft: _Draft, choices: Choices) -> None:
    draft.body = json.dumps(pick(choices, JUNK_JSON)).encode()
    draft.kind = pick(choices, _CONTENT_TYPES)


def _cut_body(draft: _Draft, choices: Choices) -> None:
    draft.body = draft.body[: choices.integer(0, max(0, len(draft.body) - 1))]


def _no_body(draft: _Draft, choices: Choices) -> None:
    draft.body, draft.kind = b"", pick(choices, (None, "application/json", "multipart/form-data"))


def _other_method(draft: _Draft, choices: Choices) -> None:
    draft.method = pick(choices, ("HEAD", "OPTIONS", "GET", "POST", "DELETE", "BREW", "get"))


def _other_slash(draft: _Draft, choices: Choices) -> None:
    draft.path = (
        draft.path.rstrip("/") if draft.path.endswith("/") and draft.path != "/" else draft.path + "/"
    )


def _other_path(draft: _Draft, choices: Choices) -> None:
    draft.path = pick(
        choices, (draft.path + "x", "/", "//", draft.path.upper(), "/nowhere", draft.path[:-1] or "/")
    )


def _preflight(draft: _Draft, choices: Choices) -> None:
    draft.headers += [("origin", "https://a.example"), ("access-control-request-method", draft.method)]
    draft.method = "OPTIONS"


_SPOILERS: tuple[Callable[[_Draft, Choices], None], ...] = (
    _drop, _repeat, _junk_query, _junk_body, _other_json, _cut_body, _no_body, _other_method, _other_slash,
    _other_path, _preflight,
)  # fmt: skip


def simpler(question: Question) -> Iterator[Question]:
    """Smaller questions, for `minimise`."""
    if not isinstance(question, Request):
        return
    for position in range(len(question.headers)):
        yield replace(question, headers=question.headers[:position] + question.headers[position + 1 :])
    if isinstance(question.body, tuple):
        yield replace(question, body=b"".join(question.body))
    elif question.body:
        yield replace(question, body=b"")
        yield from (replace(question, body=json.dumps(v).encode()) for v in _smaller_json(question.body))
    path, _, query = question.raw_target().partition(b"?")
    pairs = query.split(b"&") if query else []
    for position in range(len(pairs)):
        rest = b"&".join(pairs[:position] + pairs[position + 1 :])
        yield replace(question, target=path + (b"?" + rest if rest else b""))


def _smaller_json(body: bytes) -> Iterator[object]:
    try:
        value = json.loads(body)
    except ValueError:
        return
    if isinstance(value, dict):
        yield from ({k: v for k, v in value.items() if k != dropped} for dropped in value)
    if isinstance(value, list):
        yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
