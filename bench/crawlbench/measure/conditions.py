"""The conditions under which a machine measures: load, steal, governor, turbo (floor 3)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from crawlbench.base.records import Conditions

if TYPE_CHECKING:
    from collections.abc import Sequence

_CPU_FOLDER = Path("/sys/devices/system/cpu")
_STAT = Path("/proc/stat")
BUSY_SHARE = 0.10  # of one CPU; processes above this are named
BUSY_SPAN_S = 0.5  # how long processes are watched before a session
MAX_NAMED = 3


def read_conditions() -> Conditions:
    """Watch the machine for half a second and return what could disturb a measurement."""
    return Conditions(
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        busy=_busy_processes(),
        governor=_read(_CPU_FOLDER / "cpu0/cpufreq/scaling_governor"),
        turbo=_turbo(),
        steal_share=None,
    )


def join_conditions(before: Conditions | None, now: Conditions) -> Conditions:
    """Return the conditions of a session that goes on: what disturbed any of it is not forgotten.

    If nobody looked before, there are only those under which it goes on.
    """
    if before is None:
        return now
    loads = [one.load for one in (before, now) if one.load is not None]
    return Conditions(
        load=max(loads, default=None),
        busy=tuple(dict.fromkeys((*before.busy, *now.busy))),
        governor=now.governor,
        turbo=now.turbo,
        steal_share=before.steal_share,
    )


def steal_of(parts: Sequence[tuple[float | None, float]]) -> float | None:
    """Return the stolen share of a session from share and seconds of each part; None if unknown."""
    known = [(share, seconds) for share, seconds in parts if share is not None]
    total = sum(seconds for _, seconds in known)
    if not total:
        return known[-1][0] if known else None
    return sum(share * seconds for share, seconds in known) / total


@dataclass(frozen=True, slots=True)
class StealMeter:
    """What the kernel has counted up to some moment: stolen CPU time, and all CPU time."""

    stolen: int
    total: int
    """Both in the kernel's ticks, over all CPUs."""

    @classmethod
    def start(cls) -> StealMeter | None:
        """Start the meter; return None where the kernel does not report stolen time."""
        try:
            # From user time to stolen time. Guest time, which follows, is in user time already.
            ticks = [int(word) for word in _STAT.read_text().splitlines()[0].split()[1:9]]
        except (OSError, ValueError, IndexError):
            return None
        return cls(stolen=ticks[7], total=sum(ticks)) if len(ticks) == 8 else None

    def share(self) -> float | None:
        """Return the share of all CPU time stolen since the start, from 0; None if unknown."""
        now = StealMeter.start()
        if now is None or now.total <= self.total:
            return None
        return (now.stolen - self.stolen) / (now.total - self.total)


def _busy_processes() -> tuple[str, ...]:
    """Name the processes, other than our own, that use the most CPU."""
    processes = [p for p in psutil.process_iter() if p.pid != os.getpid()]
    for process in processes:
        _cpu_share(process)  # the first call starts the span
    psutil.cpu_percent(BUSY_SPAN_S)  # only to wait
    shares = {process: _cpu_share(process) for process in processes}
    busiest = sorted(shares, key=lambda process: -shares[process])[:MAX_NAMED]
    return tuple(
        f"{_name(process)} ({shares[process] * 100:.0f} % of a CPU)"
        for process in busiest
        if shares[process] > BUSY_SHARE
    )


def _cpu_share(process: psutil.Process) -> float:
    try:
        return float(process.cpu_percent()) / 100
    except psutil.Error:
        return 0.0


def _name(process: psutil.Process) -> str:
    try:
        return f"{process.name()}, pid {process.pid}"
    except psutil.Error:
        return f"pid {process.pid}"


def _turbo() -> bool | None:
    """Return whether the clock may rise above its nominal rate; None where that is not known."""
    intel = _read(_CPU_FOLDER / "intel_pstate/no_turbo")
    if intel is not None:
        return intel == "0"
    boost = _read(_CPU_FOLDER / "cpufreq/boost")
    return None if boost is None else boost == "1"


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
