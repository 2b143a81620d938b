"""What each step of a request costs, in-process, with pytest-benchmark:

    python -m pytest benchmarks/micro [--benchmark-compare]

For use while working on one step; ratios between frameworks are `benchmarks.run`'s business. No test asserts a time,
and `make test` does not run these. BENCHMARK_FRAMEWORK=fastapi measures FastAPI's.
"""
