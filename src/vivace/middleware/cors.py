"""Cross-origin resource sharing, as Starlette has it."""

from starlette.middleware.cors import CORSMiddleware as CORSMiddleware
