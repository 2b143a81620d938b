"""Emit the reading of the body: into `body`, as data or as a form."""

from __future__ import annotations

from vivace._plan.nodes import EndpointPlan, ParameterPlan
from vivace._plan.shortcut import reads_json_alike

from . import runtime
from .forms_reading import read_form
from .source import Source


class BodyEmitter:
    def __init__(
        self, source: Source, plan: EndpointPlan, context: str, *, is_flat: bool, has_request: bool
    ) -> None:
        self.source = source
        self.plan = plan
        self.context = context
        self.is_flat = is_flat
        self.has_request = has_request
        self.value: str | None = None  # the variable of a parameter that is read already

    @property
    def is_form(self) -> bool:
        return self.plan.body is not None and self.plan.body.is_form

    def emit(self) -> None:
        if self.plan.body is None:
            return
        if self.is_form:
            limits = self.source.bind("form_limits", dict(self.plan.form_limits))
            self.source.line(f"body = await {self.source.use(read_form)}(request, {limits})")
        else:
            self._data()

    @property
    def shortcut(self) -> ParameterPlan | None:
        """The parameter that is read from the bytes in one pass."""
        whole = self.plan.body.whole if self.plan.body is not None else None
        if whole is None or whole not in self.plan.root.body or not reads_json_alike(whole.field):
            return None
        return whole

    def _data(self) -> None:
        source = self.source
        strict = self.plan.strict_content_type
        if not self.is_flat:
            read = f"{source.use(runtime.body_of_request)}(request)"
        else:
            request = ", request" if self.has_request else ""
            read = f"{source.use(runtime.receive_body)}(scope, receive{request})"
        source.line(f"body_bytes = await {read}")
        whole = self.shortcut
        if whole is None:
            source.line(
                f"body = {source.use(runtime.parse_body)}(scope, body_bytes, {strict!r}, {self.context})"
            )
            return
        self.value = source.local(whole.name)
        validate = source.bind(f"validate_{whole.name}_json", whole.field.validator.validate_json)
        source.line(
            f"{self.value}, body = {source.use(runtime.read_whole)}"
            f"(scope, body_bytes, {strict!r}, {validate}, {self.context})"
        )
