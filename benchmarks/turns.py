"""One turn: one contender, one workload, once. The rounds made of turns are `rounds`' business.

A turn never raises for what a contender does: a fault makes its figure void, and the run goes on.
"""

from __future__ import annotations

import resource
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks import cold, machine, soak, websocket, wrk
from benchmarks.check import Referee
from benchmarks.contenders import Contender
from benchmarks.outcome import Outcome
from benchmarks.processes import ChildError
from benchmarks.servers import Server, serving
from benchmarks.workloads import RATE, Cold, Load, Soak, Workload


@dataclass(frozen=True, slots=True)
class Settings:
    """Of a run; durations in seconds.

    `idle_limit` is the longest wait for an idle machine before a turn; `soak_limit` ends a soak, however many requests
    have been answered by then. A contender that has goals has ten times as long.
    """

    seconds: float
    warmup: float
    connections: int
    idle_limit: float
    soak_limit: float
    server_core: int
    load_core: int

    @property
    def cores(self) -> tuple[int, int]:
        return self.server_core, self.load_core


@dataclass(frozen=True, slots=True)
class Reading:
    """What a turn gave: `values` by measure name, worth nothing if `void` has a reason.

    `stolen` is the share of both cores' time that the hypervisor took. `details` are for judging the figure:
    latencies in µs, and how busy the server, the load generator and everything else were, in cores. A `curve` is the
    server's memory in MB after so many requests.
    """

    values: Mapping[str, float]
    void: str | None
    stolen: float
    wait: machine.Wait
    details: Mapping[str, float] = field(default_factory=dict)
    curve: Sequence[tuple[int, float]] = ()


def take(workload: Workload, contender: Contender, referee: Referee, settings: Settings) -> Reading:
    """Wait for an idle machine, then measure."""
    wait = machine.wait_until_idle(settings.idle_limit)
    interval = Interval(settings.cores)
    try:
        match workload:
            case Load():
                return _load_turn(workload, contender, referee, wait, settings)
            case Cold():
                reading = cold.read(workload, contender, core=settings.server_core)
                named = dict(zip((m.name for m in workload.measures), reading.values, strict=True))
                objection = referee.cold_objection(workload, contender, reading.digests)
                return Reading(named, objection, interval.stolen_share, wait)
            case Soak():
                return _soak_turn(workload, contender, wait, settings)
    except ChildError as error:
        return Reading({}, str(error), interval.stolen_share, wait)


def _load_turn(
    workload: Load, contender: Contender, referee: Referee, wait: machine.Wait, settings: Settings
) -> Reading:
    generator = {"wrk": wrk.load, "websocket": websocket.load}[workload.client]
    connections = workload.connections or settings.connections

    def load(seconds: float) -> Outcome:
        return generator(
            workload, server.port, seconds=seconds, connections=connections, core=settings.load_core
        )

    with serving(contender, workload, core=settings.server_core) as server:
        if objection := referee.objection(workload, contender, server.answers):
            return Reading({}, objection, 0.0, wait)
        load(settings.warmup * contender.longer_warmup)
        interval = Interval(settings.cores, server)
        outcome = load(settings.seconds * workload.longer)
        latencies = {f"p{percent}_us": value for percent, value in outcome.latencies.items()}
        values = {RATE: outcome.rate} if outcome.requests else {}
        return Reading(values, outcome.fault, interval.stolen_share, wait, {**latencies, **interval.shares()})


def _soak_turn(workload: Soak, contender: Contender, wait: machine.Wait, settings: Settings) -> Reading:
    limit = settings.soak_limit * (10 if contender.goals else 1)
    with serving(contender, workload, core=settings.server_core) as server:
        interval = Interval(settings.cores, server)
        measured = soak.measure(
            workload,
            server,
            limit=limit,
            connections=settings.connections,
            core=settings.load_core,
        )
        requests, megabytes = measured.curve[-1]
        slope = soak.slope(measured.curve, workload.warm_up)
        if slope is None:
            return Reading({}, measured.fault or "too short for a slope", interval.stolen_share, wait)
        names = [measure.name for measure in workload.measures]
        values = dict(zip(names, (slope, megabytes), strict=True))
        details = {"requests": requests, **interval.shares()}
        return Reading(values, measured.fault, interval.stolen_share, wait, details, measured.curve)


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
