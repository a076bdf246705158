"""Checks that a contestant does not change what is not its own (floor 3; imported by workers).

This covers clocks, our code, its CPUs and priority, the garbage collector, and the event loop
policy. Checking some seven hundred names takes a quarter of a millisecond, outside the clock.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from crawlbench.base.offspring import Children, move, names_in
from crawlbench.base.stopwatch import Others
from crawlbench.measure.parts import find_ours, find_tools

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_OBJECTS = 50_000
"""Objects between two collections. Some services set as many; with more, hardly any collection
would fall within the clock, and what is not collected there is collected outside, at no charge."""
MAX_YOUNGER = 1_000
"""Collections of younger objects before older ones are collected, too. Some services set as
many; the same holds for more."""
KERNEL_THREAD = "iou-"
"""How Linux names the threads that serve a process's io_uring. libuv 1.45 to 1.48, which uvloop
0.21 has, makes one per loop, and it polls for some milliseconds after its loop is closed."""
MAX_LINGER_S = 0.1
LOOK_EVERY_S = 0.001
NAP_S = 0.01
QUIET_CPU_S = 0.0001
"""The most CPU time that a nap itself takes; in a process that has nothing to do, it takes a third
of this."""
MAX_SETTLE_S = 0.2  # rings of io_uring end 10 to 50 ms after their loops
LATE_CPU_S = 0.001
"""CPU time that others may use between the clock's end and the rest: the runtimes of some clients
close their connections in threads of their own, which takes pyreqwest's up to 0.8 ms."""
CLOSING_CPU_S = 0.01
"""CPU time that closing an event loop may take: asyncio's and uvloop need up to 0.6 ms, and up to 8
with a thousand tasks that were left to them."""
_TASKS = Path("/proc/self/task")

# Bound here, before a contestant is imported.
_perf_counter, _sleep = time.perf_counter, time.sleep
_process_time_ns, _thread_time_ns = time.process_time_ns, time.thread_time_ns
_set_mask = getattr(signal, "pthread_sigmask", None)


class Seal:
    """Remembers what exists when it is made, which is before a contestant is imported."""

    def __init__(self) -> None:
        """Remember everything of ours that is loaded, and the state of the process."""
        self._parts: dict[tuple[str, int], _Part] = {}
        for name, owner, part in find_ours():
            self._parts[name, id(owner)] = _Part.of(owner, name, part)
        self._state = _State.now()

    def take_in(self, module: str) -> None:
        """Add what was loaded since then, and the libraries that a module is made of.

        Args:
            module: the name of the module that reads pages, which all contestants share.
        """
        for name, owner, part in (*find_ours(), *find_tools(sys.modules.get(module))):
            self._parts.setdefault((name, id(owner)), _Part.of(owner, name, part))

    def add(self, owner: object, name: str) -> None:
        """Remember what an object of ours, which takes part in measuring, has under this name."""
        kind = type(owner)
        dotted = f"{kind.__module__}.{kind.__qualname__}.{name}"
        self._parts[dotted, id(owner)] = _Part.of(owner, name, getattr(owner, name))

    def move_to(self, cpus: Collection[int]) -> None:
        """Move all threads to the CPUs on which values are taken, once the contestant is imported.

        What its import has started moves, too. A thread that has moved itself before stays where it
        is, and is reported as broken.
        """
        if cpus and _State.now().cpus == self._state.cpus:
            move(self._state.cpus, cpus)
            self._state = replace(self._state, cpus=frozenset(cpus))

    @property
    def cpus(self) -> list[int]:
        """The CPUs on which values are taken; empty if the system does not say."""
        return sorted(self._state.cpus)

    def find_broken(self) -> list[str]:
        """Return a clause for each thing that has changed, such as `it replaced time.monotonic`."""
        parts = self._parts.items()
        found = [f"it replaced {name}" for (name, _), part in parts if part.is_other()]
        return [*dict.fromkeys(found), *_State.now().changes_since(self._state)]


@dataclass(frozen=True, slots=True)
class _Part:
    """Something sealed: where it is found, and what it was."""

    owner: object
    name: str
    part: object
    function: FunctionType | None
    """The function inside, whose code and defaults can be replaced while the object stays the
    same."""
    code: object
    defaults: object
    keywords: dict[str, object]

    @classmethod
    def of(cls, owner: object, dotted: str, part: object) -> _Part:
        within = getattr(part, "__func__", getattr(part, "fget", part))
        name = dotted.rpartition(".")[2]
        if not isinstance(within, FunctionType):
            return cls(owner, name, part, None, None, None, {})
        keywords = dict(within.__kwdefaults__ or {})
        return cls(owner, name, part, within, within.__code__, within.__defaults__, keywords)

    def is_other(self) -> bool:
        """Return whether something else is there now, or the same object does something else."""
        if _look_up(self.owner, self.name) is not self.part:
            return True
        function = self.function
        return function is not None and (
            function.__code__ is not self.code
            or function.__defaults__ is not self.defaults
            or (function.__kwdefaults__ or {}) != self.keywords
        )


def _look_up(owner: object, name: str) -> object:
    """Return what an owner has under this name; for a module or class, without what it inherits."""
    if isinstance(owner, ModuleType | type):
        return vars(owner).get(name)
    return getattr(owner, name, None)


