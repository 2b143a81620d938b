"""Compressed responses, as Starlette has them."""

from starlette.middleware.gzip import GZipMiddleware as GZipMiddleware
