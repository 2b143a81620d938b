"""A door: the document's builder under the names by which third parties and applications import it.

Nothing in this room imports from here: `document` and `operations` hold the real things.
"""

import re
import warnings
from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse as JSONResponse
from starlette.responses import Response as Response
from starlette.routing import BaseRoute

from vivace._compat.v2 import ModelNameMap
from vivace._compat.v2 import get_definitions as get_definitions
from vivace._compat.v2 import get_flat_models_from_fields as get_flat_models_from_fields
from vivace._compat.v2 import get_model_name_map as get_model_name_map
from vivace._compat.v2 import get_schema_from_model_field as get_schema_from_model_field
from vivace._plan.annotations import lenient_issubclass as lenient_issubclass
from vivace._plan.fields import ModelField as ModelField
from vivace.datastructures import DefaultPlaceholder as DefaultPlaceholder
from vivace.encoders import jsonable_encoder as jsonable_encoder
from vivace.exceptions import FastAPIDeprecationWarning
from vivace.params import Body as Body
from vivace.params import ParamTypes as ParamTypes
from vivace.utils import deep_dict_update as deep_dict_update
from vivace.utils import generate_operation_id_for_path as generate_operation_id_for_path
from vivace.utils import is_body_allowed_for_status_code as is_body_allowed_for_status_code

from .constants import METHODS_WITH_BODY as METHODS_WITH_BODY
from .constants import REF_PREFIX as REF_PREFIX
from .document import build_document, fields_of
from .models import OpenAPI as OpenAPI
from .operations import Findings, build_path_item, operation_metadata, operation_summary, request_body
from .responses import HTTP_VALIDATION_ERROR, STATUS_CODE_RANGES, VALIDATION_ERROR
from .routes import Documented, Operation, iter_documented
from .schemas import FieldMapping, Schemas
from .security import scheme_definitions

status_code_ranges = STATUS_CODE_RANGES
validation_error_definition = VALIDATION_ERROR
validation_error_response_definition = HTTP_VALIDATION_ERROR


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
    return build_document(
        openapi_version=openapi_version,
        info={"title": title, "version": version, **{key: value for key, value in info.items() if value}},
        routes=list(iter_documented(routes)),
        webhooks=list(iter_documented(webhooks or ())),
        servers=servers,
        tags=tags,
        external_docs=external_docs,
        separate_input_output_schemas=separate_input_output_schemas,
    )


def get_fields_from_routes(routes: Sequence[BaseRoute | Any]) -> list[ModelField]:
    """Every field whose schema the document of these routes may show."""
    return fields_of(iter_documented(routes))


def get_openapi_path(
    *,
    route: Operation,
    operation_ids: set[str],
    model_name_map: ModelNameMap,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The path item of one route, with the security schemes and the definitions that it adds to `components`."""
    findings = Findings(
        Schemas(field_mapping, {}, separate_input_output_schemas), operation_ids=operation_ids
    )
    item = build_path_item(Documented.read(route), findings) if route.include_in_schema else {}
    return item, scheme_definitions(findings.security_schemes), findings.definitions


def get_openapi_operation_metadata(
    *, route: Operation, method: str, operation_ids: set[str]
) -> dict[str, Any]:
    """Tags, summary, description, id and deprecation of an operation."""
    return operation_metadata(route, method, operation_ids)


def get_openapi_operation_request_body(
    *,
    body_field: ModelField | None,
    model_name_map: ModelNameMap,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> dict[str, Any] | None:
    """The request body object of a body field, `None` for none."""
    if body_field is None:
        return None
    return request_body(body_field, Schemas(field_mapping, {}, separate_input_output_schemas))


def generate_operation_summary(*, route: Operation, method: str) -> str:
    """The summary that the user wrote, or the route's name in words."""
    return operation_summary(route)


def generate_operation_id(*, route: Operation, method: str) -> str:
    """Deprecated: the id of an operation before there was `generate_unique_id_function`."""
    warnings.warn(
        "generate_operation_id() is deprecated and not used any more. Read `route.unique_id` instead.",
        FastAPIDeprecationWarning,
        stacklevel=2,
    )
    if route.operation_id:
        return route.operation_id
    return re.sub(r"\W", "_", f"{route.name}{route.path_format}") + f"_{method.lower()}"
