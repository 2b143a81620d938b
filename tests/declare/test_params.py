"""Parameters say what FastAPI's say: the same signatures, the same state for the same options."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import fastapi
import pytest
from fastapi import params as fastapi_params
from pydantic import AliasChoices, AliasPath
from pydantic.fields import FieldInfo

from vivace import param_functions, params
from vivace.datastructures import _Unset
from vivace.exceptions import FastAPIDeprecationWarning

PARAMETERS = ("Path", "Query", "Header", "Cookie", "Body", "Form", "File")

OPTIONS: list[dict[str, Any]] = [
    {"alias": "a"},
    {"alias": None},
    {"alias": "a", "alias_priority": 1},
    {"alias": "a", "validation_alias": AliasChoices("b", AliasPath("c", 0))},
    {"validation_alias": "b"},
    {"serialization_alias": "b"},
    {"default_factory": list},
    {"default_factory": None},
    {"title": "T", "description": "D", "examples": [1], "deprecated": "soon"},
    {"title": None, "examples": None, "deprecated": None, "json_schema_extra": None},
    {"gt": 1, "ge": 2, "lt": 3, "le": 4, "multiple_of": 2},
    {"min_length": 1, "max_length": 2, "pattern": "^a"},
    {"max_digits": 3, "decimal_places": 1, "allow_inf_nan": False},
    {"strict": True, "discriminator": "kind", "union_mode": "left_to_right", "fail_fast": True},
    {"validate_default": True, "include_in_schema": False, "json_schema_extra": {"x": 1}},
    {"openapi_examples": {"usual": {"value": 1}}},
]


def state(info: FieldInfo) -> dict[str, Any]:
    """All that a parameter knows; the placeholder, of which each library has its own, as a word."""
    slots = {name: getattr(info, name) for name in FieldInfo.__slots__ if hasattr(info, name)}
    own = {name: getattr(info, name, None) for name in ("example", "include_in_schema", "openapi_examples")}
    kind = {name: getattr(info, name, None) for name in ("convert_underscores", "embed", "media_type")}
    place = {"in_": getattr(getattr(info, "in_", None), "value", None)}
    values = slots | own | kind | place
    placeholders = {name for name, value in values.items() if type(value).__name__ == "DefaultPlaceholder"}
    # Pydantic's metadata is compared by identity, but shows what it says.
    return values | dict.fromkeys(placeholders, "unset") | {"metadata": repr(info.metadata)}


VIVACES_OWN = {"inline"}


def signature(call: Callable[..., Any]) -> list[tuple[str, Any, str]]:
    """Name, kind and default of each parameter that FastAPI has too."""
    return [
        (p.name, p.kind, re.sub(r"<.*DefaultPlaceholder.*>", "unset", repr(p.default)))
        for p in inspect.signature(call).parameters.values()
        if p.name not in VIVACES_OWN
    ]


@pytest.mark.parametrize("name", [*PARAMETERS, "Depends", "Security"])
def test_functions_are_called_as_in_fastapi(name: str) -> None:
    assert signature(getattr(param_functions, name)) == signature(getattr(fastapi, name))


@pytest.mark.parametrize("name", ["Param", *PARAMETERS])
def test_classes_are_called_as_in_fastapi(name: str) -> None:
    assert signature(getattr(params, name)) == signature(getattr(fastapi_params, name))


@pytest.mark.parametrize("options", [{}, *OPTIONS], ids=lambda options: ",".join(options) or "none")
@pytest.mark.parametrize("name", PARAMETERS)
def test_same_options_same_state(name: str, options: dict[str, Any]) -> None:
    ours, theirs = getattr(param_functions, name)(**options), getattr(fastapi, name)(**options)
    assert state(ours) == state(theirs)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("default", [3, None, ..., [], "text"])
def test_the_default_is_what_a_parameter_shows(default: Any) -> None:
    assert repr(params.Query(default)) == repr(fastapi_params.Query(default))
    assert params.Query(default).is_required() is (default is ...)


def test_an_option_may_be_passed_on_as_unset() -> None:
    assert state(params.Query(alias=_Unset, default_factory=_Unset)) == state(params.Query())


def test_path_takes_no_default() -> None:
    with pytest.raises(AssertionError, match="Path parameters cannot have a default value"):
        param_functions.Path(1)  # type: ignore[call-arg]


def test_default_or_factory_but_not_both() -> None:
    with pytest.raises(TypeError, match="cannot specify both default and default_factory"):
        param_functions.Query(1, default_factory=list)


def test_a_misspelt_option_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"^Query\(\) got an unexpected keyword argument 'alais'$"):
        param_functions.Query(alais="q")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "option"), [("Query", "convert_underscores"), ("Form", "embed"), ("Body", "annotation")]
)
def test_an_option_of_another_kind_is_an_error(name: str, option: str) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
        getattr(param_functions, name)(**{option: True})


@pytest.mark.parametrize(
    ("option", "declare"),
    [
        ("regex", lambda: param_functions.Query(regex="^a")),
        ("example", lambda: param_functions.Body(example=1)),
        ("regex", lambda: params.File(regex="^a")),
    ],
)
def test_deprecated_options_warn_where_they_are_written(option: str, declare: Callable[[], Any]) -> None:
    with pytest.warns(FastAPIDeprecationWarning, match=f"`{option}` has been deprecated") as caught:
        declare()
    assert [warning.filename for warning in caught] == [__file__]


def test_regex_is_a_pattern_unless_there_is_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FastAPIDeprecationWarning)
        regex, both = params.Query(regex="^a"), params.Query(regex="^a", pattern="^b")
    assert state(regex)["metadata"] == state(params.Query(pattern="^a"))["metadata"]
    assert state(both)["metadata"] == state(params.Query(pattern="^b"))["metadata"]


# --- dependencies -----------------------------------------------------------------------------------------------------


def dependency() -> None: ...


def test_equal_declarations_are_one_key() -> None:
    assert len({params.Depends(dependency), params.Depends(dependency), params.Security(dependency)}) == 2
    assert params.Depends(dependency) != params.Depends(dependency, scope="function")


def test_declarations_show_what_they_say() -> None:
    assert repr(params.Security(dependency, scopes=["a"])) == repr(
        fastapi_params.Security(dependency, scopes=["a"])
    )


def test_each_limit_is_its_own() -> None:
    assert params.Depends(dependency, max_concurrency=1) != params.Depends(dependency, max_concurrency=1)


def test_a_copy_keeps_the_limit_and_another_number_is_another_limit() -> None:
    limited = params.Depends(dependency, max_concurrency=1)
    assert replace(limited, use_cache=False)._concurrency is limited._concurrency
    assert replace(limited, max_concurrency=2)._concurrency is not limited._concurrency
    assert replace(limited, max_concurrency=None)._concurrency is None


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "2"])
def test_a_limit_is_a_positive_integer(limit: Any) -> None:
    with pytest.raises(ValueError, match="max_concurrency must be a positive integer or None"):
        param_functions.Depends(dependency, max_concurrency=limit)
