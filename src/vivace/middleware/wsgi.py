"""WSGI applications, as Starlette has them: deprecated there, in favour of the `a2wsgi` package."""

from starlette.middleware.wsgi import WSGIMiddleware as WSGIMiddleware
