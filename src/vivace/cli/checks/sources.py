"""Rules about source text: what can be told from a file without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .blocking import blocking_calls
from .findings import Finding
from .names import Names


def check_source(file: Path) -> Iterator[Finding]:
    """The findings of one file; a file that does not parse has none here, since it was not imported either."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return
    names = Names.of(tree)
    yield from blocking_calls(tree, names, str(file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _cors(node, names, str(file))
            yield from _debug(node, names, str(file))
        yield from _secrets(node, str(file))


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


def _is_true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _lines(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.end_lineno or node.lineno


# --- CORS, debug ----------------------------------------------------------------------------------------------------


def _cors(call: ast.Call, names: Names, file: str) -> Iterator[Finding]:
    """`add_middleware(CORSMiddleware, …)`, `Middleware(CORSMiddleware, …)` or `CORSMiddleware(app, …)`."""
    named = [call.func, *call.args[:1]]
    if not any(names.dotted(node).endswith(".CORSMiddleware") for node in named):
        return
    given = _keywords(call)
    everyone = _holds_star(given.get("allow_origins")) or _matches_all(given.get("allow_origin_regex"))
    if everyone and _is_true(given.get("allow_credentials")):
        first, last = _lines(call)
        yield Finding("V301", "CORSMiddleware lets every origin use credentials", file, first, last)


def _holds_star(value: ast.expr | None) -> bool:
    elements = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else [value]
    return any(isinstance(element, ast.Constant) and element.value == "*" for element in elements)


def _matches_all(value: ast.expr | None) -> bool:
    everything = (".*", "^.*$", ".+", "https?://.*")
    return isinstance(value, ast.Constant) and value.value in everything


def _debug(call: ast.Call, names: Names, file: str) -> Iterator[Finding]:
    name = names.dotted(call.func)
    if name in (
        "vivace.FastAPI",
        "fastapi.FastAPI",
        "vivace.applications.FastAPI",
        "fastapi.applications.FastAPI",
    ):
        debug = _keywords(call).get("debug")
        if _is_true(debug) and debug is not None:
            first, last = _lines(debug)
            yield Finding("V302", "FastAPI(debug=True)", file, first, last)


# --- secrets --------------------------------------------------------------------------------------------------------

_SECRET_NAME = re.compile(
    r"(^|_)(secret|secret_?key|passw(or)?d|api_?key|access_?key|private_?key|signing_?key|auth_?token|access_?token|"
    r"bearer_?token|client_?secret|jwt_?secret|secret_?access_?key)$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}|xox[abprs]-[0-9A-Za-z-]{10,}|sk_live_[0-9A-Za-z]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_URL_PASSWORD = re.compile(r"^[a-z][a-z0-9+]*://[^/\s:@]+:([^/\s@{}]+)@")
# What says of itself that it is none.
_NO_SECRET = re.compile(r"demo|example|dummy|placeholder|<.*>|^\*+$|\$\{|^/|^https?:", re.IGNORECASE)
SHORTEST = 8


def _secrets(node: ast.AST, file: str) -> Iterator[Finding]:
    for name, value in _named_values(node):
        if (
            isinstance(value, ast.Constant)
            and isinstance(value.value, str)
            and _SECRET_NAME.search(name)
            and "hash" not in name.lower()
            and _looks_secret(name, value.value)
        ):
            yield Finding("V303", f"{name} is written into the source", file, *_lines(value))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _SECRET_TEXT.search(node.value):
            yield Finding("V303", "a key of a known kind is written into the source", file, *_lines(node))
        found = _URL_PASSWORD.match(node.value)
        if found and not _NO_SECRET.search(found[1]) and not _is_local(node.value):
            yield Finding("V303", "a URL with a password is written into the source", file, *_lines(node))


def _named_values(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield _name(target), node.value
    elif isinstance(node, ast.AnnAssign):
        yield _name(node.target), node.value
    elif isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def _looks_secret(name: str, text: str) -> bool:
    if len(text) < SHORTEST or " " in text or _NO_SECRET.search(text):
        return False
    plain = re.sub(r"[^a-z]", "", text.lower())
    return plain != re.sub(r"[^a-z]", "", name.lower())


def _is_local(url: str) -> bool:
    return "@localhost" in url or "@127.0.0.1" in url or "@db:" in url or "@db/" in url
