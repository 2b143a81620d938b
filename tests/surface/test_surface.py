"""Every public import path of FastAPI exists in vivace and is called the same way.

`fastapi.json` is the record (see `record.py`); one test per module. vivace may offer more: another parameter,
as long as nobody has to give it, or another member. It may not offer less, or take positions or defaults differently.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from .record import RECORD, call, member

SURFACE: dict[str, dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning"
)  # a door may be deprecated, as Starlette's is
@pytest.mark.parametrize("module", SURFACE)
def test_module_has_every_public_name(module: str) -> None:
    ours = import_module(module.replace("fastapi", "vivace", 1))
    missing = [name for name in SURFACE[module] if not hasattr(ours, name)]
    assert not missing, f"{ours.__name__} lacks {', '.join(missing)}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in SURFACE.items() for name in names]
)
def test_name_means_the_same(module: str, name: str) -> None:
    ours = getattr(import_module(module.replace("fastapi", "vivace", 1)), name)
    found = list(differences(SURFACE[module][name], ours))
    assert not found, f"{module}.{name}:\n" + "\n".join(found)


# --- comparing a recorded entry with an object ----------------------------------------------------------------------


def differences(entry: dict[str, Any], ours: Any) -> Iterator[str]:
    """What a caller of FastAPI would find different, one line each."""
    if "same" in entry:
        yield from _check_same(entry["same"], ours)
    if "value" in entry and ours != entry["value"]:
        yield f"is {ours!r} instead of {entry['value']!r}"
    if entry.get("call"):
        yield from _check_call(entry["call"], ours)
    if "class" in entry:
        yield from _check_class(entry, ours)


def _check_same(path: str, ours: Any) -> Iterator[str]:
    module, _, name = path.replace("fastapi", "vivace", 1).rpartition(".")
    original = getattr(import_module(module), name)
    # A class of another package may be ours by inheritance.
    if ours is original or (
        inspect.isclass(ours) and not module.startswith("vivace") and issubclass(ours, original)
    ):
        return
    yield f"is not {module}.{name}"


def _check_class(entry: dict[str, Any], ours: Any) -> Iterator[str]:
    if not inspect.isclass(ours):
        yield f"is no class, but {ours!r}"
        return
    for path in entry["bases"]:
        module, _, name = path.rpartition(".")
        base = getattr(import_module(module), name)
        if not (issubclass(ours, base) or (base is dict and _is_typed_dict(ours))):
            yield f"is no {path}"
    if entry["class"]:
        yield from _check_call(entry["class"], ours)
    for name, expected in entry["members"].items():
        yield from (f".{name} {line}" for line in _check_member(ours, name, expected))


def _is_typed_dict(cls: type) -> bool:
    return hasattr(cls, "__required_keys__")


def _check_member(cls: type, name: str, expected: dict[str, Any]) -> Iterator[str]:
    field = getattr(cls, "model_fields", {}).get(name)
    if "required" in expected:
        if field is None or field.is_required() != expected["required"]:
            yield f"is {'no field' if field is None else 'required or not, differently'}"
    elif "value" in expected:  # of an enumeration
        if getattr(cls, name, None) is None or getattr(cls, name).value != expected["value"]:
            yield f"is not {expected['value']!r}"
    elif (
        field is None
        and name not in _annotated(cls)
        and not hasattr(cls, name)
        and not _set_by_init(cls, name)
    ):
        yield "is missing"
    elif expected.get("call"):
        found = member(cls, name).get("call")
        if found is None:
            yield "is no method"
        else:
            yield from _check_call(expected["call"], _function(found))


def _annotated(cls: type) -> set[str]:
    return {name for base in cls.__mro__ for name in vars(base).get("__annotations__", ())}


def _set_by_init(cls: type, name: str) -> bool:
    """Whether it is an attribute that instances are given by that name when they are made."""
    return name in (call(cls) or "")


def _check_call(recorded: str, ours: Callable[..., Any]) -> Iterator[str]:
    """Whether every call that FastAPI's signature allows means the same with ours."""
    theirs = inspect.signature(_function(recorded)).parameters
    mine = inspect.signature(_function(call(ours) or "()")).parameters
    for name, parameter in theirs.items():
        if name not in mine:
            yield f"has no parameter {name!r}"
        elif mine[name].kind is not parameter.kind:
            yield f"parameter {name!r} is {mine[name].kind.description} instead of {parameter.kind.description}"
        elif mine[name].default != parameter.default:
            yield f"parameter {name!r} has the default {mine[name].default} instead of {parameter.default}"
    positions = [name for name in mine if mine[name].kind.name.startswith("POSITIONAL")]
    expected = [name for name in theirs if theirs[name].kind.name.startswith("POSITIONAL")]
    if set(expected) <= set(positions) and positions[: len(expected)] != expected:
        yield f"takes positions as {positions} instead of {expected}"
    for name in mine.keys() - theirs.keys():
        if mine[name].default is inspect.Parameter.empty and not mine[name].kind.name.startswith("VAR"):
            yield f"demands {name!r}"


def _function(text: str) -> Callable[..., Any]:
    """A function with the signature that a text like `"(a, *, b=None)"` shows."""
    function: Callable[..., Any] = eval(f"lambda {text[1:-1]}: None")
    return function


# --- the comparison itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (lambda a, *, b=1: None, []),
        (lambda a, *, b=1, c=2: None, []),
        (lambda a, *, b=1, **more: None, []),
        (lambda a: None, ["has no parameter 'b'"]),
        (lambda a, b=1: None, ["parameter 'b' is positional or keyword instead of keyword-only"]),
        (lambda a, *, b=2: None, ["parameter 'b' has the default 2 instead of 1"]),
        (lambda a, *, b: None, [f"parameter 'b' has the default {inspect.Parameter.empty} instead of 1"]),
        (lambda a, *, b=1, c: None, ["demands 'c'"]),
        (lambda c, a, *, b=1: None, ["takes positions as ['c', 'a'] instead of ['a']", "demands 'c'"]),
    ],
)
def test_comparison_of_calls(ours: Callable[..., Any], expected: list[str]) -> None:
    assert list(differences({"call": "(a, *, b=1)"}, ours)) == expected
