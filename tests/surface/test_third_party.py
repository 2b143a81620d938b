"""Names that are private or undocumented in FastAPI, and that published packages use all the same.

They are kept for those packages: as doors, on the objects that vivace itself works with. A name is added here when a
package is seen to need it.
"""

from __future__ import annotations

from importlib import import_module

import pytest

NAMES = {
    "vivace": ["__version__"],
    "vivace.routing": [
        "APIRoute",
        "APIRouter",
        "APIWebSocketRoute",
        "Mount",
        "RouteContext",
        "_EffectiveRouteContext",
        "_IncludedRouter",
        "_iter_routes_with_context",
        "get_request_handler",
        "iter_route_contexts",
        "request_response",
        "run_endpoint_function",
        "serialize_response",
        "solve_dependencies",
    ],
    "vivace.dependencies.utils": [
        "_get_body_field",
        "_get_flat_body_params",
        "_should_embed_body_fields",
        "get_cached_model_fields",
        "get_dependant",
        "get_flat_dependant",
        "get_parameterless_sub_dependant",
        "get_typed_return_annotation",
        "get_typed_signature",
        "get_validation_alias",
        "lenient_issubclass",
        "solve_dependencies",
    ],
    "vivace.dependencies.models": ["Dependant"],
    "vivace._compat": [
        "ModelField",
        "PYDANTIC_VERSION_MINOR_TUPLE",
        "Undefined",
        "field_annotation_is_sequence",
        "get_definitions",
        "get_flat_models_from_fields",
        "get_model_name_map",
        "is_bytes_or_nonable_bytes_annotation",
    ],
    "vivace._compat.v2": [
        "ModelField",
        "Undefined",
        "get_definitions",
        "get_flat_models_from_fields",
        "get_model_name_map",
    ],
    "vivace.openapi.utils": ["get_fields_from_routes", "get_openapi"],
    "vivace.openapi.docs": ["get_redoc_html", "get_swagger_ui_html", "get_swagger_ui_oauth2_redirect_html"],
    "vivace.openapi.models": ["OpenAPI"],
    "vivace.datastructures": ["Default", "DefaultPlaceholder", "_Unset"],
    "vivace.encoders": ["jsonable_encoder"],
    "vivace.utils": ["create_model_field", "generate_unique_id"],
    "vivace.security.base": ["SecurityBase"],
    "vivace.security.utils": ["get_authorization_scheme_param"],
    "vivace.middleware.asyncexitstack": ["AsyncExitStackMiddleware"],
}

MEMBERS = {
    "vivace.routing.APIRouter": ["_mark_routes_changed", "handle", "matches"],
    "vivace.routing.APIRoute": ["get_route_handler"],
    "vivace.routing._IncludedRouter": ["effective_route_contexts"],
    "vivace.FastAPI": ["build_middleware_stack", "openapi"],
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names]
)
def test_name_can_be_imported(module: str, name: str) -> None:
    assert hasattr(import_module(module), name), f"{module} lacks {name}"


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path, names in MEMBERS.items() for name in names]
)
def test_class_has_member(path: str, name: str) -> None:
    module, _, cls = path.rpartition(".")
    assert callable(getattr(getattr(import_module(module), cls), name, None)), f"{path} lacks {name}()"


def test_attributes_of_a_made_route() -> None:
    from vivace import FastAPI
    from vivace.routing import APIRoute

    app = FastAPI()

    @app.post("/items/{item_id}")
    def create_item(item_id: int, name: list[str]) -> dict[str, int]:
        return {}

    route = app.router.routes[-1]
    assert isinstance(route, APIRoute)
    assert [field.name for field in route.dependant.path_params] == ["item_id"]
    assert route.body_field is not None and route.response_field is not None
    assert route.unique_id == "create_item_items__item_id__post"
    assert route._embed_body_fields is False
    assert app.user_middleware == [] and app.middleware_stack is None
