"""The oracle tests: one application, run on FastAPI and on vivace, must give the same answers byte for byte."""
