"""What memory is watched on: the small applications as one, errors included."""

from benchmarks.apps import body, dependencies, errors, hello, streams, threads, typed
from benchmarks.apps._framework import FastAPI

app = FastAPI()
for part in (hello, typed, body, dependencies, threads, streams, errors):
    app.include_router(part.app.router)
