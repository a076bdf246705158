"""CPU time of children, and how long all threads waited for a CPU (floor 0; imported by workers).

Nothing here counts ticks: `getrusage` covers children that have ended, each living process has a
CPU clock, and `schedstat` counts waits in nanoseconds.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_PROC = Path("/proc")
TRIES = 5  # to read everything before another child ends


@dataclass(frozen=True, slots=True)
class _Child:
    """One living descendant."""

    cpu_ns: int
    """CPU time of all its threads, including those that have ended."""
    reaped: int
    """Page faults of its own children that it has waited for. The number grows with each such
    child, so it shows that there was one; their CPU time can be read only in ticks."""


_NONE = _Child(0, 0)
_SET_CHILD_SUBREAPER = 36
"""See `man 2 prctl`."""


def keep_descendants() -> None:
    """Make every descendant of this process its own, so that it ends with this process.

    Call this before a contestant is imported: `atexit` calls last what was registered first.
    """
    adopt_orphans()
    atexit.register(end_descendants)


def adopt_orphans() -> None:
    """Let processes that lose their parents become this one's children, where Linux allows it.

    Otherwise a process that forks twice would disappear from view.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  (a few workers are the only ones that need it)

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants(root: int | None = None) -> None:
    """Kill everything that a process has started and that still runs.

    Args:
        root: the process, which must be alive; None for this one.
    """
    living = Children.now().living if root is None else _descendants(root, _stats())
    for pid in living or ():
        with suppress(OSError):  # it has just ended
            os.kill(pid, signal.SIGKILL)


def move(before: frozenset[int], cpus: Collection[int]) -> None:
    """Move the threads of this process and of its descendants to other CPUs.

    Args:
        before: the CPUs from which to move; threads that may run elsewhere, too, stay as they are.
        cpus: the CPUs to move to.
    """
    # Its children inherited the CPUs on which the import ran, which may be those of the mirror.
    for pid in ("self", *map(str, Children.now().living or ())):
        for thread in names_in(_PROC / pid / "task"):
            with suppress(OSError):  # it has just ended
                if os.sched_getaffinity(int(thread)) <= before:
                    os.sched_setaffinity(int(thread), cpus)


@dataclass(frozen=True, slots=True)
class Children:
    """What had been used and waited for, by this process and its children, at one moment."""

    ended_s: float
    """CPU time of the children that were waited for, and of theirs."""
    living: dict[int, _Child] | None
    """Living descendants by process id; None where the system does not list them."""
    waits_ns: dict[int, int]
    """Time in which a thread was ready but had no CPU: by thread, of this process and of `living`.
    Threads that have ended are lost."""

    @classmethod
    def now(cls) -> Children:
        """Return what was used so far.

        If a child ends meanwhile, it could be counted twice or not at all, so we look again.
        """
        for _ in range(TRIES):
            ended_s, living = ended_cpu_s(), _living()
            if ended_s == ended_cpu_s():
                break
        else:
            # Children end all the time: no number is better than a wrong one.
            living = None
        pids = ["self", *map(str, living or ())]
        waits = {tid: ns for pid in pids for tid, ns in _waits_ns(pid).items()}
        return cls(ended_s, living, waits)

    def cpu_since(self, before: Children) -> float | None:
        """Return the CPU seconds that children used since an earlier look; None if not known.

        A living child that has waited for children of its own hides how much those used, until it
        ends itself.
        """
        if self.living is None or before.living is None:
            return None
        for pid in self.living.keys() | before.living.keys():
            then, now = before.living.get(pid, _NONE), self.living.get(pid, _NONE)
            if then.reaped != now.reaped:
                return None
        total_s = self._total_s() - before._total_s()
        # Where SIGCHLD is ignored, ended children are counted nowhere (`man 2 getrusage`).
        return total_s if total_s >= 0 else None

    def worked_since(self, before: Children) -> bool:
        """Return whether a child is known to have used CPU time since an earlier look."""
        return self._total_s() != before._total_s()

    def wait_since(self, before: Children) -> float:
        """Return the seconds that all threads together waited since an earlier look."""
        waits = (ns - before.waits_ns.get(tid, 0) for tid, ns in self.waits_ns.items())
        return sum(waits) / 1e9

    def _total_s(self) -> float:
        return self.ended_s + sum(child.cpu_ns for child in (self.living or {}).values()) / 1e9


def ended_cpu_s() -> float:
    """Return the CPU seconds of children that were waited for, and of theirs: one call."""
    if resource is None:
        times = os.times()
        return times.children_user + times.children_system
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _living() -> dict[int, _Child] | None:
    """Return the living descendants, and those that ended but were not waited for yet."""
    if not hasattr(os, "waitid"):
        return None
    try:
        # WNOWAIT: how a child ended is for the contestant to find out, and only once.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return {}  # the usual case: one call instead of a walk through all processes
    stats = _stats()
    # There is a child, but without `/proc`, as on macOS, nothing lists it.
    return _descendants(os.getpid(), stats) if stats else None


def _stats() -> dict[int, list[str]]:
    """Return, by process, what `/proc/PID/stat` says after the name (`man 5 proc_pid_stat`)."""
    found = {}
    for name in names_in(_PROC):
        if name.isdigit():
            try:
                text = (_PROC / name / "stat").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue  # it has ended
            # A process may choose a name with blanks and brackets: the last bracket ends it.
            found[int(name)] = text.rpartition(")")[2].split()
    return found


def _descendants(root: int, stats: dict[int, list[str]]) -> dict[int, _Child]:
    """Return the children of a process, their children, and so on."""
    below: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        below.setdefault(int(fields[1]), []).append(pid)
    found: dict[int, _Child] = {}
    ahead = list(below.get(root, ()))
    while ahead:
        pid = ahead.pop()
        try:
            cpu_ns = read_cpu_ns(pid)
        except OSError:
            continue  # it has ended and was waited for
        found[pid] = _Child(cpu_ns, reaped=int(stats[pid][8]))
        ahead += below.get(pid, ())
    return found


def read_cpu_ns(pid: int) -> int:
    """Return the CPU time of all threads of a process, those that have ended included, on Linux.

    Source: `man 3 clock_getcpuclockid`, and the kernel's `include/linux/posix-timers.h`.

    Raises:
        OSError: there is no such process.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


def _waits_ns(pid: str) -> dict[int, int]:
    """Return, by thread, the nanoseconds it was ready but had no CPU; empty where not known."""
    found = {}
    for thread in names_in(_PROC / pid / "task"):
        try:
            text = (_PROC / pid / "task" / thread / "schedstat").read_text(encoding="ascii")
            found[int(thread)] = int(text.split()[1])
        except (OSError, IndexError, ValueError):
            continue  # a system without it, or a thread that has just ended
    return found


def names_in(folder: Path) -> list[str]:
    """Return what is in a folder of `/proc`; nothing if its process has ended."""
    try:
        return os.listdir(folder)  # noqa: PTH208  (names alone: each would become a Path)
    except OSError:
        return []
