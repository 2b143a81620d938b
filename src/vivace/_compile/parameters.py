"""Emit the reading of parameters: from path, query, headers, cookies and body into variables.

One text value is read and validated inline; whatever is more goes through the readers of `extract.py`, `forms.py` and
`jsonbody.py`. What is invalid is added to `errors`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import ValidationError
from starlette.datastructures import Headers, QueryParams

from vivace._plan.fields import ModelField, located_errors
from vivace._plan.nodes import BodyPlan, DependencyPlan, ParameterPlan, Special
from vivace._plan.paths import path_parameter_names
from vivace.params import Path
from vivace.security.scopes import SecurityScopes

from . import runtime
from .extract import has_constant_default, is_simple_scalar, missing, reader_for, wire_name
from .forms import needs_file_reads, read_form_body, read_form_values
from .jsonbody import read_json_body, request_body_to_args
from .source import Source


class ParameterEmitter:
    """Writes the reading of one endpoint's parameters into a `Source`."""

    def __init__(
        self,
        source: Source,
        root: DependencyPlan,
        body: BodyPlan | None,
        *,
        connection: str,
        is_solver: bool,
        before_await: Callable[[], None],
    ) -> None:
        self.source = source
        self.root = root
        self.body = body
        self.connection = connection  # the variable that an HTTPConnection parameter gets
        self.is_solver = is_solver  # the values are for somebody else, in a scope that may lack a match
        self.before_await = before_await
        self.whole_body: str | None = None  # the variable of a body parameter that was read in one pass
        self._has_own_body = connection == "request" and not is_solver
        self._ready: set[str] = set()  # request-wide variables that are set by now

    @property
    def nothing(self) -> str:
        """What stands for a value that there is not."""
        return self.source.bind("UNSET", runtime.UNSET) if self.is_solver else "None"

    def read(self, parameter: ParameterPlan) -> str:
        """Write the reading of a path, query, header or cookie parameter; gives its variable."""
        value = self.source.local(parameter.name)
        read = self._scalar_source(parameter) if is_simple_scalar(parameter.field) else None
        if read is not None:
            self._scalar(parameter, value, read)
        else:
            self._reader(parameter, value)
        return value

    def _scalar_source(self, parameter: ParameterPlan) -> str | None:
        """The expression that reads one text value, `None` if only a full reader can."""
        key = wire_name(parameter.field)
        if parameter.location == "path":
            return f"path_params.get({key!r})"
        if parameter.location == "query":
            return f"{self._request_wide('query')}.get({key!r})"
        if parameter.location == "header":
            if not key.isascii():
                return None
            return f"{self.source.use(runtime.find_header)}(scope['headers'], {key.lower().encode()!r})"
        return f"{self._request_wide('cookies')}.get({key!r})"

    def _scalar(self, parameter: ParameterPlan, value: str, read: str) -> None:
        location = repr((parameter.location, wire_name(parameter.field)))
        if self._is_in_path(parameter):
            self.source.line(f"{value} = {self._request_wide('path_params')}[{wire_name(parameter.field)!r}]")
            if not is_any_text(parameter.field):
                self._validate(parameter.field, parameter.name, value, location)
            return
        if parameter.location == "path":
            self._request_wide("path_params")
        self.source.line(f"{value} = {read}")
        with self.source.block(f"if {value} is None:"):
            self._absent(parameter.field, value, location)
        if is_any_text(parameter.field):
            if self.source.lines[-1].strip() == f"{value} = None":  # the value is None already
                del self.source.lines[-2:]
            return
        with self.source.block("else:"):
            self._validate(parameter.field, parameter.name, value, location)

    def _is_in_path(self, parameter: ParameterPlan) -> bool:
        """Whether a match of the route always brings the parameter."""
        names = path_parameter_names(self.root.route_path or "")
        return parameter.location == "path" and not self.is_solver and wire_name(parameter.field) in names

    def _absent(self, field: ModelField, value: str, location: str) -> None:
        info = field.field_info
        if field.field_info.is_required():
            self.source.line(f"errors.append({self.source.bind('missing', missing_at)}({location}))")
            self._unset(value)
        elif has_constant_default(field):
            self.source.line(f"{value} = {self._constant(field, info.default)}")
        else:
            self.source.line(f"{value}, found = {self.source.bind('absent', missing)}({self._field(field)})")
            self.source.line("errors += found")

    def _unset(self, value: str) -> None:
        """Whoever is given the values of a solver must not see one that was invalid."""
        if self.is_solver:
            self.source.line(f"{value} = {self.nothing}")

    def _constant(self, field: ModelField, default: Any) -> str:
        if default is None or type(default) in (bool, int, str):
            return repr(default)
        return self.source.bind(f"default_{field.name}", default)

    def _field(self, field: ModelField) -> str:
        return self.source.bind(f"field_{field.name}", field)

    def _validate(self, field: ModelField, name: str, value: str, location: str) -> None:
        validate = self.source.bind(f"validate_{name}", field.validator.validate_python)
        with self.source.block("try:"):
            self.source.line(f"{value} = {validate}({value})")
        with self.source.block(f"except {self.source.use(ValidationError)} as exc:"):
            self.source.line(f"errors += {self.source.use(located_errors)}(exc, {location})")
            self._unset(value)

    def _reader(self, parameter: ParameterPlan, value: str) -> None:
        sources = {
            "path": "path_params",
            "query": "query_params",
            "header": "header_params",
            "cookie": "cookies",
        }
        read = self.source.bind(f"read_{parameter.name}", reader_for(parameter.field).read)
        self.source.line(f"{value}, found = {read}({self._request_wide(sources[parameter.location])})")
        self.source.line("errors += found")
        if self.is_solver:
            with self.source.block("if found:"):
                self._unset(value)

    def _request_wide(self, name: str) -> str:
        """A variable read once per request, wherever it is needed first."""
        if name not in self._ready:
            self._ready.add(name)
            self.source.line(f"{name} = {self._request_wide_expression(name)}")
        return name

    def _request_wide_expression(self, name: str) -> str:
        if name == "path_params":
            return "scope.get('path_params', {})" if self.is_solver else "scope['path_params']"
        if name == "query":
            return f"{self.source.use(runtime.parse_query)}(scope['query_string'])"
        if name == "query_params":
            return f"{self.source.use(QueryParams)}(scope['query_string'])"
        if name == "header_params":
            return f"{self.source.use(Headers)}(scope=scope)"
        return f"{self.source.use(runtime.read_cookies)}(scope)"

    # -- body

    def read_body(self, parameters: tuple[ParameterPlan, ...]) -> dict[str, str]:
        """Write the reading of the parameters that share the body; gives their variables."""
        assert self.body is not None
        if self.whole_body is not None:
            with self.source.block(
                f"if {self.whole_body} is {self.source.bind('MISSING', runtime.MISSING)}:"
            ):
                self._read_body([parameters[0].field])
                self.source.line(f"{self.whole_body} = values.get({parameters[0].name!r})")
            return {parameters[0].name: self.whole_body}
        self._read_body([parameter.field for parameter in parameters])
        names = {}
        for parameter in parameters:
            names[parameter.name] = value = self.source.local(parameter.name)
            default = f", {self.nothing}" if self.is_solver else ""
            self.source.line(f"{value} = values.get({parameter.name!r}{default})")
        return names

    def _read_body(self, fields: list[ModelField]) -> None:
        """Write `values` from the body as data, and what is invalid into `errors`."""
        assert self.body is not None
        bound = self.source.bind("body_fields", fields)
        if not self._has_own_body:  # it may be absent, or data where the plan says form
            call = f"await {self.source.use(request_body_to_args)}({bound}, body, {self.body.embed})"
            self.before_await()
        elif self.body.is_form:
            if needs_file_reads(fields):
                call = f"await {self.source.use(read_form_body)}({bound}, body, {self.body.embed})"
                self.before_await()
            else:
                call = f"{self.source.use(read_form_values)}({bound}, body, {self.body.embed})"
        else:
            call = f"{self.source.use(read_json_body)}({bound}, body, {self.body.embed})"
        self.source.line(f"values, found = {call}")
        self.source.line("errors += found")

    # -- parts of the request

    def part(self, special: Special, node: DependencyPlan) -> str:
        """The expression of a part of the request that a parameter is."""
        if special is Special.SCOPES:
            return f"{self.source.use(SecurityScopes)}({list(node.oauth_scopes)!r})"
        if special is Special.CONNECTION:
            return self.connection
        name: str = special.value
        return name


def missing_at(location: tuple[str, ...]) -> dict[str, Any]:
    """The error for a required value that was not sent."""
    return {"type": "missing", "loc": location, "msg": "Field required", "input": None}


def is_any_text(field: ModelField) -> bool:
    """Whether every text is valid and stays as it is: `str`, without constraints."""
    # PERF (W2): a call of the validator saved per parameter.
    info = field.field_info
    if isinstance(info, Path) and info.annotation is not Any:
        return False  # a converter such as {x:float} may have made something else of it
    return info.annotation in (str, str | None, Any) and not info.metadata and info.discriminator is None


def can_fail(node: DependencyPlan) -> bool:
    """Whether reading the parameters of the node or its dependencies may find something invalid."""
    return any(map(can_fail, node.dependencies)) or any(
        _may_be_invalid(parameter) for parameter in node.parameters
    )


def _may_be_invalid(parameter: ParameterPlan) -> bool:
    if parameter.location == "body" or not is_simple_scalar(parameter.field):
        return True
    field = parameter.field
    return field.field_info.is_required() or not is_any_text(field) or not has_constant_default(field)
