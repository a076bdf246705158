"""What a process has used so far: CPU time and memory (floor 3; imported by workers)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["Usage", "peak_rss_bytes", "reset_peak_rss"]

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # man 5 proc_pid_clear_refs: reset the peak resident set size


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of this process: all its threads and its ended children."""

    user_s: float
    system_s: float

    @classmethod
    def now(cls) -> Usage:
        """Read the clocks of the operating system."""
        if resource is None:
            times = os.times()
            return cls(times.user + times.children_user, times.system + times.children_system)
        own = resource.getrusage(resource.RUSAGE_SELF)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(own.ru_utime + children.ru_utime, own.ru_stime + children.ru_stime)

    def since(self, before: Usage) -> Usage:
        """Return what was used between two readings."""
        return Usage(self.user_s - before.user_s, self.system_s - before.system_s)


def reset_peak_rss() -> None:
    """Forget the peak so far, where the kernel allows it (Linux)."""
    if _CLEAR_REFS.exists():
        _CLEAR_REFS.write_text(_RESET_PEAK)


def peak_rss_bytes() -> int | None:
    """Return the highest resident memory since the last reset, or None where it cannot be read.

    `ru_maxrss` would not do: Linux hands it on through fork and exec, so that a small worker shows
    the memory of the large manager that started it.
    """
    if not _STATUS.exists():
        return None
    for line in _STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None
