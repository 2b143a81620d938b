"""Emit the answer: the endpoint's value into bytes or a Response object, and those onto the wire."""

from __future__ import annotations

from typing import Any

from pydantic_core import ValidationError
from starlette.responses import JSONResponse, Response

from vivace._json import json_bytes
from vivace._lanes import JSON_HEADERS, respond, send_response
from vivace._plan.fields import located_errors
from vivace._plan.nodes import ResponseMode, ResponsePlan, SerializeOptions, Special
from vivace._status import is_body_allowed_for_status_code
from vivace.encoders import jsonable_encoder

from . import runtime, streams
from .source import Source

_DEFAULTS = SerializeOptions()


class ResponseEmitter:
    """Writes what follows the endpoint's call, for a variable `result`."""

    def __init__(self, source: Source, plan: ResponsePlan, needs: frozenset[Special], context: str) -> None:
        self.source = source
        self.plan = plan
        self.has_response = Special.RESPONSE in needs
        self.has_background = Special.BACKGROUND in needs
        self.context = context

    @property
    def is_json(self) -> bool:
        """Whether the answer is JSON bytes with nothing special about it."""
        plan = self.plan
        is_plain = plan.mode is ResponseMode.VALUE and plan.response_class is None and not self.has_response
        return is_plain and is_body_allowed_for_status_code(plan.status_code)

    # -- as bytes, straight to the server

    def send_value(self, after: str | None) -> None:
        """Send `result`: a Response as it is, anything else as JSON. `after` is a line written once it was sent."""
        source = self.source
        if self._may_be_response:
            with source.block(f"if isinstance(result, {source.bind('Response', Response)}):"):
                self._send(self._own_response(), after)
                source.line("return")
        if self.is_json:
            self._send_json(after)
        else:
            source.line(f"answer = {self.make_response()}")
            self._finish_response("answer")
            self._send("answer", after)
        if after:  # otherwise this is the end of the function anyway
            source.line("return")

    def _send_json(self, after: str | None) -> None:
        source = self.source
        self._payload()
        headers, status = self._json_head()
        source.line(f"await {source.use(respond)}(send, {status}, {headers}, payload)")
        if after:
            source.line(after)
        if self.has_background:
            source.line(f"await {source.use(runtime.run_background)}(background, scope)")

    def _send(self, answer: str, after: str | None) -> None:
        self.source.line(f"await {self.source.use(send_response)}({answer}, scope, receive, send)")
        if after:
            self.source.line(after)

    def _json_head(self) -> tuple[str, str]:
        return self.source.bind("json_headers", JSON_HEADERS), str(self.plan.status_code or 200)

    # -- as an object

    def make_answer(self) -> None:
        """Write `answer`, a Response object for `result`."""
        source = self.source
        if self._may_be_response:
            with source.block(f"if isinstance(result, {source.bind('Response', Response)}):"):
                source.line(f"answer = {self._own_response()}")
        with source.indented("else:" if self._may_be_response else None):
            source.line(f"answer = {self.make_response()}")
            self._finish_response("answer")

    @property
    def _may_be_response(self) -> bool:
        """Whether the endpoint can return a Response itself; one that yields cannot."""
        return self.plan.mode is ResponseMode.VALUE

    def _own_response(self) -> str:
        if not self.has_background:
            return "result"
        return f"{self.source.use(runtime.with_background)}(result, background)"

    def make_response(self) -> str:
        """Write the content; gives the expression of a Response with it."""
        source, plan = self.source, self.plan
        if plan.mode is not ResponseMode.VALUE:
            return self._stream()
        if plan.response_class is None and plan.field is not None:
            self._payload()
            if self.is_json:
                return f"{source.use(runtime.json_response)}(payload{self._response_arguments()})"
            media_type = ", media_type='application/json'"
            return f"{source.bind('Response', Response)}(payload{media_type}{self._response_arguments()})"
        if plan.field is not None:
            self._validated()
            serialize = source.bind("serialize", plan.field.serializer.to_python)
            content = f"{serialize}(value, mode='json'{self._options()})"
        else:
            content = f"{source.use(jsonable_encoder)}(result)"
        return f"{source.use(plan.response_class or JSONResponse)}({content}{self._response_arguments()})"

    def _stream(self) -> str:
        source, plan = self.source, self.plan
        if plan.mode is ResponseMode.STREAM:
            chunks = f"{source.use(streams.raw_chunks)}(result, scope)"
            return f"{source.use(plan.response_class)}({chunks}{self._response_arguments()})"
        writer = source.bind("items", streams.ItemWriter(plan.item_field, plan.options))
        if plan.mode is ResponseMode.SSE:
            make = source.use(streams.event_stream)
        else:
            make = source.use(streams.json_lines)
        return f"{make}(result, {writer}, {self.context}, scope{self._response_arguments()})"

    def _response_arguments(self) -> str:
        status: str | None = repr(int(self.plan.status_code)) if self.plan.status_code is not None else None
        arguments = ""
        if self.has_response:
            choice = f"response.status_code or {status or self._default_status()}"
            arguments += f", status_code={choice}"
        elif status is not None:
            arguments += f", status_code={status}"
        if self.has_background:
            arguments += ", background=background"
        return arguments

    def _default_status(self) -> str:
        """What the class answers with when nobody says."""
        import inspect

        cls = self.plan.response_class
        parameter = inspect.signature(cls).parameters.get("status_code") if cls else None
        return (
            repr(parameter.default) if parameter is not None and isinstance(parameter.default, int) else "200"
        )

    def _finish_response(self, answer: str) -> None:
        source = self.source
        if self.has_response or not is_body_allowed_for_status_code(self.plan.status_code):
            source.line(f"{source.use(runtime.without_forbidden_body)}({answer})")
        if self.has_response:
            source.line(f"{answer}.headers.raw.extend(response.headers.raw)")

    # -- content

    def _payload(self) -> None:
        source, field = self.source, self.plan.field
        if field is None:
            source.line(f"payload = {source.use(json_bytes)}(result)")
            return
        self._validated()
        source.line(f"payload = {source.bind('to_json', field.serializer.to_json)}(value{self._options()})")

    def _validated(self) -> None:
        source, field = self.source, self.plan.field
        assert field is not None
        validate = source.bind("validate_response", field.validator.validate_python)
        with source.block("try:"):
            source.line(f"value = {validate}(result, from_attributes=True)")
        with source.block(f"except {source.use(ValidationError)} as exc:"):
            errors = f"{source.use(located_errors)}(exc, ('response',))"
            source.line(
                f"raise {source.use(runtime.response_error)}({errors}, result, scope, {self.context}) from exc"
            )

    def _options(self) -> str:
        return serialize_arguments(self.source, self.plan.options)


def serialize_arguments(source: Source, options: SerializeOptions) -> str:
    """The keyword arguments of pydantic-core's serialisers, without those that are the default."""
    arguments = f", by_alias={options.by_alias!r}"
    for name in ("include", "exclude"):
        value: Any = getattr(options, name)
        if value is not None:
            arguments += f", {name}={source.bind(f'response_{name}', value)}"
    for name in ("exclude_unset", "exclude_defaults", "exclude_none"):
        if getattr(options, name):
            arguments += f", {name}=True"
    return arguments
