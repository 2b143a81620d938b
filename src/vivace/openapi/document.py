"""The whole document: `build_document` turns routes into what `/openapi.json` answers.

It goes in three steps. All fields of all routes get their schemas in one pass (`schemas`); each route gets
its path item (`operations`), noting what it needs in `components`; and the result is run through the models
of the specification (`models`), which check what users wrote and give the parts they describe a fixed
order.

Knows routes as the other files of this room do; knows nothing of apps.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vivace._plan.fields import ModelField

from .models import OpenAPI
from .operations import Findings, build_path_item
from .parameters import parameter_fields
from .responses import response_fields
from .routes import Documented, iter_documented
from .schemas import build_schemas
from .security import scheme_definitions


def build_document(
    *,
    openapi_version: str,
    info: Mapping[str, Any],
    routes: Sequence[Documented],
    webhooks: Sequence[Documented] = (),
    servers: Sequence[Mapping[str, Any]] | None = None,
    tags: Sequence[Mapping[str, Any]] | None = None,
    external_docs: Mapping[str, Any] | None = None,
    separate_input_output_schemas: bool = True,
) -> dict[str, Any]:
    """The OpenAPI document, as plain data that JSON can hold.

    Raises `pydantic.ValidationError` when a part that users write outside of `paths` (contact, tags,
    servers, a schema in `json_schema_extra`) is not what the specification says.

    Example:
        build_document(openapi_version="3.1.0", info={"title": "Shop", "version": "1"}, routes=app_routes)
    """
    fields = fields_of([*routes, *webhooks])
    findings = Findings(build_schemas(fields, separate_input_output=separate_input_output_schemas))
    document: dict[str, Any] = {"openapi": openapi_version, "info": info}
    if servers:
        document["servers"] = servers
    document["paths"] = _path_items(routes, findings)
    if webhook_items := _path_items(webhooks, findings):
        document["webhooks"] = webhook_items
    if components := _components(findings):
        document["components"] = components
    if tags:
        document["tags"] = tags
    if external_docs:
        document["externalDocs"] = external_docs
    return as_json(document)


def as_json(document: dict[str, Any]) -> dict[str, Any]:
    """The document as the specification's models see it: checked, in their order, and without what is `None`."""
    model = OpenAPI.model_validate(document)
    plain = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return _without_none(plain)  # type: ignore[no-any-return]


def _without_none(value: Any) -> Any:
    """`None` says nothing in a document: keys that hold it are left out, also inside examples and defaults.

    So are keys that start with `_sa`, which `jsonable_encoder` takes for the state that SQLAlchemy keeps on objects.
    """
    # PERF (W13): runs for every value of a document, in place of `jsonable_encoder`, which gives the same for plain
    # data (all that is left by now) in twenty times the time.
    if type(value) is dict:
        return {
            key: _without_none(item) if type(item) in (dict, list) else item
            for key, item in value.items()
            if item is not None and key[:3] != "_sa"
        }
    return [_without_none(item) for item in value] if type(value) is list else value


def _path_items(routes: Iterable[Documented], findings: Findings) -> dict[str, Any]:
    items: dict[str, Any] = {}
    for documented in routes:
        if item := build_path_item(documented, findings):
            items.setdefault(documented.route.path_format, {}).update(item)
    return items


def _components(findings: Findings) -> dict[str, Any]:
    definitions = {**findings.schemas.definitions, **findings.definitions}
    components: dict[str, Any] = {}
    if findings.security_schemes:
        components["securitySchemes"] = scheme_definitions(findings.security_schemes)
    if definitions:
        components["schemas"] = {name: definitions[name] for name in sorted(definitions)}
    return components


def fields_of(routes: Iterable[Documented]) -> list[ModelField]:
    """Every field whose schema the document may show: of callbacks, bodies, responses and parameters, in this order.

    The order decides one thing only: which of two models that cannot be told apart by name and module is
    number one.
    """
    shown = list(routes)
    callbacks = [callback for item in shown for callback in iter_documented(item.route.callbacks or ())]
    return [
        *(fields_of(callbacks) if callbacks else ()),
        *(item.route.body_field for item in shown if item.route.body_field is not None),
        *(field for item in shown for field in response_fields(item.route)),
        *(field for item in shown for field in parameter_fields(item.flat)),
    ]
