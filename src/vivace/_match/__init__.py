"""Match: from a path to the operation that answers it, at a cost that does not grow with the number of routes.

`include.py` flattens the tree of routers into operations with their full paths; `tree.py` looks one up.
"""
