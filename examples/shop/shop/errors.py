"""What can go wrong in the shop itself, and how each case is answered.

Whoever raises these needs to know nothing of HTTP: ``add_exception_handlers`` turns them into answers.
"""

from typing import Any, ClassVar

from vivace import FastAPI, Request, status
from vivace.exceptions import RequestValidationError
from vivace.responses import JSONResponse

from .models import OrderStatus
from .schemas import Problem


class ShopError(Exception):
    """A request that the shop understands and refuses. ``code`` is for programs, ``detail`` for people."""

    status_code: ClassVar[int] = status.HTTP_409_CONFLICT
    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(ShopError):
    status_code = status.HTTP_404_NOT_FOUND
    code = "not_found"

    def __init__(self, kind: str, number: int) -> None:
        super().__init__(f"There is no {kind} {number}.")


class OutOfStock(ShopError):
    code = "out_of_stock"

    def __init__(self, name: str, available: int) -> None:
        left = f"Only {available} left" if available else "None left"
        super().__init__(f"{left} of {name!r}.")


class UsernameTaken(ShopError):
    code = "username_taken"

    def __init__(self, username: str) -> None:
        super().__init__(f"The username {username!r} is taken.")


class ProductInUse(ShopError):
    code = "product_in_use"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} has been ordered and must stay; set its stock to 0 instead.")


class WrongStatus(ShopError):
    code = "wrong_status"

    def __init__(self, current: OrderStatus, wanted: OrderStatus) -> None:
        super().__init__(f"An order that is {current} cannot become {wanted}.")


class UnsupportedPicture(ShopError):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_picture"

    def __init__(self) -> None:
        super().__init__("A picture must be a PNG or JPEG file.")


class PictureTooLarge(ShopError):
    status_code = status.HTTP_413_CONTENT_TOO_LARGE
    code = "picture_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A picture may have at most {limit} bytes.")


def problem(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of an endpoint that may answer with a ``Problem`` under these status codes."""
    return {code: {"model": Problem} for code in codes}


def add_exception_handlers(app: FastAPI) -> None:
    """Answer shop errors, and give validation errors a ``code`` as well."""

    @app.exception_handler(ShopError)
    async def answer_shop_error(request: Request, exc: ShopError) -> JSONResponse:
        return JSONResponse({"code": exc.code, "detail": exc.detail}, status_code=exc.status_code)

    @app.exception_handler(RequestValidationError)
    async def answer_validation_error(request: Request, exc: RequestValidationError) -> JSONResponse:
        # As usual, but without the input: it may hold a password, and answers end up in logs.
        errors = [{"type": error["type"], "loc": error["loc"], "msg": error["msg"]} for error in exc.errors()]
        content = {"code": "invalid_request", "detail": errors}
        return JSONResponse(content, status_code=status.HTTP_422_UNPROCESSABLE_CONTENT)
