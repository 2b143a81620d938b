"""Receive a form, within its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from vivace._starlette import has_form, keep_form, reads_form_itself

from .multipart import is_multipart, read_multipart
from .runtime import body_error


async def read_form(request: Request, limits: Mapping[str, Any]) -> FormData:
    """The request's form; `HTTPException` 413 or 400 if it is too large or malformed."""
    # Those of an application in which this one is mounted.
    inherited = request.scope.get("fastapi", {}).get("form_limits", {})
    limits = {**inherited, **limits}
    try:
        if has_form(request) or reads_form_itself(request) or not is_multipart(request):
            return await request.form(**limits)
        form = await read_multipart(request, **limits)
    except MultiPartException as exc:
        if "app" in request.scope:  # `request.form()` has more to say then, too
            raise HTTPException(status_code=400, detail=exc.message) from exc
        raise body_error(exc) from exc
    except Exception as exc:
        raise body_error(exc) from exc
    keep_form(request, form)
    return form
