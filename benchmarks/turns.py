"""One turn: one contender, one workload, once. The rounds made of turns are `rounds`' business.

A turn never raises for what a contender does: a fault makes its figure void, and the run goes on.
"""

from __future__ import annotations

import resource
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from benchmarks import cold, machine, wrk
from benchmarks.answers import Answer, difference
from benchmarks.contenders import Contender
from benchmarks.processes import ChildError
from benchmarks.servers import Server, serving
from benchmarks.workloads import Cold, Load, Workload


@dataclass(frozen=True, slots=True)
class Settings:
    """Of a run; durations in seconds, `idle_limit` is the longest wait for an idle machine before a turn."""

    seconds: int
    warmup: int
    connections: int
    idle_limit: float
    server_core: int
    load_core: int

    @property
    def cores(self) -> tuple[int, int]:
        return self.server_core, self.load_core


@dataclass(frozen=True, slots=True)
class Reading:
    """What a turn gave: `values` by measure name, worth nothing if `void` has a reason.

    `stolen` is the share of both cores' time that the hypervisor took. `details` are for judging the figure:
    latencies in µs, and how busy the server, the load generator and everything else were, in cores.
    """

    values: Mapping[str, float]
    void: str | None
    stolen: float
    wait: machine.Wait
    details: Mapping[str, float] = field(default_factory=dict)


def take(workload: Workload, contender: Contender, expected: Answer | None, settings: Settings) -> Reading:
    """Wait for an idle machine, then measure. `expected` is the answer to a load's request, from `check`."""
    wait = machine.wait_until_idle(settings.idle_limit)
    interval = Interval(settings.cores)
    try:
        if isinstance(workload, Cold):
            return _cold_turn(workload, contender, wait, interval, settings)
        return _load_turn(workload, contender, expected, wait, interval, settings)
    except ChildError as error:
        return Reading({}, str(error), interval.stolen_share, wait)


def _cold_turn(
    workload: Cold, contender: Contender, wait: machine.Wait, interval: Interval, settings: Settings
) -> Reading:
    values = cold.read(workload, contender, core=settings.server_core).values
    named = {measure.name: value for measure, value in zip(workload.measures, values, strict=True)}
    return Reading(named, None, interval.stolen_share, wait)


def _load_turn(
    workload: Load,
    contender: Contender,
    expected: Answer | None,
    wait: machine.Wait,
    interval: Interval,
    settings: Settings,
) -> Reading:
    def load(seconds: int) -> wrk.Outcome:
        return wrk.load(
            workload, server.port, seconds=seconds, connections=settings.connections, core=settings.load_core
        )

    with serving(contender, workload, core=settings.server_core) as server:
        if expected and (differs := difference(expected, server.first, contender.equal)):
            return Reading({}, f"another answer than when checked: {differs}", interval.stolen_share, wait)
        load(settings.warmup)
        interval = Interval(settings.cores, server)
        outcome = load(settings.seconds)
        (measure,) = workload.measures
        details = {"p50_us": outcome.p50_us, "p99_us": outcome.p99_us, **interval.shares()}
        values = {measure.name: outcome.rate} if outcome.requests else {}
        return Reading(values, outcome.fault(workload.status), interval.stolen_share, wait, details)


class Interval:
    """From its making until it is asked: what the cores did, and on whose behalf."""

    def __init__(self, cores: Collection[int], server: Server | None = None) -> None:
        self._cores = cores
        self._server = server
        self._before = machine.cpu_times(cores)
        self._server_before = self._server_ticks()
        self._children_before = _ended_children_ticks()

    @property
    def stolen_share(self) -> float:
        return (machine.cpu_times(self._cores) - self._before).stolen_share

    def shares(self) -> dict[str, float]:
        """In cores, 1.0 being one that is never idle. `other_busy` is neither server nor load generator."""
        whole = machine.cpu_times(self._cores) - self._before
        length = max(1.0, whole.total / len(self._cores))
        server = self._server_ticks() - self._server_before
        generator = _ended_children_ticks() - self._children_before
        return {
            "server_busy": server / length,
            "generator_busy": generator / length,
            "other_busy": max(0.0, whole.busy - server - generator) / length,
        }

    def _server_ticks(self) -> int:
        return machine.session_ticks(self._server.child.pid) if self._server else 0


def _ended_children_ticks() -> float:
    """Of children that have ended, which the load generator has at the end of a turn and the server has not."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * machine.TICKS_PER_SECOND
