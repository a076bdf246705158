"""Seconds and CPU time between the same two moments (floor 0; imported by workers).

CPU time is read just inside the wall clock, so that one thread never seems to use more CPU time
than time went by. Only readings that take about a microsecond are made there: how long threads
waited and what children used is read before the clock starts and after it has stopped. A stopwatch
binds its clocks when it is made, so that replacing a name in this module changes no reading.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from time import perf_counter, process_time_ns, thread_time_ns
from typing import TYPE_CHECKING

from crawlbench.base.offspring import Children, ended_cpu_s
from crawlbench.base.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Timing:
    """What went by between start and stop."""

    seconds: float
    used: Usage
    is_alone: bool
    """Whether no other process worked for this one."""
    started_at: float
    """When the wall clock started, on the clock of `time.perf_counter`."""
    others: Others | None = None
    """What others had used when it stopped; None where that is not known."""
    closing_s: float = 0.0
    """CPU seconds that this thread then took to close the event loop of a crawl."""


@dataclass(frozen=True, slots=True)
class Others:
    """What all other threads of this process, and its children, had used at one moment."""

    threads_ns: int
    """CPU time of all threads but the asking one."""
    children: Children

    @classmethod
    def now(
        cls,
        children: Children | None = None,
        *,
        cpu: Callable[[], int] = process_time_ns,
        thread: Callable[[], int] = thread_time_ns,
    ) -> Others:
        """Return what was used so far.

        Args:
            children: what children have used, if that was just read.
            cpu: reads the CPU time of the process.
            thread: reads that of the asking thread.
        """
        children = children or Children.now()
        return cls(cpu() - thread(), children)

    def since(self, before: Others) -> float:
        """Return the CPU seconds since then, without children that cannot be measured exactly."""
        threads_s = max(0, self.threads_ns - before.threads_ns) / 1e9
        return threads_s + (self.children.cpu_since(before.children) or 0.0)


class Stopwatch:
    """Runs from the moment it is made until `stop`."""

    __slots__ = ("_before", "_children", "_cpu_ns", "_start", "_thread_ns")

    def __init__(
        self,
        *,
        wall: Callable[[], float] = perf_counter,
        cpu: Callable[[], int] = process_time_ns,
        thread: Callable[[], int] = thread_time_ns,
    ) -> None:
        """Read everything; the wall clock and the CPU clock last."""
        self._children = Children.now()
        self._before = _Rusage.now()
        self._thread_ns = thread()
        self._start = wall()
        self._cpu_ns = cpu()

    def stop(
        self,
        *,
        wall: Callable[[], float] = perf_counter,
        cpu: Callable[[], int] = process_time_ns,
        thread: Callable[[], int] = thread_time_ns,
    ) -> Timing:
        """Return what went by since the start; the CPU clock and the wall clock are read first."""
        cpu_ns = cpu()
        seconds = wall() - self._start
        thread_ns = thread()
        ended_s = ended_cpu_s()
        after, children = _Rusage.now(), Children.now()
        spent_s = children.cpu_since(self._children)
        has_clock = resource is not None  # Windows counts in ticks of 16 ms
        own_s = (cpu_ns - self._cpu_ns) / 1e9
        cpu_s = own_s + spent_s if has_clock and spent_s is not None else None
        # The thread's clock is read around the process's, so it may even show more.
        side_s = None if cpu_s is None else max(0.0, cpu_s - (thread_ns - self._thread_ns) / 1e9)
        waits_s = children.wait_since(self._children)
        # Without the children's CPU time too much is blamed on others, which is the careful side.
        return Timing(
            seconds,
            after.since(
                self._before, cpu_s, side_s, others_had_s(waits_s, seconds, cpu_s or own_s)
            ),
            is_alone=not children.worked_since(self._children),
            started_at=self._start,
            # A child that ends while we look is not among the living any more. It counts as late
            # with all that it has used, since nobody waited for it within the clock.
            others=Others(cpu_ns - thread_ns, replace(children, ended_s=ended_s))
            if has_clock
            else None,
        )


def others_had_s(waits_s: float, seconds: float, cpu_s: float, cpus: int | None = None) -> float:
    """Return the seconds, at most, for which others had the CPUs that this process wanted.

    Threads of one process also wait for each other: two busy ones on one CPU wait as long as they
    run. But nobody else had the CPU time that the process itself used, so others had at most the
    rest.

    Args:
        waits_s: the time in which threads were ready but had no CPU, summed up.
        seconds: the time that went by.
        cpu_s: the CPU time that the process used meanwhile.
        cpus: how many it may use; None for those of this process.
    """
    rest_s = seconds * (_cpu_count() if cpus is None else cpus) - cpu_s
    return max(0.0, min(waits_s, rest_s))


def _cpu_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Rusage:
    """What the system has counted for this process and for its ended children."""

    user_s: float
    system_s: float
    yields: int = 0
    preemptions: int = 0

    @classmethod
    def now(cls) -> _Rusage:
        if resource is None:
            times = os.times()
            user, system = times.user + times.children_user, times.system + times.children_system
            return cls(user, system)
        own = resource.getrusage(resource.RUSAGE_SELF)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(
            own.ru_utime + ended.ru_utime,
            own.ru_stime + ended.ru_stime,
            own.ru_nvcsw + ended.ru_nvcsw,
            own.ru_nivcsw + ended.ru_nivcsw,
        )

    def since(
        self, before: _Rusage, cpu_s: float | None, side_cpu_s: float | None, cpu_wait_s: float
    ) -> Usage:
        """Return what was used, split as the system splits it, so that it adds up to `cpu_s`."""
        user_s, system_s = self.user_s - before.user_s, self.system_s - before.system_s
        if cpu_s is not None:
            share = user_s / (user_s + system_s) if user_s + system_s else 1.0
            user_s, system_s = cpu_s * share, cpu_s * (1 - share)
        return Usage(
            user_s=user_s,
            system_s=system_s,
            cpu_wait_s=cpu_wait_s,
            yields=self.yields - before.yields,
            preemptions=self.preemptions - before.preemptions,
            cpu_s=cpu_s,
            side_cpu_s=side_cpu_s,
        )
