"""Middleware: Starlette's, and one of our own. `Middleware` is how one is declared."""

from starlette.middleware import Middleware as Middleware
