"""Decide on an application: choices in, `programs.Program` out; and the same as a hypothesis strategy.

Percentages are chosen so that most applications can be built and most requests have a chance to succeed, while every
feature listed in `features` turns up often enough; `test_generator.py` counts. Names and aliases include what would
break a careless code generator: the names of builtins and of likely local variables, quotes, line breaks, keywords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from .choices import Choices, HypothesisChoices, chance, pick, some
from .oracle import Question
from .programs import (
    Argument,
    Dependency,
    Endpoint,
    Options,
    Parameter,
    Program,
    Router,
    Special,
    Use,
    use_source,
)
from .questions import questions_for
from .shapes import (
    PLAIN,
    SCALARS,
    Class,
    Constrained,
    Either,
    Field,
    Named,
    Optional,
    Row,
    Scalar,
    Several,
    Shape,
    Table,
    all_fields,
    expression,
    json_value,
)

NAMES = (
    "item_id", "limit", "q", "user", "x_token", "size", "name", "größe", "_hidden", "__dunder__", "Camel",
    "a1",
    # what generated code might call its own variables
    "scope", "receive", "send", "self", "request", "response", "errors", "values", "result", "value", "query",
    "headers", "cookies", "body", "form", "exc", "app", "stack", "cache", "field", "default", "loc",
    "endpoint", "dependant", "state", "json", "content", "status_code", "background", "tasks", "params",
    "args", "kwargs", "data", "key", "validate", "MISSING",
    # builtins
    "str", "int", "list", "dict", "type", "id", "len", "print", "Exception", "isinstance", "getattr", "super",
)  # fmt: skip

ALIASES = (
    "item-query", "X-Thing", "class", "from", "None", "größe", "名前", "a b", "a.b", "a[0]", "a/b", "$ref", "#",
    "{x}", "%s", "it's", 'say "hi"', '"""', "'''", "back\\slash", "new\nline", "tab\t", "\x00", "0",
    "__class__", "x" * 120,
)  # fmt: skip

LATIN_ALIASES = tuple(alias for alias in ALIASES if max(alias) < "\u0100")
"""FastAPI cannot look up a header with a name outside Latin-1: such a program fails on every request."""

