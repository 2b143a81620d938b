"""The verbs of a router and of an app: one decorator per HTTP method, all with the same options."""

from __future__ import annotations

from collections.abc import Callable, Collection

from typing_extensions import Unpack

from vivace.types import DecoratedCallable

from ._options import OperationOptions, shows_options

Decorator = Callable[[DecoratedCallable], DecoratedCallable]


class Verbs:
    """Decorators that declare the decorated function as an operation and give it back unchanged."""

    def api_route(
        self, path: str, *, methods: Collection[str] | None = None, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare an operation for several methods: `@router.api_route("/items", methods=["GET", "POST"])`."""
        raise NotImplementedError

    def get(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a GET operation: `@router.get("/items", response_model=list[Item])`."""
        return self.api_route(path, methods=["GET"], **options)

    def put(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a PUT operation: `@router.put("/items/{item_id}")`."""
        return self.api_route(path, methods=["PUT"], **options)

    def post(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a POST operation: `@router.post("/items", status_code=201)`."""
        return self.api_route(path, methods=["POST"], **options)

    def delete(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a DELETE operation: `@router.delete("/items/{item_id}", status_code=204)`."""
        return self.api_route(path, methods=["DELETE"], **options)

    def options(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare an OPTIONS operation: `@router.options("/items")`."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def head(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a HEAD operation: `@router.head("/items")`."""
        return self.api_route(path, methods=["HEAD"], **options)

    def patch(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a PATCH operation: `@router.patch("/items/{item_id}")`."""
        return self.api_route(path, methods=["PATCH"], **options)

    def trace(
        self, path: str, **options: Unpack[OperationOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a TRACE operation: `@router.trace("/items")`."""
        return self.api_route(path, methods=["TRACE"], **options)


for _verb in ("get", "put", "post", "delete", "options", "head", "patch", "trace"):
    shows_options(getattr(Verbs, _verb))
