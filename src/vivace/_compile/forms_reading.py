"""Receive a form, within its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from .runtime import body_error


async def read_form(request: Request, limits: Mapping[str, Any]) -> FormData:
    """The request's form; `HTTPException` 413 or 400 if it is too large or malformed."""
    # Those of an application in which this one is mounted.
    inherited = request.scope.get("fastapi", {}).get("form_limits", {})
    try:
        return await request.form(**{**inherited, **limits})
    except Exception as exc:
        raise body_error(exc) from exc
