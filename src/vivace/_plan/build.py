"""Build the plan of an endpoint: its dependency tree, its body and its answer. Read this first.

signature.py → parameters.py → dependencies.py   the tree, from signatures
body.py                                          which parameters share the body
response.py                                      what the return annotation and the options say
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vivace.datastructures import DefaultPlaceholder

from .body import build_body
from .nodes import DependencyPlan, EndpointPlan, ResponsePlan, SerializeOptions
from .response import response_mode

if TYPE_CHECKING:
    from vivace._operation import Operation


def build_endpoint_plan(operation: Operation, root: DependencyPlan) -> EndpointPlan:
    """The plan of a declared operation whose dependency tree is `root`."""
    strict = operation.strict_content_type
    return EndpointPlan(
        root=root,
        body=build_body(root),
        response=_response_plan(operation),
        path=operation.path_format,
        strict_content_type=strict.value if isinstance(strict, DefaultPlaceholder) else strict,
        form_limits=operation.form_limits,
    )


def _response_plan(operation: Operation) -> ResponsePlan:
    declared = operation.response_class
    return ResponsePlan(
        mode=response_mode(operation.endpoint, declared),
        response_class=None if isinstance(declared, DefaultPlaceholder) else declared,
        status_code=operation.status_code,
        field=operation.response_field,
        item_field=operation.stream_item_field,
        options=SerializeOptions(
            include=operation.response_model_include,
            exclude=operation.response_model_exclude,
            by_alias=operation.response_model_by_alias,
            exclude_unset=operation.response_model_exclude_unset,
            exclude_defaults=operation.response_model_exclude_defaults,
            exclude_none=operation.response_model_exclude_none,
        ),
    )


def build_websocket_plan(root: DependencyPlan, path: str) -> EndpointPlan:
    """The plan of a WebSocket endpoint: a body that it asks for is always missing, and it has no answer."""
    return EndpointPlan(root=root, body=build_body(root), response=ResponsePlan(), path=path)
