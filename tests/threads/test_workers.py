"""How many threads there are: as few as get the work done, and enough that nothing waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest

from vivace import _workers
from vivace._workers import Workers


class Job:
    def __init__(self, work: Callable[[], object] = lambda: None) -> None:
        self.work = work
        self.ended = threading.Event()

    def run(self) -> None:
        self.work()
        self.ended.set()


def until(condition: Callable[[], bool]) -> None:
    end = monotonic() + 10
    while not condition():
        assert monotonic() < end, "this does not come true"
        sleep(0.001)


def finish(jobs: list[Job]) -> None:
    for job in jobs:
        assert job.ended.wait(10)


def relieve(workers: Workers) -> None:
    """What an event loop does."""
    while workers.relieve(workers.progress()):
        sleep(0.001)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> Iterator[Workers]:
    monkeypatch.setattr(_workers, "IDLE_SECONDS", 0.2)
    workers = Workers()
    yield workers
    gate.set()
    until(lambda: not workers.threads)


def test_one_thread_for_short_jobs(workers: Workers) -> None:
    jobs = [Job() for _ in range(1000)]
    for job in jobs:
        workers.put(job)
    finish(jobs)
    assert len(workers.threads) == 1


def test_a_thread_for_each_job_that_waits_behind_long_ones(workers: Workers, gate: threading.Event) -> None:
    jobs = [Job(gate.wait) for _ in range(10)]
    for job in jobs:
        workers.put(job)
    until(lambda: workers.jobs.qsize() == 9)  # one is taken
    assert len(workers.threads) == 1

    relieve(workers)
    assert len(workers.threads) == 10
    gate.set()
    finish(jobs)


def test_jobs_that_are_got_on_with_are_left_alone(workers: Workers, gate: threading.Event) -> None:
    first, second = Job(gate.wait), Job()
    workers.put(first)
    until(lambda: not workers.waiting and workers.jobs.empty())
    workers.put(second)
    ended, ended_long = workers.progress()
    assert workers.relieve((ended - 1, ended_long))  # look again, is all it says
    assert len(workers.threads) == 1
    relieve(workers)  # if nothing has ended since
    finish([second])
    assert len(workers.threads) == 2
    gate.set()
    finish([first, second])


def test_jobs_behind_long_ones_get_threads_although_some_end(workers: Workers, gate: threading.Event) -> None:
    first, second = Job(gate.wait), Job()
    workers.put(first)
    until(lambda: not workers.waiting and workers.jobs.empty())
    workers.put(second)
    ended, ended_long = workers.progress()
    workers.relieve((ended - 1, ended_long - 1))
    finish([second])
    assert len(workers.threads) == 2


def test_who_comes_from_a_short_job_steps_aside_and_can_be_called(
    workers: Workers, gate: threading.Event
) -> None:
    jobs = [Job(lambda: gate.wait() and sleep(0.001)) for _ in range(3)]
    for job in jobs:
        workers.put(job)
    relieve(workers)
    gate.set()
    finish(jobs)
    until(lambda: len(workers.waiting) == 3)  # from long jobs, so they wait for more
    while len(workers.aside) < 2:
        job = Job()
        workers.put(job)
        finish([job])
    assert len(workers.waiting) <= 1

    gate.clear()
    jobs = [Job(gate.wait) for _ in range(3)]
    for job in jobs:
        workers.put(job)
    until(lambda: workers.jobs.qsize() == 2)
    relieve(workers)
    assert (len(workers.threads), len(workers.aside)) == (3, 0)  # called, not started


def test_threads_that_nobody_needs_end(workers: Workers, gate: threading.Event) -> None:
    jobs = [Job(gate.wait) for _ in range(3)]
    for job in jobs:
        workers.put(job)
    relieve(workers)
    gate.set()
    finish(jobs)
    until(lambda: not workers.threads)
    assert (len(workers.waiting), len(workers.aside), len(workers.coming)) == (0, 0, 0)

    job = Job()
    workers.put(job)
    finish([job])


def test_the_system_gives_no_thread(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            workers.put(Job())
        assert workers.jobs.empty()
        assert not workers.threads

    gate, job = threading.Event(), Job()
    workers.put(Job(gate.wait))
    workers.put(job)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        until(lambda: workers.jobs.qsize() == 1)
        assert workers.relieve(workers.progress())  # those that are there have to do
    gate.set()
    finish([job])


def test_a_storm(workers: Workers) -> None:
    """Long jobs and short ones, put by many threads: each is run once."""
    counts: dict[int, int] = dict.fromkeys(range(2000), 0)

    def work(number: int) -> None:
        counts[number] += 1
        if number % 20 == 0:
            sleep(0.001)

    jobs = [Job(lambda number=number: work(number)) for number in counts]  # type: ignore[misc]

    def put(part: list[Job]) -> None:
        for job in part:
            workers.put(job)

    putters = [threading.Thread(target=put, args=(jobs[start::4],)) for start in range(4)]
    for thread in putters:
        thread.start()
    for thread in putters:
        thread.join()
    relieve(workers)
    finish(jobs)
    assert set(counts.values()) == {1}
