"""Imports point one way: the picture in `docs/internals.md`, kept true.

`ORDER` lists the rooms from the ground up. A room may import from rooms before it and from itself. Imports under
`TYPE_CHECKING` are free: they name things and do nothing. Imports inside functions count like others.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from .imports import PACKAGE, SOURCES, Import, all_imports, modules

ORDER = [
    # The ground: know no framework.
    "types",
    "logger",
    "guard",
    "_status",
    "_pydantic",
    "_starlette",
    "_scope",
    "_watched",
    "_doors",
    "_anyio",
    "_departure",
    "_lanes",
    "_dependency_concurrency",
    "_workers",
    "_threads",
    "concurrency",
    "datastructures",
    "exceptions",
    "_form_limits",
    "_answers",
    "_http_middleware",
    "openapi.constants",
    "openapi.example",
    "openapi.models",
    "telemetry",
    "background",
    "_lifespan",
    # Declared values.
    "params",
    "param_functions",
    "security",
    "sse",
    "_frontend",
    # What an endpoint needs.
    "_plan",
    "encoders",
    "_json",
    "exception_handlers",
    "responses",
    "middleware",
    "_body_limit",
    # Functions are made of it.
    "_compile",
    "_handlers",
    "_debug",
    "_entry",
    # Routes, and how they are found.
    "_operation_id",
    "_options",
    "_verbs",
    "_operation",
    "_route_app",
    "_match",
    # The document.
    "openapi",
    # What the user declares all that with.
    "routing",
    "applications",
    # Looking at it from outside.
    "inspect",
]
"""Every room, the lowest first. The longest name that fits counts: `openapi.models` is no part of `openapi` here."""

DOORS = {
    "": "the package itself: its names are the user's",
    "_compat": "names that packages import",
    "dependencies": "names that packages import",
    "utils": "names that packages import",
    "openapi.utils": "names that packages import",
    "requests": "Starlette's",
    "staticfiles": "Starlette's",
    "templating": "Starlette's",
    "testclient": "Starlette's",
    "websockets": "Starlette's",
}
"""Modules that hold re-exports and small adapters for others. They may import every room; no room imports them."""

GUESTS = {
    "cli": "uses public names, as a user's program does",
    "__main__": "calls cli",
    "as_fastapi": "knows the import system alone",
    "server": "stands apart: see test_server_stands_alone",
}
"""Rooms that no other room knows."""

FORBIDDEN = [
    ("openapi", "_compile", "the document is made from plans, never from compiled code"),
    ("_compile", "openapi", "what a function does has nothing to do with how it is documented"),
]
"""Pairs that the order would allow."""

ALL = all_imports()


def room(module: str) -> str:
    """The room of a module: `room("vivace._plan.nodes")` is `"_plan"`, and that of the package itself `""`."""
    path = module.removeprefix(PACKAGE).removeprefix(".")
    known = [
        name for name in (*ORDER, *DOORS, *GUESTS) if name and (path == name or path.startswith(f"{name}."))
    ]
    return max(known, key=len, default=path.partition(".")[0])


def target(found: Import) -> str:
    """The room that is imported from: `from vivace import params` imports the room, not a name of the package."""
    submodule = f"{found.module}.{found.name}"
    return room(submodule if found.name and submodule in MODULES else found.module)


MODULES = modules()
OWN = [found for found in ALL if found.top == PACKAGE and not found.typing_only]
ROOMS_ONLY = [found for found in OWN if room(found.importer) in ORDER]


def report(lines: list[str], reason: str = "") -> str:
    return "\n".join([reason, *lines])


def test_every_module_has_a_place() -> None:
    known = {*ORDER, *DOORS, *GUESTS}
    assert {name: room(name) for name in MODULES if room(name) not in known} == {}


def test_order_names_rooms_that_exist() -> None:
    rooms = {room(name) for name in MODULES}
    assert [name for name in ORDER if name not in rooms] == []


def test_imports_point_one_way() -> None:
    wrong = [
        str(found)
        for found in ROOMS_ONLY
        if target(found) in ORDER and ORDER.index(target(found)) > ORDER.index(room(found.importer))
    ]
    assert not wrong, report(wrong)


def test_no_room_imports_a_door() -> None:
    imported = [found for found in ROOMS_ONLY if target(found) in DOORS and found.name != "__version__"]
    wrong = [str(found) for found in imported]
    assert not wrong, report(wrong)


def test_no_room_imports_a_guest() -> None:
    assert [str(found) for found in ROOMS_ONLY if target(found) in GUESTS] == []


@pytest.mark.parametrize(("importer", "imported", "reason"), FORBIDDEN)
def test_forbidden_pair(importer: str, imported: str, reason: str) -> None:
    wrong = [str(found) for found in OWN if room(found.importer) == importer and target(found) == imported]
    assert not wrong, report(wrong, reason)


def test_guests_use_public_names() -> None:
    """`cli` and `as_fastapi` import what a user could; `inspect` is the one that looks inside."""
    used = [found for found in OWN if room(found.importer) in ("cli", "as_fastapi", "__main__")]
    private = [
        str(found) for found in used if any(part.startswith("_") for part in found.module.split(".")[1:])
    ]
    assert private == []
    assert [
        str(found)
        for found in used
        if found.name and found.name.startswith("_") and found.name != "__version__"
    ] == []


def test_server_stands_alone() -> None:
    allowed = {"httptools", "uvicorn", *sys.stdlib_module_names}
    used = [found for found in ALL if room(found.importer) == "server"]
    own = [str(found) for found in used if found.top == PACKAGE and target(found) != "server"]
    assert own == []
    assert [str(found) for found in used if found.top not in (*allowed, PACKAGE)] == []


# --- other packages -------------------------------------------------------------------------------------------------


PRIVATE_NAMES_IN = {"_pydantic": {"pydantic", "pydantic_core"}, "_starlette": {"starlette"}}


def is_private(found: Import) -> bool:
    parts = [*found.module.split("."), found.name or ""]
    return any(part.startswith("_") and not part.startswith("__") for part in parts)


def test_private_names_of_pydantic_and_starlette_stay_in_one_place() -> None:
    wrong = [
        str(found)
        for found in ALL
        if found.top in ("pydantic", "pydantic_core", "starlette")
        and is_private(found)
        and found.top not in PRIVATE_NAMES_IN.get(room(found.importer), set())
    ]
    assert not wrong, report(wrong)


def private_attributes() -> Iterator[tuple[str, int, str]]:
    """Uses of attributes with a leading underscore that no class or function of vivace defines."""
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
    own = {name for tree in trees.values() for name in _defined(tree)}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr not in own and _is_private_name(node.attr):
                yield module, node.lineno, node.attr


PUBLIC_ALL_THE_SAME = {"_replace", "_asdict", "_fields", "_make", "_getframe", "_current_frames"}
"""Documented names of the standard library: of named tuples, and of `sys`."""


def _is_private_name(name: str) -> bool:
    if name in PUBLIC_ALL_THE_SAME:
        return False
    if name.startswith("__pydantic"):
        return True
    return name.startswith("_") and not name.startswith("__")


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                yield node.attr
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).rpartition(".")[2]


def test_private_attributes_of_other_packages_stay_in_one_place() -> None:
    wrong = [
        f"{module}:{line}: .{name}"
        for module, line, name in private_attributes()
        if room(module) not in PRIVATE_NAMES_IN
    ]
    assert not wrong, report(wrong)


def test_opentelemetry_is_known_to_telemetry_alone() -> None:
    """Which modules of telemetry import it at once does not matter, as long as they are imported late: see below."""
    used = [found for found in ALL if found.top == "opentelemetry"]
    assert [str(found) for found in used if room(found.importer) != "telemetry"] == []


OPTIONAL = [
    "opentelemetry",
    "uvicorn",
    "httptools",
    "multipart",
    "python_multipart",
    "jinja2",
    "typer",
    "rich",
    "fastapi",
]
"""Packages that `import vivace` must not need, and must not load."""

LOADED_BY_STARLETTE = {"multipart", "python_multipart"}
"""Starlette imports these itself, where they are installed."""


def in_new_interpreter(program: str) -> list[str]:
    # Installed Pydantic plugins (logfire's, say) load what they like as soon as there is a model.
    env = {**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__"}
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env)
    assert result.returncode == 0, result.stderr
    found: list[str] = json.loads(result.stdout)
    return found


def test_import_loads_no_optional_package() -> None:
    loaded = in_new_interpreter(
        f"import json, sys, vivace; print(json.dumps([name for name in {OPTIONAL} if name in sys.modules]))"
    )
    assert set(loaded) <= LOADED_BY_STARLETTE
    at_import = [
        found
        for found in ALL
        if not found.lazy and not found.typing_only and found.top in LOADED_BY_STARLETTE
    ]
    assert [str(found) for found in at_import] == []


LATE = [
    "asyncio",
    "anyio.lowlevel",
    "pydantic.networks",
    "starlette.staticfiles",
    "vivace._compile",
    "vivace._frontend",
    "vivace._http_middleware",
    "vivace._match.tree",
    "vivace._plan.dependant",
    "vivace._threads",
    "vivace.concurrency",
    "vivace.encoders",
    "vivace.openapi.document",
]
"""Modules that come with the first use: importing them takes as long as a good part of the rest."""


def test_import_loads_late_modules_late() -> None:
    loaded = f"print(json.dumps([name for name in {LATE} if name in sys.modules]))"
    by_starlette = in_new_interpreter(f"import json, sys, starlette.applications; {loaded}")
    assert set(in_new_interpreter(f"import json, sys, vivace; vivace.FastAPI(); {loaded}")) <= {*by_starlette}


def test_late_modules_are_attributes_of_the_package() -> None:
    """Programs write `import fastapi` and then `fastapi.encoders.jsonable_encoder`."""
    modules = "[name.split('.')[1] for name in list(sys.modules) if name.startswith('fastapi.')]"
    missing = f"[name for name in {modules} if not hasattr(vivace, name)]"
    assert in_new_interpreter(f"import json, sys, fastapi, vivace; print(json.dumps({missing}))") == []


def test_import_needs_no_optional_package() -> None:
    program = f"""
