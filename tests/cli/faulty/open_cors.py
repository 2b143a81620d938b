"""Cookies for everyone."""

from vivace import FastAPI
from vivace.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(  # V301
    CORSMiddleware,
    allow_origins=["*"],
    allow_credentials=True,
)
