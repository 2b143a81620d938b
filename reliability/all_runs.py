"""Every run, in the order of the scoreboard, with its target and the count at which the target is meant."""

from __future__ import annotations

from reliability import (
    corpora,
    desync,
    fuzz,
    lanes,
    reader,
    schemas,
    shutdown,
    slow,
    soak,
    stack,
    storm,
    workers,
)
from reliability.runs import Run

RUNS: dict[str, Run] = {
    run.name: run
    for run in (
        Run(
            "conformance",
            "uvicorn's own protocol tests, and gunicorn's `tests/requests` corpus",
            "all tests; 81 invalid rejected, 62 valid accepted; each excuse with a reason",
            1,
            "run of both",
            corpora.run_conformance,
        ),
        Run(
            "vectors",
            "request corpus: llhttp-style strict vectors, whole, byte by byte, random splits",
            "same verdict at every split; every must-reject rejected",
            400,
            "random splits of each vector",
            corpora.run_vectors,
        ),
        Run(
            "desync",
            "desync: seeded mutations of two-request streams",
            "1 M streams: no crash, no hang, no answer out of order",
            1_000_000,
            "streams",
            desync.run,
        ),
        Run(
            "desync-sockets",
            "the same over sockets",
            "0 faults",
            20_000,
            "streams",
            desync.run_over_sockets,
        ),
        Run(
            "lanes",
            "lanes against ordinary path",
            "100 k generated requests, 0 differences",
            100_000,
            "requests",
            lanes.run,
        ),
        Run(
            "slow",
            "slow attacks (slowhttptest -H -B -X -R, 500 connections)",
            "a healthy client: 100 % answered, p99 ≤ 3× idle",
            30,
            "seconds of each attack",
            slow.run,
            ("slowhttptest",),
        ),
        Run(
            "storm",
            "random disconnects, resets, half-closes",
            "100 k: enter = exit, 0 leaked tasks and descriptors",
            100_000,
            "clients",
            storm.run,
        ),
        Run(
            "tasks",
            "background tasks within two http middlewares, clients that reset",
            "10 k resets: started = finished",
            10_000,
            "clients",
            stack.run_tasks,
        ),
        Run(
            "pool",
            "an async route while all worker threads are held",
            "no deadlock; p99 < 50 ms",
            20,
            "seconds",
            stack.run_pool,
        ),
        Run(
            "shutdown", "SIGTERM under load", "50 times: 0 accepted and unanswered", 50, "stops", shutdown.run
        ),
        Run("workers", "`kill -9` of a worker", "50 times: replaced within 2 s", 50, "kills", workers.run),
        Run("reader", "100 MB to a reader that stops", "costs < 5 MB", 5, "readers", reader.run),
        Run(
            "schemas",
            "schemathesis on the example application",
            "0 failures that FastAPI does not share",
            50,
            "examples for each operation",
            schemas.run,
        ),
        Run(
            "soak",
            "soak of mixed requests",
            "5 M requests: memory slope ≤ 1 KB per 1,000 requests after warm-up",
            5_000_000,
            "requests",
            soak.run,
        ),
        Run(
            "fuzz",
            "fuzzing of each parser of ours (atheris)",
            "0 crashes, 0 inputs over 1 s",
            2_000_000,
            "inputs",
            fuzz.run,
        ),
    )
}
