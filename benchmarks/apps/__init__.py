"""The applications that are measured: one per need, the same source for every framework (see `_framework`)."""
