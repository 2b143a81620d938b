"""Signatures: a callable's parameters with their annotations resolved, and how it is to be called.

Handles what people pass as endpoints and dependencies: functions, methods, classes, instances with `__call__`,
`functools.partial` and functions wrapped by decorators.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from functools import partial
from operator import is_
from typing import Any, ForwardRef, get_type_hints

from .nodes import CallKind


def typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """The signature of `call` with string annotations evaluated in the module where it was written.

    A name that cannot be resolved (imported for type checkers only) stays a `ForwardRef`: that is an error only for a
    parameter whose type is needed.
    """
    signature = _signature(call)
    namespace: dict[str, Any] | None = None
    parameters = []
    changed = False
    for parameter in signature.parameters.values():
        annotation = parameter.annotation
        if isinstance(annotation, str):
            if namespace is None:
                namespace = namespace_of(call)
            annotation = resolve_annotation(annotation, namespace)
            parameter = parameter.replace(annotation=annotation)
            changed = True
        parameters.append(parameter)
    return signature.replace(parameters=parameters) if changed else signature


Imprint = tuple[Any, ...]


def imprint_of(call: Callable[..., Any]) -> Imprint | None:
    """All that `typed_signature` reads of a plain function; `None` where it depends on more than the function.

    That is so for wrappers, for objects that are called, and for annotations in strings: what they name may change.
    """
    if type(call) is not _FunctionType or vars(call):
        return None
    try:
        annotations = call.__annotations__
    except NameError:  # Python 3.14 evaluates them now
        return None
    if any(isinstance(annotation, str) for annotation in annotations.values()):
        return None
    named = (*annotations.items(), *(call.__kwdefaults__ or {}).items())
    return (call.__code__, call.__defaults__, *(part for pair in named for part in pair))


def is_same_imprint(one: Imprint, other: Imprint) -> bool:
    """Whether nothing was changed. Compared by identity, for `int | str == str | int`."""
    return len(one) == len(other) and all(map(is_, one, other))


def typed_return_annotation(call: Callable[..., Any]) -> Any:
    """The resolved return annotation, `None` where there is none."""
    annotation = _signature(call).return_annotation
    if annotation is inspect.Signature.empty:
        return None
    return resolve_annotation(annotation, namespace_of(call))


def resolve_annotation(annotation: Any, namespace: dict[str, Any]) -> Any:
    """Evaluate a string annotation; anything else is given back as it is (`type(None)` as `None`)."""
    if isinstance(annotation, str):
        annotation = _evaluate(annotation, namespace)
    return None if annotation is type(None) else annotation


def _evaluate(annotation: str, namespace: dict[str, Any]) -> Any:
    holder = type("Holder", (), {"__annotations__": {"value": annotation}})
    try:
        return get_type_hints(holder, namespace, namespace, include_extras=True)["value"]
    except Exception:  # an unknown name, or an expression that makes no sense at run time
        return ForwardRef(annotation)


def _signature(call: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(call, annotation_format=Format.FORWARDREF)
    return inspect.signature(call)


def namespace_of(call: Callable[..., Any]) -> dict[str, Any]:
    """The globals in which `call` was written."""
    target: Any = inspect.unwrap(_without_partial(call))
    target = _without_partial(target)
    if inspect.isclass(target):
        module = sys.modules.get(target.__module__)
        return vars(module) if module else {}
    if not hasattr(target, "__globals__") and not inspect.ismethod(target):
        target = inspect.unwrap(getattr(type(target), "__call__", target))  # noqa: B004  (the method itself is wanted)
    return getattr(target, "__globals__", {})


def _without_partial(call: Any) -> Any:
    while isinstance(call, partial):
        call = call.func
    return call


def _guises(call: Callable[..., Any]) -> Iterator[Any]:
    """The functions that `call` stands for: itself, what it wraps, and their `__call__`."""
    bare = _without_partial(call)
    for guise in (bare, _without_partial(inspect.unwrap(bare))):
        yield guise
        if not inspect.isroutine(guise) and not inspect.isclass(guise):
            method = getattr(guise, "__call__", None)  # noqa: B004 - the method itself is wanted
            if method is not None:
                yield _without_partial(method)
                yield inspect.unwrap(_without_partial(method))


_INLINE = {CallKind.SYNC: CallKind.INLINE, CallKind.GENERATOR: CallKind.INLINE_GENERATOR}


def call_kind(call: Callable[..., Any], inline: bool = False) -> CallKind:
    """How `call` has to be called. A wrapper is what the function it wraps is: decorators often hide `async`.

    With `inline` what is sync is called on the event loop; what is async is called there anyway.
    """
    kind = _declared_kind(call)
    return _INLINE.get(kind, kind) if inline else kind


def _declared_kind(call: Callable[..., Any]) -> CallKind:
    if inspect.isclass(call):
        return CallKind.SYNC
    if type(call) is _FunctionType and not hasattr(call, "__wrapped__"):  # PERF (W13): nearly every call
        return _kind_of_flags(call.__code__.co_flags)
    guises = [guise for guise in _guises(call) if inspect.isroutine(guise)]
    # Asked first: an async wrapper of a sync generator is async.
    if any(inspect.isasyncgenfunction(guise) for guise in guises):
        return CallKind.ASYNC_GENERATOR
    if any(inspect.isgeneratorfunction(guise) for guise in guises):
        return CallKind.GENERATOR
    if any(_is_coroutine_function(guise) for guise in guises):
        return CallKind.ASYNC
    return CallKind.SYNC


_FunctionType = type(call_kind)


def _kind_of_flags(flags: int) -> CallKind:
    if flags & inspect.CO_ASYNC_GENERATOR:
        return CallKind.ASYNC_GENERATOR
    if flags & inspect.CO_GENERATOR:
        return CallKind.GENERATOR
    if flags & (inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE):
        return CallKind.ASYNC
    return CallKind.SYNC


if sys.version_info >= (3, 12):
    _is_coroutine_function = inspect.iscoroutinefunction
else:
    from asyncio import iscoroutinefunction as _is_coroutine_function


def bare_call(call: Callable[..., Any]) -> Any:
    """What stands behind `functools.partial` and wrappers."""
    return inspect.unwrap(_without_partial(call))


def describe(call: Callable[..., Any]) -> str:
    """`shop.items:read_item (shop/items.py:12)`: how an error message names a callable."""
    bare = bare_call(call)
    name = f"{getattr(bare, '__module__', '?')}:{getattr(bare, '__qualname__', repr(bare))}"
    code = getattr(bare, "__code__", None) or getattr(getattr(bare, "__init__", None), "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name
