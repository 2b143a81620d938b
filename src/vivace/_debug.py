"""The answer to an unhandled exception with `debug=True`: what went wrong, where, and in which request.

A browser gets a page, a client that accepts JSON the same as JSON, everybody else the traceback as text. Frames of the
user's own files come first, the innermost on top; what vivace, its libraries and Python did is folded away. With them
stand the request and the endpoint's plan. Values under names that say secret (`Authorization`, `Cookie`, `token`, …)
are not shown, and neither are local variables. The page holds no script, and its policy lets none run.
"""

from __future__ import annotations

import linecache
import re
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from vivace._plan.description import ParameterInfo, StepInfo, describe_parameters, describe_steps

CONTEXT = 5  # lines of source shown before and after the one that failed
MASK = "••••••"

_SECRET = re.compile(
    r"auth|cookie|token|secret|passw|passwd|api[-_]?key|session|signature|credential|csrf|ticket|(^|[-_])key$",
    re.IGNORECASE,
)
_LIBRARIES = {"site-packages", "dist-packages"}
_PACKAGE = Path(__file__).parent
_STDLIB = Path(sysconfig.get_path("stdlib"))


class DebugErrors(ServerErrorMiddleware):
    """Starlette's outermost layer, with this answer in the place of its own."""

    def debug_response(self, request: Request, exc: Exception) -> Response:
        accept = request.headers.get("accept", "")
        if "text/html" in accept:
            policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
            return HTMLResponse(_page(request, exc), 500, {"Content-Security-Policy": policy})
        if re.search(r"application/(\w+\+)?json", accept):
            return JSONResponse(_as_json(request, exc), 500)
        return super().debug_response(request, exc)


# --- what is shown --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on the way to the exception."""

    file: str
    line: int
    function: str
    code: str
    is_users: bool


def frames_of(exc: BaseException) -> list[Frame]:
    """The calls on the way to `exc`, the outermost first."""
    return [
        Frame(frame.filename, frame.lineno or 0, frame.name, frame.line or "", is_users_file(frame.filename))
        for frame in traceback.extract_tb(exc.__traceback__)
    ]


def is_users_file(filename: str) -> bool:
    """Whether a file is of the user's own program: not Python's, not an installed package's, not generated."""
    path = Path(filename)
    if filename.startswith("<") or _LIBRARIES & set(path.parts):
        return False
    return not (path.is_relative_to(_PACKAGE) or path.is_relative_to(_STDLIB))


def chain_of(exc: BaseException) -> list[tuple[str, BaseException]]:
    """The exception, the members of a group, and what each was raised from or during; each with its relation."""
    found: dict[int, tuple[str, BaseException]] = {}

    def visit(relation: str, error: BaseException | None) -> None:
        if error is None or id(error) in found:
            return
        found[id(error)] = relation, error
        for member in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
            visit("In the group", member)
        context = None if error.__suppress_context__ else error.__context__
        visit("Before that", error.__cause__ or context)

    visit("", exc)
    return list(found.values())


