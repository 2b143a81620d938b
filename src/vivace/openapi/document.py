"""The whole document: `get_openapi` turns routes into what `/openapi.json` answers.

It goes in three steps. All fields of all routes get their schemas in one pass (`schemas`); each route gets
its path item (`operations`), noting what it needs in `components`; and the result is run through the models
of the specification (`models`), which check what users wrote and give the parts they describe a fixed
order.

Knows routes as the other files of this room do; knows nothing of apps.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from vivace._plan.fields import ModelField

from .models import OpenAPI
from .operations import Findings, build_path_item
from .parameters import parameter_fields
from .responses import response_fields
from .routes import Documented, iter_documented
from .schemas import build_schemas
from .security import scheme_definitions


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[Any],
    webhooks: Sequence[Any] | None = None,
    tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, str | Any]] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, str | Any] | None = None,
    license_info: dict[str, str | Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The OpenAPI document of some routes, as plain data that JSON can hold.

    `routes` and `webhooks` are routes or route contexts (`app.routes`,
    `iter_route_contexts(router.routes)`). `openapi_version` is only stated: what is written follows 3.1.

    Example:
        def custom_openapi():
            if not app.openapi_schema:
                app.openapi_schema = get_openapi(title="Shop", version="2.5.0", routes=app.routes)
                app.openapi_schema["info"]["x-logo"] = {"url": "https://example.com/logo.png"}
            return app.openapi_schema

        app.openapi = custom_openapi

    Raises `pydantic.ValidationError` when one of the dicts is not what the specification says.
    Source: https://spec.openapis.org/oas/v3.1.0
    """
    info = {
        "summary": summary,
        "description": description,
        "termsOfService": terms_of_service,
        "contact": contact,
        "license": license_info,
    }
    endpoints, hooks = list(iter_documented(routes)), list(iter_documented(webhooks or ()))
    fields = fields_of([*endpoints, *hooks])
    findings = Findings(build_schemas(fields, separate_input_output=separate_input_output_schemas))
    paths, webhook_items = _path_items(endpoints, findings), _path_items(hooks, findings)
    parts = {
        "servers": servers,
        "webhooks": webhook_items,
        "components": _components(findings),
        "tags": tags,
        "externalDocs": external_docs,
    }
    return as_json(
        {
            "openapi": openapi_version,
            "info": {"title": title, "version": version, **_what_is_said(info)},
            "paths": paths,
            **_what_is_said(parts),
        }
    )


def _what_is_said(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part}


def as_json(document: dict[str, Any]) -> dict[str, Any]:
    """The document as the specification's models see it: checked, in their order, and without what is `None`."""
    model = OpenAPI.model_validate(document)
    plain = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    without_none: dict[str, Any] = _without_none(plain)
    return without_none


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
