"""The machine: which cores to use, whether it is idle, how much of it was stolen. Linux, from /proc and /sys.

Times are in clock ticks, as /proc/stat counts them (proc_stat(5)). *Stolen* is what the hypervisor gave to
others while this machine wanted to run. Nothing here knows what is measured.
"""

from __future__ import annotations

import os
import platform
import sysconfig
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

IDLE_SHARE = 0.05  # of all cores: above it, something else is running
IDLE_WINDOW = 0.25  # seconds
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class MachineError(Exception):
    """This machine cannot be measured on; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Ticks since the machine started, summed over cores. The difference of two is an interval."""

    busy: int
    stolen: int
    total: int

    def __sub__(self, earlier: CpuTimes) -> CpuTimes:
        return CpuTimes(self.busy - earlier.busy, self.stolen - earlier.stolen, self.total - earlier.total)

    @property
    def busy_share(self) -> float:
        return self.busy / self.total if self.total else 0.0

    @property
    def stolen_share(self) -> float:
        return self.stolen / self.total if self.total else 0.0


def parse_cpu_times(stat: str, cores: Collection[int] | None = None) -> CpuTimes:
    """Of the text of /proc/stat, the sum of these cores (None: all): user nice system idle iowait irq softirq steal."""
    names = {"cpu"} if cores is None else {f"cpu{core}" for core in cores}
    busy = stolen = total = 0
    for line in stat.splitlines():
        name, *fields = line.split()
        if name not in names:
            continue
        ticks = [int(value) for value in fields[:8]]  # what follows (guest) is contained in user and nice
        idle = ticks[3] + ticks[4]
        stolen += ticks[7]
        total += sum(ticks)
        busy += sum(ticks) - idle - ticks[7]
    return CpuTimes(busy, stolen, total)


def cpu_times(cores: Collection[int] | None = None) -> CpuTimes:
    return parse_cpu_times(Path("/proc/stat").read_text(), cores)


def session_ticks(session: int) -> int:
    """CPU time that the living processes of this session (setsid(2)) have used, in ticks."""
    ticks = 0
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            stat = (directory / "stat").read_text()
        except OSError:  # it has ended meanwhile
            continue
        fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces; fields[0] is the state
        if int(fields[3]) == session:
            ticks += int(fields[11]) + int(fields[12])
    return ticks


def resident_megabytes(pid: int) -> float:
    """VmRSS of a process (proc(5)), in MB of 10⁶ bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


@dataclass(frozen=True, slots=True)
class Wait:
    """How long it was waited for an idle machine (seconds), and how busy it was at the end."""

    seconds: float
    busy_share: float

    @property
    def idle(self) -> bool:
        return self.busy_share <= IDLE_SHARE


def wait_until_idle(limit: float) -> Wait:
    """Return once all cores together are less than 5 % busy for a quarter of a second, or after `limit` seconds."""
    start = time.monotonic()
    while True:
        before = cpu_times()
        time.sleep(IDLE_WINDOW)
        wait = Wait(time.monotonic() - start, (cpu_times() - before).busy_share)
        if wait.idle or wait.seconds >= limit:
            return wait


def choose_cores() -> tuple[int, int]:
    """A core for the server and one for the load generator, not two threads of one core if there is a choice.

    Raises `MachineError` where there is only one.
    """
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise MachineError(
            f"only core {available[0]} may be used: server and load generator need one each (see taskset, nproc)"
        )
    server = available[0]
    siblings = _siblings(server)
    return server, next((core for core in available[1:] if core not in siblings), available[1])


def _siblings(core: int) -> set[int]:
    """The logical cores that share this one's hardware, itself included; text such as `0,4` or `0-1`."""
    file = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    try:
        spans = [span.split("-") for span in file.read_text().strip().split(",")]
    except OSError:
        return {core}
    return {number for span in spans for number in range(int(span[0]), int(span[-1]) + 1)}


def describe() -> dict[str, str]:
    """What a reader needs to judge figures from this machine: processor, cores, memory, kernel."""
    pairs = (line.partition(":") for line in _first_processor().splitlines())
    cpu = {key.strip(): value.strip() for key, _, value in pairs}
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "processor": cpu.get("model name", platform.machine()),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "virtual": "yes" if "hypervisor" in cpu.get("flags", "").split() else "no, or it does not say",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}, {build()}",
    }


def is_optimised() -> bool:
    """Whether this Python was built with what was learned from running it (`configure --enable-optimizations`)."""
    return "--enable-optimizations" in _configured_with()


def build() -> str:
    """How this Python was built, as far as it matters for its speed."""
    profile = "with" if is_optimised() else "without"
    link = "with" if "--with-lto" in _configured_with() else "without"
    return f"built {profile} profile-guided and {link} link-time optimisation"


def _configured_with() -> str:
    return sysconfig.get_config_var("CONFIG_ARGS") or ""


def _first_processor() -> str:
    return Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
