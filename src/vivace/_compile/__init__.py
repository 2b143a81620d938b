"""Compile: write a plan down as one function.  Read `endpoint.py` first.

The emitters ask no question that the plan has not answered. What they write is ordinary source with a file name, shown
by tracebacks, `pdb` and `inspect.getsource`; values of the user are bound as globals and never pasted into it.
"""
