"""Programs of contenders that are not FastAPI-like: each answers as the app of the same name in `benchmarks.apps`."""
