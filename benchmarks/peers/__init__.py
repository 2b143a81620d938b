"""Programs of contenders that are not FastAPI-like, as their own documentation would have them.

Each answers as the apps of the same routes in `benchmarks.apps`: same statuses, JSON and content type; of refusals,
the same class of status. Where a framework leaves validation to its users, Pydantic does it (`order.py`).
"""
