"""The oracle tests: one application, run on FastAPI and on vivace, must give the same answers byte for byte.

- `oracle` asks both and compares; `recorder` lets the code inside an application report what it saw.
- The `test_*.py` files by theme are hand-written tables of requests; `test_deviations` holds what differs knowingly.
- `test_generated` asks random applications random questions: `choices` → `applications` → `programs` (data and its
  text) → `questions`; `generated` finds and names differences and shrinks programs; `test_generator` counts features.
- `python -m tests.differential.long --applications 5000 --seed 7` surveys many more.
- `VIVACE_DIFFERENTIAL_SUBJECT=fastapi` compares FastAPI with itself, which must always pass.
"""
