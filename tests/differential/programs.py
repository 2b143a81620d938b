"""A generated application as data, and the program text it stands for.

`Program.source("fastapi")` and `Program.source("vivace")` differ in nothing but the name that is imported from, and are
ordinary programs: a failure prints one, and it runs by itself. The pieces are frozen dataclasses of tuples, so that
`minimise` can take any of them away. Nothing here decides anything; `applications` does.
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from . import recorder
from .oracle import Application
from .shapes import LIBRARY, Class, Field, Shape

Options = tuple[tuple[str, str], ...]
"""Keyword arguments, each value as a Python expression."""

FILE_NAME = "<generated application>"
"""Stands in tracebacks and in error messages; the same for both frameworks, or their messages would differ."""

MODULE_NAME = "generated_application"

MARKERS = {
    "path": "Path", "query": "Query", "header": "Header", "cookie": "Cookie", "body": "Body", "form": "Form",
    "file": "File",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value from the request. `style`: annotated (`Annotated[T, Query()]`), assigned (`T = Query()`), or bare."""

    name: str
    kind: str
    shape: Shape
    default: str | None = None
    options: Options = ()
    style: str = "annotated"

    @property
    def optional(self) -> bool:
        """Whether Python sees a default, and so wants it after the arguments without one."""
        return self.style == "assigned" or self.default is not None

    def source(self) -> str:
        """The argument as it stands in the signature."""
        default = f" = {self.default}" if self.default is not None else ""
        if self.style == "bare":
            return f"{self.name}: {self.shape.text}{default}"
        if self.style == "assigned":
            first = (("default", self.default),) if self.default is not None else ()
            return f"{self.name}: {self.shape.text} = {MARKERS[self.kind]}({_arguments((*first, *self.options))})"
        return f"{self.name}: Annotated[{self.shape.text}, {MARKERS[self.kind]}({_arguments(self.options)})]{default}"


@dataclass(frozen=True, slots=True)
class Use:
    """An argument filled by a dependency: `marker` is Depends or Security."""

    name: str
    dependency: str
    marker: str = "Depends"
    options: Options = ()
    style: str = "annotated"

    @property
    def optional(self) -> bool:
        """See `Parameter.optional`."""
        return self.style == "assigned"

    def source(self) -> str:
        """The argument as it stands in the signature."""
        call = use_source(self)
        if self.style == "class":
            return f"{self.name}: Annotated[{self.dependency}, {self.marker}({_arguments(self.options)})]"
        return (
            f"{self.name}: Any = {call}"
            if self.style == "assigned"
            else f"{self.name}: Annotated[Any, {call}]"
        )


@dataclass(frozen=True, slots=True)
class Special:
    """An argument the framework fills by its type: Request, Response, BackgroundTasks, SecurityScopes …"""

    name: str
    annotation: str
    optional: bool = False

    def source(self) -> str:
        """The argument as it stands in the signature."""
        return f"{self.name}: {self.annotation}"


Argument = Parameter | Use | Special


@dataclass(frozen=True, slots=True)
class Dependency:
    """A dependency. `form`: def, async, yield, async yield, class, (async) instance, partial, method, scheme."""

    name: str
    form: str
    arguments: tuple[Argument, ...] = ()
    before: tuple[str, ...] = ()
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path operation. In `body`, `SEEN` stands for the description of all its arguments."""

    name: str
    router: str
    path: str
    methods: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()
    options: Options = ()
    is_async: bool = True
    returns: str | None = None
    body: tuple[str, ...] = ("return SEEN",)
    docstring: str | None = None
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class Router:
    """A router and how it is included: `early` includes it before its endpoints are declared."""

    name: str
    parent: str
    options: Options = ()
    include: Options = ()
    early: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """A whole application."""

    classes: tuple[Class, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    routers: tuple[Router, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    options: Options = ()
    extras: tuple[str, ...] = ()
    postponed: bool = False

    def source(self, framework: str) -> str:
        """The program's text for one framework."""
        body = "\n".join(self._pieces())
        return f"{_header(framework, body, self.postponed)}\n{body}"

    def build(self, framework: str) -> Application:
        """Run the program's text as a module and return its `app`.

        Annotations written as text are looked up in that module, so ask one framework's application all its questions
        before building the other's.
        """
        source = self.source(framework)
        linecache.cache[FILE_NAME] = (len(source), None, source.splitlines(keepends=True), FILE_NAME)
        module = sys.modules[MODULE_NAME] = ModuleType(MODULE_NAME)
        exec(compile(source, FILE_NAME, "exec", dont_inherit=True), vars(module))
        app: Application = vars(module)["app"]
        return app

    def _pieces(self) -> Iterator[str]:
        late = [_include_source(router) for router in self.routers if not router.early]
        yield from map(_class_source, self.classes)
        yield from map(_dependency_source, self.dependencies)
        yield f"app = FastAPI({_arguments(self.options)})"
        yield from self.extras
        for router in self.routers:
            yield f"{router.name} = APIRouter({_arguments(router.options)})"
        yield from (_include_source(router) for router in self.routers if router.early)
        yield from map(_endpoint_source, self.endpoints)
        yield from reversed(late)  # children first: what a parent includes late has all its routes


