"""Jinja templates, as Starlette has them."""

from starlette.templating import Jinja2Templates as Jinja2Templates
