"""Static files, as Starlette has them."""

from starlette.staticfiles import StaticFiles as StaticFiles