def _header(framework: str, body: str, postponed: bool) -> str:
    """Imports, and library definitions, of the names that the body uses."""
    wanted = set(re.findall(r"\w+", body))
    library = [text for name, text in LIBRARY.items() if name in wanted]
    wanted |= set(re.findall(r"\w+", "\n".join(library)))
    imports = [
        f"from {module.format(framework=framework)} import {', '.join(names)}"
        for module, offered in IMPORTS.items()
        if (names := [name for name in offered if name.split(" as ")[-1] in wanted])
    ]
    future = ["from __future__ import annotations"] if postponed else []
    return "\n".join([*future, *imports, "", *library])


IMPORTS = {
    "collections": ("deque",),
    "collections.abc": ("AsyncIterable", "AsyncIterator", "Iterable", "Iterator", "Sequence"),
    "dataclasses": ("dataclass", "field"), "datetime": ("date", "datetime", "time", "timedelta"),
    "decimal": ("Decimal",), "enum": ("Enum", "IntEnum"), "functools": ("partial",),
    "ipaddress": ("IPv4Address",), "pathlib": ("PurePath",),
    "typing": ("Annotated", "Any", "Literal", "NamedTuple", "NewType", "Optional", "Union"),
    "uuid": ("UUID",), "typing_extensions": ("TypeAliasType", "TypedDict"),
    "{framework}": (
        "APIRouter", "BackgroundTasks", "Body", "Cookie", "Depends", "FastAPI", "File", "Form", "Header",
        "HTTPException", "Path", "Query", "Request", "Response", "Security", "UploadFile",
    ),
    "{framework}.exceptions": ("RequestValidationError", "ResponseValidationError"),
    "{framework}.middleware.cors": ("CORSMiddleware",), "{framework}.middleware.gzip": ("GZipMiddleware",),
    "{framework}.requests": ("HTTPConnection",),
    "{framework}.responses": (
        "EventSourceResponse", "HTMLResponse", "JSONResponse", "PlainTextResponse", "RedirectResponse",
        "StreamingResponse",
    ),
    "{framework}.security": (
        "APIKeyCookie", "APIKeyHeader", "APIKeyQuery", "HTTPBasic", "HTTPBearer", "HTTPDigest",
        "OAuth2PasswordBearer", "OpenIdConnect", "SecurityScopes",
    ),
    "pydantic": (
        "AliasChoices", "AliasPath", "BaseModel", "ConfigDict", "EmailStr", "Field", "HttpUrl", "Json",
        "PositiveInt", "SecretStr", "StrictInt", "computed_field", "field_validator",
    ),
    recorder.__name__: ("record", "seen"),
}  # fmt: skip
"""Where each name comes from. The recorder's own module name differs with how the tests were started."""


def _arguments(options: Options) -> str:
    return ", ".join(f"{name}={value}" for name, value in options)


def use_source(use: Use) -> str:
    """`Depends(session, use_cache=False)`, also for the lists of dependencies that routers and decorators take."""
    rest = f", {_arguments(use.options)}" if use.options else ""
    return f"{use.marker}({use.dependency}{rest})"


def _signature(arguments: tuple[Argument, ...], first: str = "", *, keyword_only: bool = False) -> str:
    ordered = [*arguments] if keyword_only else sorted(arguments, key=lambda argument: argument.optional)
    star = ["*"] if keyword_only and ordered else []
    return ", ".join([*filter(None, [first]), *star, *(argument.source() for argument in ordered)])


def _seen(arguments: tuple[Argument, ...]) -> str:
    names = [argument.name for argument in arguments if not isinstance(argument, Special)]
    names += [
        f"{a.name}.scopes" for a in arguments if isinstance(a, Special) and a.annotation == "SecurityScopes"
    ]
    pairs = [f"{name.replace('.', '_')}={name}" for name in names]
    return f"seen({', '.join(pairs)})"


