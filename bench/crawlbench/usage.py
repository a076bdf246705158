"""What a process has used so far: CPU, waits for CPU, memory (floor 0; imported by workers)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = [
    "Usage",
    "children_cpu_s",
    "peak_rss_bytes",
    "read_cpu_wait_s",
    "reset_peak_rss",
    "rss_bytes",
]

_STATUS = Path("/proc/self/status")
_SCHEDSTAT = Path("/proc/self/schedstat")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # man 5 proc_pid_clear_refs: reset the peak resident set size


@dataclass(frozen=True, slots=True)
class Usage:
    """What this process has used: all its threads and its ended children."""

    user_s: float
    """CPU time in the program."""
    system_s: float
    """CPU time in the kernel."""
    cpu_wait_s: float
    """Time that the main thread could have run but had no CPU; 0 where that is not known."""
    yields: int
    """Context switches because it waited for something; 0 where not known."""
    preemptions: int
    """Context switches because something else got its CPU; 0 where not known."""

    @classmethod
    def now(cls) -> Usage:
        """Read the clocks of the operating system."""
        if resource is None:
            times = os.times()
            user, system = times.user + times.children_user, times.system + times.children_system
            return cls(user, system, 0.0, 0, 0)
        own = resource.getrusage(resource.RUSAGE_SELF)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(
            own.ru_utime + children.ru_utime,
            own.ru_stime + children.ru_stime,
            read_cpu_wait_s(),
            own.ru_nvcsw + children.ru_nvcsw,
            own.ru_nivcsw + children.ru_nivcsw,
        )

    def since(self, before: Usage) -> Usage:
        """Return what was used between two readings."""
        return Usage(
            self.user_s - before.user_s,
            self.system_s - before.system_s,
            self.cpu_wait_s - before.cpu_wait_s,
            self.yields - before.yields,
            self.preemptions - before.preemptions,
        )


def children_cpu_s() -> float:
    """Return the CPU seconds of this process's ended children."""
    times = os.times()
    return times.children_user + times.children_system


def read_cpu_wait_s() -> float:
    """Return the seconds that the main thread was ready to run but had no CPU (Linux, else 0)."""
    try:
        return int(_SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def reset_peak_rss() -> None:
    """Forget the peak so far, where the kernel allows it (Linux)."""
    with suppress(OSError):  # a container may hide the file or forbid to write it
        _CLEAR_REFS.write_text(_RESET_PEAK)


def peak_rss_bytes() -> int | None:
    """Return the highest resident memory since the last reset, or None where it cannot be read.

    `ru_maxrss` would not do: Linux hands it on through fork and exec, so that a small worker shows
    the memory of the large manager that started it.
    """
    return _read_status("VmHWM:")


def rss_bytes() -> int | None:
    """Return the resident memory now, or None where it cannot be read."""
    return _read_status("VmRSS:")


def _read_status(name: str) -> int | None:
    if not _STATUS.exists():
        return None
    for line in _STATUS.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return None
