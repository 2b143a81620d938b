"""Worker threads that take jobs from one queue, and as few of them at a time as get the work done.

Most sync code of a web application is short: it looks something up, adds two numbers, builds an object. One thread that
takes such jobs one after the other finishes them sooner than many that fight over the interpreter, and wakes the event
loop once for all. But a job may also wait, for a database or for another job, and then it must not hold up the others.
So:

- a job goes to the queue; whoever waits there takes it;
- while there are jobs in the queue, it is looked at every millisecond (`relieve`); if all threads are in calls, and
  none has ended one or some took long, each job that waits gets a thread;
- a thread that comes back from a long job waits for the next one: there will be more like it. One that comes back from
  a short job, and finds another waiting, steps aside until it is called;
- a thread that nobody has needed for `IDLE_SECONDS` ends.

The counts are read without a lock and may be a moment old. That a job is run depends on one thing only: it is looked at
again until the queue is empty.

Threads are the process's, not an event loop's: a loop that ends leaves none behind, and a test client that makes a loop
per request finds the threads of the request before. Nothing here knows what a loop is.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from contextvars import Context
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Protocol

IDLE_SECONDS = 10.0
"""How long a thread waits for work before it ends."""

LONG_CALL_SECONDS = 0.0002
"""A call that takes longer has probably waited for something, and then others need not wait with it."""

Progress = tuple[int, int]
"""How many jobs have ended, and how many of them were long."""


class Job(Protocol):
    def run(self) -> None:
        """Do the work and report the outcome. Raises nothing."""


class Workers:
    """The threads of this process."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[Job] = SimpleQueue()
        self.threads: set[threading.Thread] = set()
        # One entry per thread, so that `len` counts: appending to a deque and popping from it are atomic.
        self.waiting: deque[None] = deque()  # for a job
        self.aside: deque[None] = deque()  # for being called
        self.coming: deque[None] = deque()  # started or called, and not there yet
        self.calls: SimpleQueue[None] = SimpleQueue()
        # About: two threads that add at once count as one.
        self.ended = 0
        self.ended_long = 0

    def put(self, job: Job) -> None:
        """Hand over a job. `relieve` must be called a little later, and again for as long as it says so.

        Raises:
        RuntimeError: there is no thread, and the system gives none.
        """
        if not self.threads:
            self._start()
        self.jobs.put(job)

    def progress(self) -> Progress:
        return (self.ended, self.ended_long)

    def relieve(self, before: Progress) -> bool:
        """Give the jobs that wait threads of their own, unless the threads at work get on with them.

        `before` is what `progress` was when this was last looked at. Gives whether to look again.
        """
        if not self.waiting and not self.coming:  # those will take jobs as soon as the interpreter lets them
            ended, ended_long = before
            if self.ended == ended or self.ended_long != ended_long:
                for _ in range(self.jobs.qsize()):
                    self._call()
        return not self.jobs.empty()

    def _call(self) -> None:
        try:
            self.aside.pop()
        except IndexError:
            # No more threads to be had: those that are there have to do.
            with suppress(RuntimeError):
                self._start()
        else:
            self.coming.append(None)
            self.calls.put(None)

    def _start(self) -> None:
        thread = threading.Thread(target=self._live, name="vivace worker", daemon=True)
        self.threads.add(thread)
        self.coming.append(None)
        try:
            # Where threads inherit a context: not that of the request that happens to need one.
            Context().run(thread.start)
        except RuntimeError:
            self.threads.discard(thread)
            self.coming.pop()
            raise

    def _live(self) -> None:
        self.coming.pop()
        try:
            self._work()
        finally:
            self.threads.discard(threading.current_thread())

    def _work(self) -> None:
        waiting, jobs = self.waiting, self.jobs
        is_long = True
        while True:
            if jobs.empty() and waiting and not is_long:
                if not self._step_aside():
                    return
                is_long = True  # it was called because others are stuck
            waiting.append(None)
            try:
                job = jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                waiting.pop()
                if jobs.empty():
                    return
                continue
            waiting.pop()
            began = perf_counter()
            job.run()
            is_long = perf_counter() - began > LONG_CALL_SECONDS
            self.ended += 1
            self.ended_long += is_long
            del job  # and what it holds, while this thread waits

    def _step_aside(self) -> bool:
        """Wait to be called; gives whether that happened."""
        self.aside.append(None)
        try:
            self.calls.get(timeout=IDLE_SECONDS)
        except Empty:
            try:
                self.aside.pop()
            except IndexError:  # called in this very moment
                self.calls.get()
            else:
                return False
        self.coming.pop()
        return True


workers = Workers()


def _forget_threads() -> None:
    """In a forked child: none of the threads is there, and the queue's lock may be held for ever."""
    workers.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
