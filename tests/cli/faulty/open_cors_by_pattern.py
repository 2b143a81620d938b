"""Every origin matches the pattern."""

from vivace import FastAPI
from vivace.middleware import Middleware
from vivace.middleware.cors import CORSMiddleware

app = FastAPI(
    middleware=[
        Middleware(CORSMiddleware, allow_origin_regex=".*", allow_credentials=True),  # V301
    ]
)
