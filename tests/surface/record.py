"""Write down FastAPI's public surface, from the installed release, into `fastapi.json`.

    python -m tests.surface.record            # rewrite the record
    python -m tests.surface.record --check    # exit with 1 if it would change

FastAPI is only looked at from outside: its modules are imported, and their names and signatures read. What counts as
public is not a matter of taste, it is asked of a type checker: a name is public if mypy, in strict mode, lets
a program import it from there. That leaves out what a module merely imports for its own use. Names with a
leading underscore are private; those that packages are known to use all the same stand in `test_third_party.py`.

Only what a caller can rely on is recorded: parameter names, kinds, whether there is a default, and the default itself
where it is a constant.
"""

from __future__ import annotations

import enum
import inspect
import json
import pkgutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

RECORD = Path(__file__).with_name("fastapi.json")
CONSTANTS = (bool, int, str, type(None))


# --- what is public -------------------------------------------------------------------------------------------------


def public_modules(package: str) -> list[str]:
    """The package and every module below it without a leading underscore in its path.

    The command line is left out: it belongs to another distribution, and is no interface for programs.
    """
    root = import_module(package)
    names = [package, *(info.name for info in pkgutil.walk_packages(root.__path__, f"{package}."))]
    parts = {name: name.split(".") for name in names}
    return [name for name in names if not any(part.startswith("_") or part == "cli" for part in parts[name])]


def candidates(module: ModuleType) -> list[str]:
    """The names that a module might offer: nothing private, no modules, no type variables."""
    inner = (ModuleType, TypeVar, ParamSpec)
    return sorted(
        name for name, value in vars(module).items() if not (name.startswith("_") or isinstance(value, inner))
    )


def exported(names: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of each module's names, those that a strict type checker lets a program import from it."""
    lines = [(module, name) for module in names for name in names[module]]
    program = "".join(f"from {module} import {name} as {name}\n" for module, name in lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.py")
        path.write_text(program)
        options = ["--strict", "--no-error-summary", "--no-incremental", "--disable-error-code=no-redef"]
        command = [sys.executable, "-m", "mypy", *options, "--python-executable", sys.executable, path.name]
        output = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    hidden = set()
    for line in output.splitlines():
        if "does not explicitly export" in line or "has no attribute" in line:
            hidden.add(int(line.split(":")[1]) - 1)
    return {
        module: [name for index, (where, name) in enumerate(lines) if where == module and index not in hidden]
        for module in names
    }


# --- describing -----------------------------------------------------------------------------------------------------


def describe(module: str, name: str, value: Any) -> dict[str, Any]:
    """One entry of the record.

    `{"same": "fastapi.params.Query"}`: the object of that name, in FastAPI or in another package. Else what it is:
    `{"call": "(path, *, name=None)"}` for a function, `{"class": "(a, b=None)", "bases": […], "members": {…}}` for a
    class, `{"value": 3}` for a constant and `{}` for any other object.
    """
    home = f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', None)}"
    if home != f"{module}.{name}" and _find(home) is value:
        return {"same": home}
    if inspect.isclass(value):
        return {"class": construction(value), "bases": bases(value), "members": members(value)}
    if inspect.isroutine(value):
        return {"call": call(value)}
    return {"value": value} if isinstance(value, CONSTANTS) else {}


def _find(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return vars(sys.modules[module]).get(name) if module in sys.modules else ...


def construction(cls: type) -> str | None:
    """How instances are made, where FastAPI says so itself. A model is made of its fields, an enumeration is
    not called."""
    if issubclass(cls, enum.Enum) or hasattr(cls, "model_fields"):
        return None
    if not any("__init__" in vars(base) or "__new__" in vars(base) for base in cls.__mro__ if _is_own(base)):
        return None
    return call(cls)


def bases(cls: type) -> list[str]:
    """The public classes of other packages that it is made of: `isinstance` against them is relied on."""
    foreign = [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__ if not _is_own(base)]
    return [path for path in foreign if path != "builtins.object" and "._" not in path]


def members(cls: type) -> dict[str, Any]:
    """The members that FastAPI itself defines, and the values of an enumeration or the fields of a model.

    What comes from Starlette, Pydantic or the standard library is theirs to promise; see `bases`.
    """
    if issubclass(cls, enum.Enum):
        return {member.name: {"value": member.value} for member in cls}
    inner = ("model_config", "model_fields", "model_computed_fields")
    names = {name for base in cls.__mro__ if _is_own(base) for name in vars(base)}
    public = sorted(
        name for name in names.difference(inner) if name == "__call__" or not name.startswith("_")
    )
    found = {name: member(cls, name) for name in public}
    for name, field in getattr(cls, "model_fields", {}).items():
        found[name] = {"required": field.is_required()}
    return found


def _is_own(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "fastapi"


def member(cls: type, name: str) -> dict[str, Any]:
    raw = inspect.getattr_static(cls, name)
    function = getattr(raw, "__func__", raw)  # through classmethod and staticmethod
    return {"call": call(function)} if inspect.isfunction(function) else {}


def call(function: Any) -> str | None:
    """How something is called, without annotations: `"(path, *, methods=None, response_class=Ellipsis)"`.

    A default that is no constant is written as `Ellipsis`: there is one, but what it is cannot be written down.
    """
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # built in, without a signature
        return None
    public = [parameter for parameter in signature.parameters.values() if not parameter.name.startswith("_")]
    parameters = [_plain(parameter) for parameter in public]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    default = parameter.default
    if default is not inspect.Parameter.empty and type(default) not in CONSTANTS:
        default = ...
    return parameter.replace(annotation=inspect.Parameter.empty, default=default)


# --- the record -----------------------------------------------------------------------------------------------------


def record(package: str = "fastapi") -> dict[str, Any]:
    """The whole surface: module → name → entry."""
    modules = {name: import_module(name) for name in public_modules(package)}
    public = exported({name: candidates(module) for name, module in modules.items()})
    return {
        module: {name: describe(module, name, getattr(modules[module], name)) for name in names}
        for module, names in public.items()
    }


def dump(surface: dict[str, Any]) -> str:
    """JSON with a line per name, and per member of a class: what differs between two releases can be read."""
    lines = []
    for module, names in surface.items():
        entries = [f"  {json.dumps(name)}: {_dump_entry(entry)}" for name, entry in names.items()]
        lines.append(f" {json.dumps(module)}: " + ("{\n" + ",\n".join(entries) + "\n }" if entries else "{}"))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dump_entry(entry: dict[str, Any]) -> str:
    if "members" not in entry:
        return json.dumps(entry, ensure_ascii=False)
    head = f'{{"class": {json.dumps(entry["class"])}, "bases": {json.dumps(entry["bases"])}, "members": '
    lines = [
        f"   {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in entry["members"].items()
    ]
    return head + ("{\n" + ",\n".join(lines) + "\n  }}" if lines else "{}}")


def main() -> int:
    text = dump(record())
    if "--check" in sys.argv[1:]:
        return 0 if RECORD.read_text(encoding="utf-8") == text else 1
    RECORD.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
