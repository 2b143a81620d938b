"""Analyse: what does this endpoint need?  Read `build.py` first.

One pass over a signature gives frozen nodes (`nodes.py`). No request, no I/O, and the user's objects are never edited.
Everything that answers a request (`_compile`) and everything that documents it (`openapi`) reads these nodes.
"""