def masked(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names and values; a value whose name says secret is not shown, only its length.

    masked([("Authorization", "Bearer abc")])  # [("Authorization", "•••••• (10 characters)")]
    """
    return [
        (name, f"{MASK} ({len(value)} characters)" if _SECRET.search(name) else value)
        for name, value in pairs
    ]


def _request_parts(request: Request) -> dict[str, list[tuple[str, str]]]:
    path_params: Mapping[str, Any] = request.scope.get("path_params") or {}
    return {
        "Path parameters": masked((name, str(value)) for name, value in path_params.items()),
        "Query": masked(request.query_params.multi_items()),
        "Headers": masked(request.headers.items()),
        "Cookies": [(name, MASK) for name in request.cookies],
    }


@dataclass(frozen=True, slots=True)
class Plan:
    """What was declared for a request."""

    endpoint: str
    parameters: list[ParameterInfo]
    steps: list[StepInfo]


def plan_of(request: Request) -> Plan | None:
    """The plan of the route as its routers include it, or of the route; None for a route that has none.

    None too where the declaration itself is what failed: an error page must not fail in turn.
    """
    candidates: list[Any] = [*request.scope.get("fastapi", {}).values(), request.scope.get("route")]
    for operation in candidates:
        if hasattr(type(operation), "plan"):
            try:
                plan = operation.plan
                return Plan(operation.place, describe_parameters(plan), describe_steps(plan))
            except Exception:
                return None
    return None


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the program's own __str__
        return "(its message cannot be shown)"


def _compiled_source(frames: Iterable[Frame]) -> tuple[str, int, list[str]] | None:
    """The endpoint's compiled function, if the exception came through it: file name, line, text."""
    for frame in frames:
        if frame.file.startswith("<vivace "):
            return frame.file, frame.line, linecache.getlines(frame.file)
    return None


# --- JSON -----------------------------------------------------------------------------------------------------------


def _as_json(request: Request, exc: Exception) -> dict[str, Any]:
    plan = plan_of(request)
    return {
        "detail": "Internal Server Error",
        "debug": {
            "errors": [
                {
                    "type": _type_name(error),
                    "message": _message(error),
                    "frames": [asdict(frame) for frame in frames_of(error)],
                }
                for _, error in chain_of(exc)
            ],
            "request": {
                "method": request.method,
                "path": request.url.path,
                **{name.lower().replace(" ", "_"): pairs for name, pairs in _request_parts(request).items()},
            },
            "plan": None if plan is None else asdict(plan),
        },
    }


def _type_name(error: BaseException) -> str:
    cls = type(error)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


# --- HTML -----------------------------------------------------------------------------------------------------------


def _page(request: Request, exc: Exception) -> str:
    plan = plan_of(request)
    title = f"{type(exc).__name__}: {_message(exc)}"
    sections = [*_error_sections(exc), _request_section(request)]
    if plan is not None:
        sections.append(_plan_section(plan))
    compiled = _compiled_source(frames_of(exc))
    if compiled is not None:
        file, line, text = compiled
        shown = _source(text, 1, line)
        sections.append(f"<details><summary>The compiled function, {escape(file)}</summary>{shown}</details>")
    return f"""\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{escape(title)}</title>
    <style>{_STYLE}</style>
  </head>
  <body>
    <header>
      <p>{escape(request.method)} {escape(request.url.path)}{_answered_by(plan)}</p>
      <h1>{escape(_type_name(exc))}</h1>
      <p class="message">{escape(_message(exc))}</p>
    </header>
    {"".join(sections)}
    <footer>This page is shown because the application runs with debug=True.</footer>
  </body>
</html>
"""


def _answered_by(plan: Plan | None) -> str:
    return "" if plan is None else f", answered by {escape(plan.endpoint)}"


def _error_sections(exc: Exception) -> Iterator[str]:
    for relation, error in chain_of(exc):
        if relation:
            yield f"<h2>{relation}: {escape(_type_name(error))}</h2>"
            yield f"<p class='message'>{escape(_message(error))}</p>"
        frames = frames_of(error)
        own = [frame for frame in reversed(frames) if frame.is_users]
        yield f"<h2>{'In your program' if own else 'Outside of your program'}</h2>"
        yield from (_frame(frame, is_open=place == 0) for place, frame in enumerate(own or frames[-1:]))
        everything = "".join(_frame(frame, is_open=False) for frame in frames)
        yield f"<details><summary>All {len(frames)} calls, the outermost first</summary>{everything}</details>"


def _frame(frame: Frame, *, is_open: bool) -> str:
    first = max(1, frame.line - CONTEXT)
    lines = linecache.getlines(frame.file)[first - 1 : frame.line + CONTEXT]
    place = f"{escape(frame.file)}:{frame.line}, in <b>{escape(frame.function)}</b>"
    kind = "frame own" if frame.is_users else "frame"
    shown = _source(lines, first, frame.line)
    return f"<details class='{kind}'{' open' * is_open}><summary>{place}</summary>{shown}</details>"


def _source(lines: Iterable[str], first: int, marked: int) -> str:
    """Numbered lines, one of them marked."""
    shown = (
        f"<span class='line{' marked' * (number == marked)}'><i>{number}</i>{escape(line.rstrip())}</span>"
        for number, line in enumerate(lines, first)
    )
    return f"<pre>{''.join(shown)}</pre>"


def _request_section(request: Request) -> str:
    client = request.client
    about = [
        ("Method", request.method),
        ("Path", request.url.path),
        ("Client", client.host if client else ""),
    ]
    parts = {"": about, **_request_parts(request)}
    tables = "".join(f"<h3>{name}</h3>{_table(pairs)}" for name, pairs in parts.items() if pairs)
    return f"<h2>The request</h2>{tables}"


def _plan_section(plan: Plan) -> str:
    parameters = [
        (
            f"{parameter.location} {parameter.wire_name or parameter.name}",
            f"{parameter.type} {', '.join(parameter.constraints)}".strip()
            + ("" if parameter.default is None else f" = {parameter.default}"),
        )
        for parameter in plan.parameters
    ]
    steps = [
        (f"{number}. {step.place.name}", "in a worker thread" if step.thread else "on the event loop")
        for number, step in enumerate(plan.steps, 1)
    ]
    return f"<h2>The plan</h2><h3>Takes</h3>{_table(parameters)}<h3>Calls</h3>{_table(steps)}"


def _table(pairs: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in pairs)
    return f"<table>{rows}</table>" if rows else "<p>nothing</p>"


_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1c2024; --dim: #667; --box: #f4f5f7; --mark: #ffe3e0;
  --accent: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #16191d; --text: #e4e7eb; --dim: #9aa3ad; --box: #20252b; --mark: #4a2320; --accent: #ff8a7d; }
}
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
header { border-left: 4px solid var(--accent); padding-left: 1rem; }
h1 { margin: 0; color: var(--accent); font-size: 1.6rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
h3 { margin: 1rem 0 .25rem; font-size: .95rem; color: var(--dim); }
.message { margin: .25rem 0; font-size: 1.1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
details { margin: .4rem 0; background: var(--box); border-radius: 6px; }
details details { margin: .4rem .8rem; }
summary { padding: .5rem .8rem; cursor: pointer; overflow-wrap: anywhere; }
pre { margin: 0; padding: .5rem 0; overflow-x: auto; font: 13px/1.5 ui-monospace, monospace; }
.line { display: block; padding: 0 .8rem; white-space: pre; min-height: 1.5em; }
.line i { display: inline-block; width: 3.5em; color: var(--dim); font-style: normal; user-select: none; }
.marked { background: var(--mark); }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; font-weight: normal;
  overflow-wrap: anywhere; border-bottom: 1px solid var(--box); font: 13px/1.5 ui-monospace, monospace; }
th { width: 30%; color: var(--dim); }
footer, header p:first-child { color: var(--dim); font-size: .85rem; }
footer { margin-top: 2rem; }
"""
