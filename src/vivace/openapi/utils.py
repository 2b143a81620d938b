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
from .document import fields_of
from .document import get_openapi as get_openapi
from .models import OpenAPI as OpenAPI
from .operations import Findings, build_path_item, operation_metadata, operation_summary, request_body
from .responses import HTTP_VALIDATION_ERROR, STATUS_CODE_RANGES, VALIDATION_ERROR
from .routes import Documented, Operation, iter_documented
from .schemas import FieldMapping, Schemas
from .security import scheme_definitions

status_code_ranges = STATUS_CODE_RANGES
validation_error_definition = VALIDATION_ERROR
validation_error_response_definition = HTTP_VALIDATION_ERROR


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
