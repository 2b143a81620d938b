"""An operation: an endpoint with its options under one path — what is planned, compiled and documented.

A route declared on the app is an operation itself; a route in an included router is one operation per
inclusion, with the options of the routers above merged in (`_match.include.EffectiveRoute`). Both are made of
this class, so everybody who reads one (the matcher, the compiler's caller, the document) reads the same
attributes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlette.routing import compile_path, get_name

from vivace import params
from vivace._plan.body import body_field, should_embed
from vivace._plan.build import build_endpoint_plan, build_websocket_plan
from vivace._plan.dependencies import build_root
from vivace._plan.fields import ModelField
from vivace._plan.mistakes import warn_of_mistakes
from vivace._plan.nodes import DependencyPlan, EndpointPlan, ResponseMode, body_parameters
from vivace._plan.paths import read_path
from vivace._plan.response import (
    item_field,
    model_field,
    response_field,
    response_mode,
    response_type,
)
from vivace._status import is_body_allowed_for_status_code
from vivace._watched import forget_lookups
from vivace.datastructures import DefaultPlaceholder

from ._options import RouteOptions, checked_limits

if TYPE_CHECKING:
    from vivace._compile.variants import Variants
    from vivace._plan.dependant import Dependant


class Planned:
    """An endpoint under a path, with its plan and what is compiled from it."""

    path: str
    path_format: str
    _declared_path: str
    param_convertors: dict[str, Any]
    endpoint: Callable[..., Any]
    dependencies: list[params.Depends]
    dependency_overrides_provider: Any
    inline: bool = False

    @cached_property
    def path_regex(self) -> re.Pattern[str]:
        return compile_path(self._declared_path)[0]

    @cached_property
    def root(self) -> DependencyPlan:
        return build_root(self.endpoint, self.path_format, self.dependencies, self.inline)

    @property
    def current_root(self) -> DependencyPlan:
        """The tree as it is now: `dependant` may have been edited."""
        edited: Dependant | None = self.__dict__.get("_dependant")
        return self.root if edited is None else edited.to_plan()

    @property
    def dependant(self) -> Dependant:
        """The dependency tree as mutable objects, as programs written for FastAPI walk and edit it.

        From the first access on, the tree is compiled from these objects.
        """
        if "_dependant" not in self.__dict__:
            from vivace._plan.dependant import Dependant  # PERF (W12): few programs ask

            # Somebody may edit it, so what is compiled is forgotten.
            self.dependant = Dependant.from_plan(self.root)
        dependant: Dependant = self.__dict__["_dependant"]
        return dependant

    @dependant.setter
    def dependant(self, value: Dependant) -> None:
        self.__dict__["_dependant"] = value
        if self.__dict__.pop("variants", None) is not None:
            forget_lookups()

    @property
    def flat_body_fields(self) -> list[ModelField]:
        return [parameter.field for parameter in body_parameters(self.current_root)]

    @cached_property
    def _embed_body_fields(self) -> bool:
        return should_embed(self.flat_body_fields)

    @property
    def plan(self) -> EndpointPlan:
        raise NotImplementedError

    @property
    def title(self) -> str:
        """The file name of the generated code."""
        raise NotImplementedError

    @cached_property
    def variants(self) -> Variants:
        """The compiled forms, by the overrides in force."""
        # PERF (W12): what compiles endpoints is imported when the first one is compiled.
        from vivace._compile.variants import Variants

        plan = self.plan
        warn_of_mistakes(plan, frozenset(getattr(self, "methods", None) or ()))
        return Variants(plan, self.title)

    @property
    def overrides(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        return getattr(self.dependency_overrides_provider, "dependency_overrides", None) or {}

    @property
    def place(self) -> str:
        """`shop.items:read_item`."""
        endpoint = self.endpoint
        name = getattr(endpoint, "__qualname__", type(endpoint).__qualname__)
        return f"{getattr(endpoint, '__module__', '?')}:{name}"


class WebSocketOperation(Planned):
    """A WebSocket endpoint under one path."""

    def declare_websocket(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None,
        dependencies: Iterable[params.Depends],
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.dependencies = list(dependencies)
        self._declared_path = path
        self.path_format, self.param_convertors = read_path(path)

    @property
    def plan(self) -> EndpointPlan:
        return build_websocket_plan(self.current_root, self.path_format)

    @property
    def title(self) -> str:
        return f"WS {self.path} {self.place}"


class Operation(Planned):
    """The attributes of a declared HTTP endpoint."""

    methods: set[str]

    def declare(
        self,
        path: str,
        endpoint: Callable[..., Any],
        options: RouteOptions,
        *,
        root: DependencyPlan | None = None,
    ) -> None:
        """Set every attribute from the options; `root` is the endpoint's plan if it is known already.

        Raises `DeclarationError` or `FastAPIError`, naming the endpoint, if the declaration cannot work.
        """
        self.path = path
        self.endpoint = endpoint
        self.max_body_size, self.form_limits = checked_limits(options.max_body_size, options.form_limits)
        mode = response_mode(endpoint, options.response_class)
        self.response_model, self.stream_item_type = response_type(endpoint, options.response_model, mode)
        self.summary = options.summary
        self.response_description = options.response_description
        self.deprecated = options.deprecated
        self.operation_id = options.operation_id
        self.response_model_include = options.response_model_include
        self.response_model_exclude = options.response_model_exclude
        self.response_model_by_alias = options.response_model_by_alias
        self.response_model_exclude_unset = options.response_model_exclude_unset
        self.response_model_exclude_defaults = options.response_model_exclude_defaults
        self.response_model_exclude_none = options.response_model_exclude_none
        self.include_in_schema = options.include_in_schema
        self.response_class = options.response_class
        self.callbacks = options.callbacks
        self.openapi_extra = options.openapi_extra
        self.generate_unique_id_function = options.generate_unique_id_function
        self.strict_content_type = options.strict_content_type
        self.inline = options.inline
        self.tags = options.tags or []
        self.responses = options.responses or {}
        self.dependencies = list(options.dependencies or [])
        self.name = get_name(endpoint) if options.name is None else options.name
        self._declared_path = path
        self.path_format, self.param_convertors = read_path(path)
        self.methods = {method.upper() for method in options.methods or ["GET"]}
        self.unique_id = options.operation_id or self._make_unique_id()
        # An IntEnum such as http.HTTPStatus becomes a number for JSON.
        self.status_code = int(options.status_code) if options.status_code is not None else None
        self.description = (
            (options.description or inspect.cleandoc(endpoint.__doc__ or "")).split("\f")[0].strip()
        )
        self._declare_responses()
        if root is not None:
            self.__dict__["root"] = root
        assert callable(endpoint), "An endpoint must be a callable"

    def _make_unique_id(self) -> str:
        function = self.generate_unique_id_function
        if isinstance(function, DefaultPlaceholder):
            function = function.value
        return function(self)  # type: ignore[arg-type]  # in an inclusion: all that a route has

    def _declare_responses(self) -> None:
        mode = response_mode(self.endpoint, self.response_class)
        self.is_sse_stream = mode is ResponseMode.SSE
        self.is_json_stream = mode is ResponseMode.JSON_LINES
        self.response_field: ModelField | None = response_field(
            self.unique_id, self.response_model, self.status_code, self.endpoint
        )
        self.stream_item_field: ModelField | None = item_field(
            self.unique_id, self.stream_item_type, self.endpoint
        )
        self.response_fields: dict[int | str, ModelField] = {}
        for status, response in self.responses.items():
            assert isinstance(response, dict), "An additional response must be a dict"
            model = response.get("model")
            if model:
                assert is_body_allowed_for_status_code(status), (
                    f"Status code {status} must not have a response body"
                )
                name = f"Response_{status}_{self.unique_id}"
                self.response_fields[status] = model_field(name, model, self.endpoint)

    # -- what is worked out when it is needed

    @cached_property
    def body_field(self) -> ModelField | None:
        """The whole body as one field, for the document."""
        return body_field(self.flat_body_fields, self.unique_id, self._embed_body_fields)

    @property
    def plan(self) -> EndpointPlan:
        return build_endpoint_plan(self, self.current_root)

    @property
    def title(self) -> str:
        return f"{','.join(sorted(self.methods))} {self.path} {self.place}"