import json, sys
for name in {OPTIONAL}:
    sys.modules[name] = None  # importing it raises ImportError
import vivace
app = vivace.FastAPI()
app.get("/")(lambda: 1)
print(json.dumps([vivace.__name__]))
"""
    assert in_new_interpreter(program) == [PACKAGE]


def test_only_declared_packages_are_imported() -> None:
    """What `pyproject.toml` names as dependencies, at the top of modules; the rest inside functions or guarded."""
    declared = {"starlette", "pydantic", "pydantic_core", "anyio", "typing_extensions", "typing_inspection"}
    guests_own = {
        "cli": {"typer", "rich", "uvicorn"},
        "server": {"httptools", "uvicorn"},
        "telemetry": {"opentelemetry"},
    }
    wrong = [
        str(found)
        for found in ALL
        if found.top not in {PACKAGE, "__future__", *sys.stdlib_module_names, *declared}
        and not (found.lazy or found.typing_only or is_guarded(found))
        and found.top not in guests_own.get(room(found.importer), set())
    ]
    assert not wrong, report(wrong)


def is_guarded(found: Import) -> bool:
    """Whether the import stands in a `try` that an ImportError does not leave."""
    tree = ast.parse(MODULES[found.importer].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(
            statement.lineno <= found.line <= (statement.end_lineno or 0) for statement in node.body
        ):
            caught = {
                name
                for handler in node.handlers
                if handler.type
                for name in ast.unparse(handler.type).split()
            }
            return any(issubclass(getattr(builtins, name, type), ImportError) for name in caught)
    return False


def test_sources_were_found() -> None:
    """The checks above say nothing about no files."""
    assert len(MODULES) > 30 and len(OWN) > 50, SOURCES
