"""Sees which CPUs and which priority a process uses while it takes a warmup (floor 3).

Looking from outside costs the worker nothing, but it happens on a CPU that may be the mirror's, so
it must not happen beside a value that counts. What a contestant does in each crawl it does in
warmups, too.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.offspring import names_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator

LOOK_EVERY_S = 0.002
"""The time from one look to the next; a crawl of ten pages takes ten times as long."""
REAL_TIME = (1, 2, 6)
"""Linux's numbers of the policies under which nobody else runs until the process waits."""
_PROC = Path("/proc")


@dataclass(slots=True)
class Allowance:
    """What processes may use of the machine."""

    cpus: set[int] = field(default_factory=set)
    """CPUs on which any of their threads may run."""
    niceness: int = 19
    """The lowest niceness of any of their threads."""
    scheduling: set[int] = field(default_factory=set)
    """The scheduling policies of their threads."""

    def add(self, other: Allowance) -> None:
        """Add what was seen of another process, or at another time."""
        self.cpus |= other.cpus
        self.niceness = min(self.niceness, other.niceness)
        self.scheduling |= other.scheduling

    def beyond(self, cpus: Collection[int]) -> Iterator[str]:
        """Yield a clause for each thing that goes beyond what was given.

        Args:
            cpus: the CPUs that were given; the rest is inherited from this process.
        """
        if not self.cpus <= set(cpus):
            yield (
                f"it let itself run on CPUs {_listed(self.cpus)} within its crawl instead of "
                f"{_listed(cpus)}"
            )
        given = os.getpriority(os.PRIO_PROCESS, 0)
        if self.niceness < given:
            yield f"its niceness was {self.niceness} within its crawl instead of {given}"
        for policy in (self.scheduling & set(REAL_TIME)) - {os.sched_getscheduler(0)}:
            yield f"it ran under a real-time scheduling policy ({policy}) within its crawl"


@asynccontextmanager
async def look_out(pid: int, cpus: Collection[int]) -> AsyncIterator[list[str]]:
    """Watch a process during the block; afterwards the list says what it took without permission.

    Args:
        pid: the process's id; its threads and descendants count, too.
        cpus: the CPUs that it was given; if empty, the process is not watched.
    """
    clauses: list[str] = []
    if not cpus:
        yield clauses
        return
    seen = Allowance()

    async def look() -> None:
        while True:
            seen.add(find_claim(pid))
            await asyncio.sleep(LOOK_EVERY_S)

    looking = asyncio.ensure_future(look())
    try:
        yield clauses
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    clauses += seen.beyond(cpus)


def find_claim(pid: int) -> Allowance:
    """Return what the threads of a process and of its descendants may use now."""
    claim = Allowance()
    ahead = [str(pid)]
    while ahead:
        folder = _PROC / ahead.pop() / "task"
        for name in names_in(folder):
            thread = int(name)
            with suppress(OSError):  # it has just ended, or this kernel does not list children
                niceness = os.getpriority(os.PRIO_PROCESS, thread)
                policy = {os.sched_getscheduler(thread)}
                claim.add(Allowance(os.sched_getaffinity(thread), niceness, policy))
                ahead += (folder / name / "children").read_text(encoding="ascii").split()
    return claim


def _listed(cpus: Collection[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))
