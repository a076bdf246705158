"""What a process has used: CPU, waits for CPU, memory (floor 0; imported by workers).

`stopwatch.py` reads CPU time around what is timed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_SCHEDSTAT = Path("/proc/self/schedstat")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # man 5 proc_pid_clear_refs: reset the peak resident set size


@dataclass(frozen=True, slots=True)
class Usage:
    """What this process and its children have used between two moments."""

    user_s: float
    """CPU time in the program; with `system_s` it adds up to `cpu_s` where that is known."""
    system_s: float
    """CPU time in the kernel."""
    cpu_wait_s: float
    """Time in which others had the CPUs that it wanted; 0 where not known."""
    yields: int
    """Context switches because it waited for something; 0 where not known."""
    preemptions: int
    """Context switches because something else got its CPU; 0 where not known."""
    cpu_s: float | None = None
    """CPU time to the microsecond, of all threads and of all children; None where it cannot be read
    so exactly."""
    side_cpu_s: float | None = None
    """The part of it used by children and by threads other than the asking one; None likewise."""


def read_cpu_wait_s() -> float:
    """Return the seconds that the main thread was ready but had no CPU (Linux, else 0)."""
    try:
        return int(_SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def reset_peak_rss() -> None:
    """Forget the peak so far, where the kernel allows it (Linux)."""
    with suppress(OSError):  # a container may hide the file or forbid writing to it
        _CLEAR_REFS.write_text(_RESET_PEAK)


def peak_rss_bytes() -> int | None:
    """Return the highest resident memory since the last reset, or None where it cannot be read.

    `ru_maxrss` would not do: Linux hands it down through fork and exec, so that a small worker
    would show the memory of the large manager that started it.
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