@dataclass(frozen=True, slots=True)
class _State:
    """The settings of the process that a contestant must leave alone."""

    cpus: frozenset[int]
    """The CPUs of all its threads."""
    niceness: int
    scheduling: int
    """The system's scheduling policy, such as that of real-time processes."""
    policy: str
    """Module of the event loop policy; empty while there is none, or if it is Python's own."""
    collects: bool
    """Whether Python collects garbage by itself."""
    objects: int
    """How many objects are made before a collection."""
    younger: int
    """How many collections of younger objects come before one of older objects, at most."""

    @classmethod
    def now(cls) -> _State:
        cpus: frozenset[int] = frozenset()
        if hasattr(os, "sched_getaffinity"):
            cpus = frozenset().union(*map(_cpus_of, _threads()))
        niceness = os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else 0
        scheduling = os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else 0
        # `asyncio.get_event_loop_policy` would make one where there is none.
        policy = getattr(asyncio.events, "_event_loop_policy", None)
        module = type(policy).__module__ if policy is not None else ""
        policy_name = "" if module.startswith("asyncio.") else module
        objects, *younger = gc.get_threshold()
        collecting = gc.isenabled(), objects, max(younger)
        return cls(cpus, niceness, scheduling, policy_name, *collecting)

    def changes_since(self, before: _State) -> Iterator[str]:
        if self.cpus != before.cpus:
            yield f"it moved from CPUs {_listed(before.cpus)} to {_listed(self.cpus)}"
        if self.niceness != before.niceness:
            yield f"it changed its niceness from {before.niceness} to {self.niceness}"
        if self.scheduling != before.scheduling:
            yield f"it changed its scheduling from {before.scheduling} to {self.scheduling}"
        if before.collects and not self.collects:
            yield "it switched the garbage collector off"
        if not 0 < self.objects <= max(before.objects, MAX_OBJECTS):  # 0 means never
            yield (
                f"it lets the garbage collector run after {self.objects:,} objects instead of "
                f"{before.objects:,}"
            )
        if self.younger > max(before.younger, MAX_YOUNGER):
            yield (
                f"it lets the garbage collector reach older objects after {self.younger:,} "
                f"collections instead of {before.younger:,}"
            )
        if self.policy != before.policy:
            yield f"it set the event loop policy of {self.policy or 'asyncio'}"


def _threads() -> list[int]:
    return [int(name) for name in names_in(_TASKS)] or [0]


def _cpus_of(thread: int) -> set[int]:
    try:
        return os.sched_getaffinity(thread)
    except OSError:  # it has just ended
        return set()


def _listed(cpus: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))


def await_kernel_threads() -> bool:
    """Wait until no kernel thread works for this process, for at most `MAX_LINGER_S`.

    They run no code of a contestant, so nothing can hide in them; but the next worker's value would
    be taken beside them.

    Returns:
        Whether there was any.
    """
    deadline, found = _perf_counter() + MAX_LINGER_S, False
    while any(map(_is_of_kernel, _threads())) and _perf_counter() < deadline:
        found = True
        _sleep(LOOK_EVERY_S)
    return found


def _is_of_kernel(thread: int) -> bool:
    try:
        with open(f"/proc/self/task/{thread}/comm") as comm:  # noqa: PTH123  (quicker, in each turn)
            return comm.read().startswith(KERNEL_THREAD)
    except OSError:  # it has just ended, or this is no Linux
        return False


def await_kernel_work() -> float:
    """Wait until the kernel has released what was closed, for at most `MAX_SETTLE_S`.

    libuv has an io_uring in each loop. The kernel releases it some milliseconds after the loop was
    closed, and charges that work to this thread. For hundreds of loops it takes a millisecond,
    which would fall into the next worker's time.

    Returns:
        CPU seconds that the other threads of this process used meanwhile, so that a contestant
        cannot hide work here; signals are blocked for the same reason.
    """
    others_ns = _process_time_ns() - _thread_time_ns()
    before = _set_mask(signal.SIG_BLOCK, signal.valid_signals()) if _set_mask else None
    try:
        deadline = _perf_counter() + MAX_SETTLE_S
        while _nap() > QUIET_CPU_S and _perf_counter() < deadline:
            pass
    finally:
        if _set_mask and before is not None:
            _set_mask(signal.SIG_SETMASK, before)
    return (_process_time_ns() - _thread_time_ns() - others_ns) / 1e9


def _nap() -> float:
    """Sleep, and return the CPU seconds that this thread used meanwhile."""
    cpu_ns = _thread_time_ns()
    _sleep(NAP_S)
    return (_thread_time_ns() - cpu_ns) / 1e9


class Rest:
    """Measures what a worker used while it should have stood still."""

    def __init__(self, others: Others | None = None, closing_s: float = 0.0) -> None:
        """Begin to rest.

        Args:
            others: what other threads and children had used when a clock stopped, from when on they
                should have stood still, although this thread did not; None if there was no clock.
            closing_s: CPU seconds in which this thread then closed an event loop.
        """
        self._children = Children.now()  # first here and last in `stop`: to look costs CPU time
        late_s = Others.now(self._children).since(others) if others else 0.0
        self._late_s = max(0.0, late_s - LATE_CPU_S) + max(0.0, closing_s - CLOSING_CPU_S)
        self._start = _perf_counter()
        self._cpu_ns = _process_time_ns()

    def stop(self) -> tuple[float, float]:
        """Return the CPU seconds of all threads and children since then, and the seconds passed.

        The CPU seconds include those that others used after the clock, before the rest, beyond
        `LATE_CPU_S`, and those of closing an event loop, beyond `CLOSING_CPU_S`. Children that
        cannot be measured exactly are left out.
        """
        cpu_ns, seconds = _process_time_ns() - self._cpu_ns, _perf_counter() - self._start
        rested_s = cpu_ns / 1e9 + (Children.now().cpu_since(self._children) or 0.0)
        return self._late_s + rested_s, seconds