WORDS = ("items", "users", "a-b", "v1", "ü", "a.b", "~x", "x y", "p+q", "(", "*", "$")
CODES = ("200", "201", "202", "204", "205", "206", "304", "400", "404", "418", "500")
_NO_BODY_CODES = {"204", "205", "304"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE")
BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE")
CONVERTERS = {"int": "int", "float": "float", "uuid": "uuid", "path": "str"}


@dataclass(slots=True)
class _Plan:
    """What has been decided so far."""

    choices: Choices
    classes: dict[str, Class] = field(default_factory=dict)
    dependencies: list[Dependency] = field(default_factory=list)
    routers: list[Router] = field(default_factory=list)

    def pick(self, *options: str) -> str:
        return pick(self.choices, options)

    def chance(self, percent: int) -> bool:
        return chance(self.choices, percent)

    def up_to(self, most: int) -> range:
        return range(self.choices.integer(0, most))

    def named(self, *kinds: str) -> list[str]:
        return [name for name, definition in self.classes.items() if definition.kind in kinds]


def decide(choices: Choices) -> Program:
    """Decide on a whole application."""
    plan = _Plan(choices)
    for number in plan.up_to(3):
        _add_class(plan, f"Model{number}")
    if plan.chance(20):
        _add_tagged_classes(plan)
    for number in plan.up_to(4):
        plan.dependencies.append(_dependency(plan, f"dependency{number}"))
    for number in plan.up_to(2):
        plan.routers.append(_router(plan, f"router{number}"))
    endpoints = tuple(_endpoint(plan, f"endpoint{number}") for number in range(choices.integer(1, 6)))
    return Program(
        classes=tuple(plan.classes.values()),
        dependencies=tuple(plan.dependencies),
        routers=tuple(plan.routers),
        endpoints=endpoints,
        options=_application_options(plan),
        extras=_extras(plan),
        postponed=plan.chance(10),
    )


# --- Classes and shapes ---


def _add_class(plan: _Plan, name: str) -> None:
    kind = plan.pick("model", "model", "model", "model", "dataclass", "typeddict", "namedtuple")
    bases = plan.named("model")
    base = pick(plan.choices, bases) if kind == "model" and bases and plan.chance(20) else None
    names = some(plan.choices, [n for n in NAMES if not n.startswith("_") and n not in _NO_FIELDS], 4) or [
        "name"
    ]
    taken = {f.name for f in all_fields(plan.classes[base], plan.classes)} if base else set()
    fields = tuple(_field(plan, field_name, kind) for field_name in names if field_name not in taken)
    if kind == "model" and plan.chance(10):
        fields += (Field("children", Several("list", Named(name, ahead=True)), "[]"),)
    plan.classes[name] = Class(name, kind, fields, _class_config(plan, kind, fields), base)


_NO_FIELDS = {
    "json",
    "dict",
    "list",
    "str",
    "int",
    "type",
    "copy",
    "self",
    "validate",
    "field",
    "field_validator",
    "super",
}
"""Names that clash with pydantic's own, or that hide a type which a later annotation in the class body needs."""


def _class_config(plan: _Plan, kind: str, fields: Sequence[Field]) -> tuple[str, ...]:
    if kind == "typeddict":
        return (", total=False",) if plan.chance(30) else ()
    if kind != "model" or plan.chance(60):
        return ()
    settings = some(
        plan.choices,
        (
            "extra='forbid'", "extra='allow'", "populate_by_name=True", "str_strip_whitespace=True",
            "frozen=True", "from_attributes=True", "use_enum_values=True", "serialize_by_alias=False",
            "title='Über \"title\"'",
        ),
        2,
    )  # fmt: skip
    lines = (
        [f"model_config = ConfigDict({', '.join(settings)})"]
        if len({s.split("=")[0] for s in settings}) == len(settings)
        else []
    )
    if plan.chance(20):
        lines += ["@computed_field", "@property", "def computed(self) -> int:", "    return 1"]
    if fields and plan.chance(20):
        lines += [
            f"@field_validator({fields[0].name!r}, mode='before')", "@classmethod",
            "def check(cls, value: Any) -> Any:", "    if value == 'x':", "        raise ValueError('not x')",
            "    return value",
        ]  # fmt: skip
    return tuple(lines)


def _field(plan: _Plan, name: str, kind: str) -> Field:
    shape = _shape(plan, 2)
    default = expression(shape, plan.choices) if plan.chance(45) else None
    options: list[tuple[str, str]] = []
    if kind == "model":
        if plan.chance(15):
            key = plan.pick("alias", "alias", "validation_alias", "serialization_alias")
            options.append((key, repr(pick(plan.choices, LATIN_ALIASES))))
        if plan.chance(15):
            options.append(pick(plan.choices, _DOCUMENTATION))
    return Field(name, shape, default, tuple(options))


def _add_tagged_classes(plan: _Plan) -> None:
    """Two models that a discriminated union can tell apart by `kind`."""
    amounts = [_field(plan, "amount", "model") for _ in "ab"]
    for tag, amount in zip("ab", amounts, strict=True):
        name = f"Tagged{tag.upper()}"
        plan.classes[name] = Class(name, "model", (Field("kind", Scalar(f"tag {tag}")), amount))


def _shape(plan: _Plan, depth: int) -> Shape:
    """Any type, for bodies and fields."""
    roll = plan.choices.integer(0, 99)
    if roll < 8 and "TaggedA" in plan.classes:
        return Either((Named("TaggedA"), Named("TaggedB")), "kind")
    if depth == 0 or roll < 50:
        return _scalar(plan)
    if roll < 60:
        return Optional(_shape(plan, depth - 1))
    if roll < 70:
        origin = plan.pick("list", "list", "set", "tuple", "frozenset", "deque", "Sequence")
        return Several(origin, _scalar(plan) if origin.endswith("set") else _shape(plan, depth - 1))
    if roll < 75:
        key = Scalar(plan.pick("str", "str", "int", "enum"))
        return Table(key, _shape(plan, depth - 1)) if not plan.chance(25) else Table(None, None)
    if roll < 78:
        return Row(tuple(_shape(plan, depth - 1) for _ in range(plan.choices.integer(1, 2))))
    if roll < 82:
        return Either((_shape(plan, depth - 1), _shape(plan, depth - 1)))
    return Named(pick(plan.choices, list(plan.classes))) if plan.classes else _scalar(plan)


def _scalar(plan: _Plan) -> Shape:
    name = pick(plan.choices, PLAIN if plan.chance(50) else SCALARS)
    shape = Scalar(name)
    constraints = _CONSTRAINTS.get(name)
    return (
        Constrained(shape, _arguments(pick(plan.choices, constraints)))
        if constraints and plan.chance(10)
        else shape
    )


def _arguments(options: Options) -> str:
    return ", ".join(f"{name}={value}" for name, value in options)


_CONSTRAINTS: dict[str, tuple[Options, ...]] = {
    "int": (
        (("ge", "1"),),
        (("gt", "0"), ("lt", "100")),
        (("multiple_of", "2"),),
        (("le", "3"),),
        (("strict", "True"),),
    ),
    "float": ((("ge", "0"),), (("gt", "0"), ("le", "1.5")), (("allow_inf_nan", "False"),)),
    "str": ((("min_length", "1"),), (("max_length", "3"),), (("pattern", "'^[a-c]+$'"),)),
    "bytes": ((("max_length", "2"),),),
    "decimal": ((("max_digits", "3"), ("decimal_places", "1")),),
}
_DOCUMENTATION: Options = (
    ("title", "'A \"title\"'"), ("description", "'Several\\nlines {with} braces'"),
    ("examples", "['a', None]"), ("deprecated", "True"), ("json_schema_extra", "{'x-more': [1]}"),
)  # fmt: skip


# --- Parameters ---


def _simple_shape(plan: _Plan, kind: str) -> Shape:
    """A type that paths, queries, headers, cookies and forms can carry."""
    if kind == "file":
        inner = Scalar(plan.pick("file", "file", "bytes"))
        return pick(plan.choices, (inner, inner, Several("list", inner), Optional(inner)))
    roll = plan.choices.integer(0, 99)
    if kind == "path":
        shape = _text_scalar(plan) if not plan.chance(50) else Scalar(pick(plan.choices, PLAIN))
        return (
            shape if shape != Scalar("json") or plan.chance(5) else Scalar("str")
        )  # JSON is refused in paths
    if roll < 58:
        return _text_scalar(plan)
    if roll < 72:
        return Optional(_text_scalar(plan))
    if roll < (75 if kind == "cookie" else 86):
        origin = plan.pick("list", "list", "set", "tuple", "frozenset")
        many = Several(origin, _text_scalar(plan) if not plan.chance(8) else None)
        return Optional(many) if plan.chance(20) else many
    if roll < 90:
        return Either((_text_scalar(plan), _text_scalar(plan)))
    return _parameter_model(plan)


def _text_scalar(plan: _Plan) -> Shape:
    """A scalar that text can become; what is strict refuses all text, so it is rare here."""
    shape = _scalar(plan)
    return shape if "trict" not in shape.text or plan.chance(10) else Scalar("str")


def _parameter_model(plan: _Plan) -> Shape:
    """A model of parameters, or an optional one, or a union of two."""
    models = [Named(name) for name in plan.named("model")]
    if not models:
        return _text_scalar(plan)
    model = pick(plan.choices, models)
    if plan.chance(25):
        return Optional(model)
    return Either((model, pick(plan.choices, models))) if plan.chance(15) else model


def _parameter(plan: _Plan, name: str, kind: str) -> Parameter:
    shape = _shape(plan, 2) if kind == "body" else _simple_shape(plan, kind)
    default = expression(shape, plan.choices) if kind != "path" and plan.chance(45) else None
    if _holds_class(shape) and kind not in {"body", "path"}:
        return Parameter(name, kind, shape, "None" if isinstance(shape, Optional) else None)
    bare = {
        "path": not plan.chance(50),
        "query": not plan.chance(60),
        "body": _is_body_by_itself(plan, shape),
    }.get(kind)
    if bare and not (kind == "query" and not _is_query_by_itself(shape)) and plan.chance(60):
        return Parameter(name, kind, shape, default, (), "bare")
    options = _parameter_options(plan, kind, shape)
    if default is None and kind not in {"path", "file"} and plan.chance(5):
        options += (("default_factory", f"lambda: {expression(shape, plan.choices)}"),)
    return Parameter(name, kind, shape, default, options, "assigned" if plan.chance(30) else "annotated")


def _holds_class(shape: Shape) -> bool:
    match shape:
        case Optional(inner=inner):
            return _holds_class(inner)
        case Either(members=members):
            return any(map(_holds_class, members))
    return isinstance(shape, Named)


def _is_body_by_itself(plan: _Plan, shape: Shape) -> bool:
    match shape:
        case Named():
            return plan.classes[shape.name].kind in {"model", "dataclass"}
        case Table():
            return True
    return False


def _is_query_by_itself(shape: Shape) -> bool:
    return isinstance(shape, Scalar | Optional | Constrained) and not isinstance(
        getattr(shape, "inner", None), Several
    )


def _parameter_options(plan: _Plan, kind: str, shape: Shape) -> Options:
    options: list[tuple[str, str]] = []
    if kind != "path" and plan.chance(25):
        options.append(_alias(plan, LATIN_ALIASES if kind == "header" else ALIASES))
    inner = shape.inner if isinstance(shape, Optional) else shape
    constraints = _CONSTRAINTS.get(inner.pool, ()) if isinstance(inner, Scalar) else ()
    if constraints and plan.chance(35):
        options += pick(plan.choices, constraints)
    elif isinstance(inner, Several) and plan.chance(15):
        options += [("min_length", "1"), ("max_length", "2")]
    if plan.chance(15):
        options.append(pick(plan.choices, _DOCUMENTATION))
    if plan.chance(4):
        options.append(pick(plan.choices, _RARE_OPTIONS))
    own = {
        "header": ("convert_underscores", "False"),
        "body": ("embed", "True"),
        "form": ("media_type", "'multipart/form-data'"),
    }
    if kind in own and plan.chance(15):
        options.append(own[kind])
    return tuple(dict(options).items())


def _alias(plan: _Plan, aliases: Sequence[str]) -> tuple[str, str]:
    alias = pick(plan.choices, aliases)
    if plan.chance(25):
        return "validation_alias", pick(plan.choices, (repr(alias), f"AliasChoices({alias!r}, 'other')"))
    return "alias", repr(alias)


_RARE_OPTIONS: Options = (
    ("include_in_schema", "False"), ("strict", "True"), ("validate_default", "True"), ("examples", "[1]"),
    ("union_mode", "'left_to_right'"), ("serialization_alias", "'out'"), ("alias_priority", "1"),
    ("openapi_examples", "{'one': {'value': 1}}"), ("gt", "0"), ("min_length", "2"),
)  # fmt: skip


def _arguments_for(
    plan: _Plan, path_names: Mapping[str, str], family: str, most: int
) -> tuple[Argument, ...]:
    """The arguments of one function, all names different; path parameters get theirs from the path."""
    arguments: list[Argument] = []
    for name, converter in path_names.items():
        parameter = _parameter(plan, name, "path")
        if converter and plan.chance(70):
            parameter = replace(parameter, shape=Scalar(CONVERTERS[converter]), options=())
        if not plan.chance(8):
            arguments.append(parameter)
    free = [
        name for name in NAMES if name not in path_names and (family == "none" or not name.startswith("_"))
    ]
    for name in some(plan.choices, free, most):
        argument = _argument(plan, name, family)
        if not (isinstance(argument, Special) and argument.annotation in _annotations(arguments)):
            arguments.append(argument)
    return tuple(arguments)


def _annotations(arguments: Sequence[Argument]) -> set[str]:
    """The special types already asked for: FastAPI fills only one argument of each."""
    return {argument.annotation for argument in arguments if isinstance(argument, Special)}


def _argument(plan: _Plan, name: str, family: str) -> Argument:
    roll = plan.choices.integer(0, 99)
    if roll < 22 and plan.dependencies:
        return _use(plan, name)
    if roll < 28:
        kinds = ("Request", "Response", "BackgroundTasks", "HTTPConnection", "SecurityScopes")
        return Special(name, pick(plan.choices, kinds))
    if roll < 65 and family == "json":
        return _parameter(plan, name, "body")
    if roll < 65 and family == "form":
        return _parameter(plan, name, plan.pick("form", "form", "file"))
    return _parameter(plan, name, plan.pick("query", "query", "header", "cookie"))


def _use(plan: _Plan, name: str, *, in_list: bool = False) -> Use:
    dependency = pick(plan.choices, plan.dependencies)
    options: list[tuple[str, str]] = []
    marker = "Security" if plan.chance(12) else "Depends"
    if marker == "Security" and plan.chance(80):
        options.append(("scopes", pick(plan.choices, ("['me']", "['me', 'items']", "[]"))))
    if plan.chance(15):
        options.append(("use_cache", "False"))
    if "yield" in dependency.form and marker == "Depends" and plan.chance(40):
        options.append(("scope", plan.pick("'function'", "'request'")))
    if (
        marker == "Depends" and plan.chance(5) and "yield" not in dependency.form
    ):  # held while waiting: a deadlock
        options.append(("max_concurrency", "1"))
    if dependency.form == "class" and plan.chance(40) and not in_list:
        return Use(name, dependency.name, marker, tuple(options), "class")
    return Use(name, dependency.name, marker, tuple(options), "assigned" if plan.chance(25) else "annotated")


def _uses(plan: _Plan, percent: int) -> Options:
    """The `dependencies=[...]` of an application, router or endpoint."""
    if not plan.dependencies or not plan.chance(percent):
        return ()
    uses = [use_source(_use(plan, "", in_list=True)) for _ in range(plan.choices.integer(1, 2))]
    return (("dependencies", f"[{', '.join(uses)}]"),)


# --- Dependencies ---

_FORMS = (
    "def", "async", "def", "async", "yield", "async yield", "yield", "async yield", "class", "instance",
    "async instance", "partial", "method", "scheme",
)  # fmt: skip
_SCHEMES = (
    "APIKeyHeader(name='x-key')", "APIKeyQuery(name='key', auto_error=False)",
    "APIKeyCookie(name='key', description='d')", "HTTPBasic()",
    "HTTPBasic(realm='a \"b\"', auto_error=False)", "HTTPBearer()", "HTTPBearer(auto_error=False)",
    "HTTPDigest()", "OAuth2PasswordBearer(tokenUrl='token', scopes={'me': 'Me', 'items': 'Items'})",
    "OpenIdConnect(openIdConnectUrl='/openid', scheme_name='own name')",
)  # fmt: skip
_FAILURES = (
    "raise HTTPException(418, detail={'why': 'teapot'}, headers={'x-why': 'tea'})",
    "raise ValueError('in dependency')", "raise RequestValidationError([{'type': 'own', 'loc': ['x']}])",
    "raise HTTPException(401)",
)  # fmt: skip


def _dependency(plan: _Plan, name: str) -> Dependency:
    form = pick(plan.choices, _FORMS)
    if form == "scheme":
        return Dependency(name, form, scheme=pick(plan.choices, _SCHEMES))
    family = plan.pick("json", "form") if plan.chance(8) else "none"
    arguments = [a for a in _arguments_for(plan, {}, family, 3) if a.name not in {"self", "bound"}]
    before = (f"if {_trigger(arguments)}: {pick(plan.choices, _FAILURES)}",) if plan.chance(12) else ()
    specials = [a for a in arguments if isinstance(a, Special)]
    effects = tuple(
        _effect(a) for a in specials if a.annotation in {"Response", "BackgroundTasks"} and plan.chance(60)
    )
    return Dependency(name, form, tuple(arguments), (*before, *effects))


def _trigger(arguments: Sequence[Argument]) -> str:
    """A condition on the request's values: failing always would leave nothing to compare after it."""
    named = [a.name for a in arguments if isinstance(a, Parameter)]
    return f"seen(v={named[0]})['v'][-2:] in (' 3', '1]', \"''\", 'ne')" if named else "True"


def _effect(special: Special) -> str:
    if special.annotation == "Response":
        name = special.name
        return f"{name}.headers['x-set-by'] = 'x'; {name}.set_cookie('c', 'v'); {name}.status_code = 203"
    return f"{special.name}.add_task(record, 'task')"


# --- Endpoints ---


def _path(plan: _Plan, names: dict[str, str]) -> str:
    """A path; the names of its parameters, with their converters, are added to `names`."""
    segments: list[str] = []
    marked = {
        a.name
        for d in plan.dependencies
        for a in d.arguments
        if isinstance(a, Parameter) and a.style != "bare"
    }
    usable = [name for name in NAMES if name.isascii() and not name.startswith("_") and name not in marked]
    for _ in plan.up_to(3):
        if plan.chance(50):
            name = pick(plan.choices, [name for name in usable if name not in names])
            names[name] = pick(plan.choices, list(CONVERTERS)) if plan.chance(25) else ""
            converter = f":{names[name]}" if names[name] else ""
            segments.append(
                f"{plan.pick('', '', '', 'pre-')}{{{name}{converter}}}{plan.pick('', '', '', '.json')}"
            )
        else:
            segments.append(pick(plan.choices, WORDS))
    return "/" + "/".join(segments) + plan.pick("", "", "", "/" if segments else "")


def _endpoint(plan: _Plan, name: str) -> Endpoint:
    methods = (pick(plan.choices, METHODS if plan.chance(30) else ("GET", "POST")),)
    if plan.chance(7):
        methods = tuple(dict.fromkeys((*methods, pick(plan.choices, METHODS))))
    names: dict[str, str] = {}
    path = _path(plan, names)
    family = plan.pick("json", "json", "form") if methods[0] in BODY_METHODS or plan.chance(4) else "none"
    arguments = _arguments_for(plan, names, family, 5)
    router = pick(plan.choices, plan.routers).name if plan.routers and plan.chance(50) else "app"
    arguments += tuple(
        _parameter(plan, name, "path") for name in _prefix_names(plan, router) if plan.chance(40)
    )
    plain = Endpoint(
        name, router, path, methods, arguments, _operation_options(plan), not plan.chance(40),
        docstring=plan.pick(
            "Summary.\n\nMore \\ \"of\" it.", "One line", "a\fhidden",
        ) if plan.chance(12) else None,
        keyword_only=plan.chance(8),
    )  # fmt: skip
    return _with_behaviour(plan, plain)


def _prefix_names(plan: _Plan, router: str) -> list[str]:
    """The parameters in the prefixes of a router and of those it is included in."""
    routers = {known.name: known for known in plan.routers}
    names: list[str] = []
    while router in routers:
        known = routers[router]
        names += re.findall(r"{(\w+)}", str(known.options) + str(known.include))
        router = known.parent
    return names


def _operation_options(plan: _Plan) -> Options:
    options = list(_uses(plan, 12))
    if plan.chance(20):
        options.append(("status_code", pick(plan.choices, CODES)))
    if plan.chance(15):
        options.append(pick(plan.choices, _OPERATION_DOCUMENTATION))
    if plan.chance(3):
        options.append(("max_body_size", plan.pick("10", "100")))
    return tuple(options)


_OPERATION_DOCUMENTATION: Options = (
    ("tags", "['a', 'b \"c\"']"), ("summary", "'A {summary}'"), ("description", "'Some\\n\"text\"'"),
    ("deprecated", "True"), ("operation_id", "'own_id'"), ("include_in_schema", "False"),
    ("name", "'own name'"), ("response_description", "'What'"),
    ("responses", "{404: {'description': 'Gone', 'model': dict[str, int]}, '5XX': {'description': 'Oh'}}"),
    ("openapi_extra", "{'x-own': {'a': 1}}"),
    ("generate_unique_id_function", "lambda route: f'id-{route.name}'"),
)  # fmt: skip


def _with_behaviour(plan: _Plan, endpoint: Endpoint) -> Endpoint:
    """What the endpoint does, and what it says it returns."""
    effects = tuple(
        _effect(argument)
        for argument in endpoint.arguments
        if isinstance(argument, Special)
        and argument.annotation in {"Response", "BackgroundTasks"}
        and plan.chance(60)
    )
    roll = plan.choices.integer(0, 99)
    if roll < 45:
        return replace(endpoint, body=(*effects, "return SEEN"))
    if roll < 70:
        return _with_value(plan, endpoint, effects)
    if roll < 78:
        body, options = pick(plan.choices, _RESPONSES)
        return replace(endpoint, body=(*effects, *body), options=_merged(endpoint.options, options))
    if roll < 84:
        return _with_stream(plan, endpoint)
    if roll < 90:
        return replace(endpoint, body=(*effects, pick(plan.choices, _ENDPOINT_FAILURES)))
    parameters = [a.name for a in endpoint.arguments if isinstance(a, Parameter) and a.kind != "file"]
    if parameters:
        return replace(endpoint, body=(*effects, f"return {pick(plan.choices, parameters)}"))
    return replace(endpoint, body=(*effects, "return None"))


def _merged(options: Options, more: Options) -> Options:
    return tuple((dict(options) | dict(more)).items())


def _with_value(plan: _Plan, endpoint: Endpoint, effects: tuple[str, ...]) -> Endpoint:
    """A value that mostly fits the declared response type."""
    shape = _shape(plan, 2)
    value = _value_source(plan, shape)
    options: list[tuple[str, str]] = []
    if plan.chance(40):
        options += some(plan.choices, _RESPONSE_MODEL_OPTIONS, 2)
    fields = (
        [f.name for f in all_fields(plan.classes[shape.name], plan.classes)]
        if isinstance(shape, Named)
        else []
    )
    if fields and plan.chance(30):
        key = plan.pick("response_model_include", "response_model_exclude")
        options.append((key, repr({pick(plan.choices, fields)})))
    if plan.chance(10):
        options.append(("response_class", plan.pick("JSONResponse", "PlainTextResponse", "HTMLResponse")))
    if plan.chance(40):
        options.append(("response_model", shape.text if not plan.chance(8) else "None"))
        returns = "Any" if plan.chance(30) else None
    else:
        returns = shape.text
    body = (*effects, f"return {value}")
    if not plan.chance(5):
        endpoint = replace(endpoint, options=tuple(o for o in endpoint.options if o[1] not in _NO_BODY_CODES))
    return replace(endpoint, body=body, returns=returns, options=_merged(endpoint.options, tuple(options)))


def _value_source(plan: _Plan, shape: Shape) -> str:
    """The value as a Python expression: an instance of the class at times, otherwise what JSON would give."""
    value = json_value(shape, plan.choices, plan.classes)
    simple = isinstance(value, dict) and all(isinstance(key, str) for key in value)
    if (
        isinstance(shape, Named)
        and simple
        and plan.chance(60)
        and plan.classes[shape.name].kind != "typeddict"
    ):
        return f"{shape.name}(**{value!r})"
    return repr(value)


_RESPONSE_MODEL_OPTIONS: Options = (
    ("response_model_exclude_unset", "True"), ("response_model_exclude_defaults", "True"),
    ("response_model_exclude_none", "True"), ("response_model_by_alias", "False"),
)  # fmt: skip

_RESPONSES: tuple[tuple[tuple[str, ...], Options], ...] = (
    (("return JSONResponse(SEEN, status_code=207, headers={'x-own': '1'})",), ()),
    (("return PlainTextResponse('text ü')",), ()),
    (("return 'text ü'",), (("response_class", "PlainTextResponse"),)),
    (("return '<p>'",), (("response_class", "HTMLResponse"),)),
    (("return '/elsewhere?a=b c'",), (("response_class", "RedirectResponse"),)),
    (("return RedirectResponse('/elsewhere')",), ()),
    (("return Response(b'raw', media_type='a/b')",), ()),
    (("return Response(status_code=204)",), ()),
    (("return StreamingResponse(iter(['a', 'b', 'c']))",), ()),
    (("return None",), (("response_model", "None"), ("status_code", "204"))),
    (("return Response('x')",), (("response_class", "Response"),)),
)
_ENDPOINT_FAILURES = (
    "raise HTTPException(404, 'gone')", "raise HTTPException(status_code=403, detail=SEEN)",
    "raise HTTPException(304)", "raise ValueError('in endpoint')", "raise RequestValidationError([])",
    "raise KeyError('k')", "return object()", "raise HTTPException(402, headers={'x-a': 'b'})",
)  # fmt: skip


def _with_stream(plan: _Plan, endpoint: Endpoint) -> Endpoint:
    """JSON Lines, server-sent events or text, from a generator."""
    shape = _shape(plan, 1)
    values = [f"yield {_value_source(plan, shape)}" for _ in range(plan.choices.integer(1, 3))]
    if plan.chance(15):
        values.append("raise ValueError('in stream')")
    kind = (
        plan.pick("AsyncIterable", "AsyncIterator")
        if endpoint.is_async
        else plan.pick("Iterable", "Iterator")
    )
    returns = (
        pick(plan.choices, (f"{kind}[{shape.text}]", f"{kind}[{shape.text}]", None))
        if not plan.chance(3)
        else kind
    )
    response = pick(plan.choices, (None, None, "EventSourceResponse"))
    options: Options = (("response_class", response),) if response else ()
    return replace(endpoint, body=tuple(values), returns=returns, options=_merged(endpoint.options, options))


# --- Routers and the application ---


def _router(plan: _Plan, name: str) -> Router:
    parent = pick(plan.choices, plan.routers).name if plan.routers and plan.chance(40) else "app"
    options = [*_uses(plan, 20)]
    if plan.chance(50):
        options.append(("prefix", repr(plan.pick("/inner", "/v1", f"/in{{{name}_own}}"))))
    if plan.chance(15):
        options.append(pick(plan.choices, _ROUTER_OPTIONS))
    include = [*_uses(plan, 15)]
    if plan.chance(40) or not options:
        include.append(("prefix", repr(plan.pick("/outer", f"/api/{{{name}_at}}"))))
    if plan.chance(15):
        include.append(pick(plan.choices, _ROUTER_OPTIONS[:-2]))
    return Router(name, parent, tuple(options), tuple(include), plan.chance(25))


_ROUTER_OPTIONS: Options = (
    ("tags", "['router']"), ("deprecated", "True"), ("include_in_schema", "False"),
    ("responses", "{403: {'description': 'No'}}"), ("default_response_class", "PlainTextResponse"),
    ("generate_unique_id_function", "lambda route: f'r-{route.name}'"), ("max_body_size", "60"),
    ("redirect_slashes", "False"), ("strict_content_type", "False"),
)  # fmt: skip


def _application_options(plan: _Plan) -> Options:
    return (*_uses(plan, 12), *(some(plan.choices, _APPLICATION_OPTIONS, 2) if plan.chance(40) else ()))


_APPLICATION_OPTIONS: Options = (
    ("title", "'Ü \"T\"'"), ("redirect_slashes", "False"), ("strict_content_type", "False"),
    ("root_path", "'/root'"), ("separate_input_output_schemas", "False"), ("max_body_size", "200"),
    ("form_limits", "{'max_fields': 2, 'max_files': 1}"), ("responses", "{500: {'description': 'Oh'}}"),
    ("openapi_tags", "[{'name': 'a'}]"), ("debug", "False"), ("default_response_class", "HTMLResponse"),
    ("servers", "[{'url': 'https://a.example'}]"), ("deprecated", "True"), ("description", "'*D*'"),
    ("version", "'2'"), ("generate_unique_id_function", "lambda route: f'a-{route.name}'"),
)  # fmt: skip

_HANDLER = (
    "@app.exception_handler({0})\nasync def on_{1}(request, error):\n"
    "    return JSONResponse({{'own': {2}}}, {3})\n"
)
_EXTRAS = (
    _HANDLER.format("ValueError", "value_error", "str(error)", 409),
    _HANDLER.format("HTTPException", "http_exception", "error.detail", 410),
    _HANDLER.format("RequestValidationError", "invalid", "[e['loc'] for e in error.errors()]", 411),
    _HANDLER.format("Exception", "anything", "type(error).__name__", 599),
    _HANDLER.format("404", "not_found", "error.detail", 404),
    _HANDLER.format("ResponseValidationError", "bad_response", "len(error.errors())", 555),
    "app.add_middleware(GZipMiddleware, minimum_size=30)\n",
    "app.add_middleware(CORSMiddleware, allow_origins=['https://a.example'], allow_credentials=True)\n",
    "@app.middleware('http')\nasync def around(request, call_next):\n    record('before')\n"
    "    response = await call_next(request)\n    response.headers['x-around'] = '1'\n"
    "    record('after')\n    return response\n",
)


def _extras(plan: _Plan) -> tuple[str, ...]:
    extras = some(plan.choices, _EXTRAS, 2) if plan.chance(40) else []
    if len(plan.dependencies) > 1 and plan.chance(10):
        by, replaced = (
            plan.dependencies[0].name,
            plan.dependencies[-1].name,
        )  # the first needs no other: no circle
        extras.append(f"app.dependency_overrides[{replaced}] = {by}\n")
    return tuple(extras)


# --- For hypothesis ---


@dataclass(frozen=True, slots=True)
class Case:
    """An application and the questions to ask it."""

    program: Program
    questions: tuple[Question, ...]


def decide_case(choices: Choices, questions: int) -> Case:
    """An application with so many questions."""
    program = decide(choices)
    return Case(program, tuple(questions_for(program, choices, questions)))


@st.composite
def cases(draw: st.DrawFn, questions: int = 20) -> Case:
    """Random applications with random requests for them."""
    return decide_case(HypothesisChoices(draw), questions)


def parts(program: Program) -> Iterator[Argument]:
    """All arguments of all functions of a program."""
    for function in (*program.dependencies, *program.endpoints):
        yield from function.arguments
