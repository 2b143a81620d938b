"""The name under which an operation stands in the OpenAPI document, and clients generate a method."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vivace.routing import APIRoute


def generate_unique_id(route: "APIRoute") -> str:
    """Function name, path and method, in characters that any programming language takes for a name.

        generate_unique_id(route)  # "read_item_items__item_id__get", for GET /items/{item_id}

    Give your own to `generate_unique_id_function`, of the application, a router or a route.
    """
    name = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    assert route.methods, "a route answers at least one method"
    return f"{name}_{next(iter(route.methods)).lower()}"