def _block(head: str, lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join([head, *(f"    {line}" for line in lines or ["pass"]), ""])


def _class_source(definition: Class) -> str:
    fields = [_field_source(field, definition.kind) for field in definition.fields]
    ordered = [text for text in fields if " = " not in text] + [text for text in fields if " = " in text]
    name = definition.name
    match definition.kind:
        case "model":
            return _block(f"class {name}({definition.base or 'BaseModel'}):", [*definition.config, *fields])
        case "dataclass":
            return _block(f"@dataclass\nclass {name}:", ordered)
        case "typeddict":
            return _block(f"class {name}(TypedDict{''.join(definition.config)}):", fields)
        case "namedtuple":
            return _block(f"class {name}(NamedTuple):", ordered)
    raise ValueError(f"unknown kind of class {definition.kind!r}")


def _field_source(field: Field, kind: str) -> str:
    if kind == "model" and field.options:
        default = (("default", field.default),) if field.default is not None else ()
        return f"{field.name}: {field.shape.text} = Field({_arguments((*default, *field.options))})"
    mutable = field.default is not None and field.default[0] in "[{"
    default_text = (
        f"field(default_factory=lambda: {field.default})"
        if kind == "dataclass" and mutable
        else field.default
    )
    bare = field.default is None or kind == "typeddict"
    return f"{field.name}: {field.shape.text}" + ("" if bare else f" = {default_text}")


def _dependency_source(dependency: Dependency) -> str:
    name, given = dependency.name, dependency.arguments
    inside = [f"record('call', {name!r})", *dependency.before]
    value = f"return {_seen(given)}"
    signature = _signature(given)
    method = _signature(given, "self")
    match dependency.form:
        case "scheme":
            return f"{name} = {dependency.scheme}"
        case "def":
            return _block(f"def {name}({signature}):", [*inside, value])
        case "async":
            return _block(f"async def {name}({signature}):", [*inside, value])
        case "yield":
            return _block(f"def {name}({signature}):", _generator(dependency))
        case "async yield":
            return _block(f"async def {name}({signature}):", _generator(dependency))
        case "class":
            keep = f"self.values = {_seen(given)}"
            shown = f"def __repr__(self): return f'{name} {{self.values}}'"
            return _block(
                f"class {name}:", [f"def __init__({method}):", *(f"    {x}" for x in [*inside, keep]), shown]
            )
        case "instance" | "async instance":
            head = "async def" if dependency.form == "async instance" else "def"
            call = [f"{head} __call__({method}):", *(f"    {line}" for line in [*inside, value])]
            return _block(f"class {name}_type:", call) + f"{name} = {name}_type()\n"
        case "partial":
            whole = _block(
                f"def {name}_whole({_signature(given, 'bound')}):", [*inside, "record(bound)", value]
            )
            return f"{whole}{name} = partial({name}_whole, 'bound')\n"
        case "method":
            call = [f"async def method({method}):", *(f"    {line}" for line in [*inside, value])]
            return _block(f"class {name}_type:", call) + f"{name} = {name}_type().method\n"
    raise ValueError(f"unknown form of dependency {dependency.form!r}")


def _generator(dependency: Dependency) -> list[str]:
    name = repr(dependency.name)
    return [
        f"record('enter', {name})", *dependency.before, "try:", f"    yield {_seen(dependency.arguments)}",
        "except Exception as caught:", f"    record('caught', {name}, type(caught).__name__)", "    raise",
        "finally:", f"    record('exit', {name})",
    ]  # fmt: skip


def _endpoint_source(endpoint: Endpoint) -> str:
    one = len(endpoint.methods) == 1
    verb = endpoint.methods[0].lower() if one else "api_route"
    options = endpoint.options if one else (("methods", repr(list(endpoint.methods))), *endpoint.options)
    rest = f", {_arguments(options)}" if options else ""
    returns = f" -> {endpoint.returns}" if endpoint.returns else ""
    signature = _signature(endpoint.arguments, keyword_only=endpoint.keyword_only)
    head = f"{'async def' if endpoint.is_async else 'def'} {endpoint.name}({signature}){returns}:"
    lines = [line.replace("SEEN", _seen(endpoint.arguments)) for line in endpoint.body]
    docstring = [repr(endpoint.docstring)] if endpoint.docstring else []
    return _block(f"@{endpoint.router}.{verb}({endpoint.path!r}{rest})\n{head}", [*docstring, *lines])


def _include_source(router: Router) -> str:
    rest = f", {_arguments(router.include)}" if router.include else ""
    return f"{router.parent}.include_router({router.name}{rest})"
