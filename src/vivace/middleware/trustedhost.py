"""A check of the `Host` header, as Starlette has it."""

from starlette.middleware.trustedhost import TrustedHostMiddleware as TrustedHostMiddleware
