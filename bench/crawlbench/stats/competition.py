"""Finds how much of a worker's waits for a CPU other processes caused (floor 2; pure).

A thread that is ready but has no CPU waits for what has the CPU: another process, or another thread
of its own worker, which is the strategy's own doing. The system does not say which of the two. But
waiting for a thread takes no longer than that thread uses the CPU, so what a worker waited beyond
the CPU time of its other threads must have been caused by other processes. And these make all cells
of a group wait: the cells with one thread show by how much other processes delay a second of CPU
time. Where a worker's own threads could explain its waits, only about as much is put down to other
processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from crawlbench.stats.headroom import starved_s, used_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.base.records import Cell, Sample, Session
    from crawlbench.stats.index import Index

MAX_SIDE_SHARE = 0.01
"""Share of its CPU time that a worker's other threads may use if it is to count as having one: so
little cannot have kept it waiting for long enough to matter."""
MIN_SINGLES = 2
"""How many cells with one thread are needed to show how long others kept them waiting."""
ALLOWANCE = 2.0
"""Factor by which a cell may wait longer for other processes than the cells with one thread do, per
second of CPU time: a worker that wakes up more often finds others at work more often."""


@dataclass(frozen=True, slots=True)
class _Totals:
    """Seconds in all values of some cells."""

    waited: float
    used: float
    side: float
    """The part of the CPU time that threads other than the crawling one used."""

    @classmethod
    def of(cls, samples: Iterable[Sample], cpus: int) -> _Totals:
        waited = used = side = 0.0
        for sample in samples:
            waited += starved_s(sample, cpus) * sample.loops
            used += used_s(sample) * sample.loops
            side += (sample.side_cpu_s or 0.0) * sample.loops
        return cls(waited, used, side)

    def share(self, others_s: float) -> float:
        """Return the share of the waits that others caused, if they caused these seconds."""
        return min(1.0, others_s / self.waited) if self.waited else 1.0


def find_others_shares(session: Session, index: Index) -> dict[str, float]:
    """Return, by cell, the largest share of its waits that other processes can have caused.

    Where nobody can say, a cell is left out: if it has several threads and too few cells of one
    thread beside it to compare with, or if the session does not say which thread used the CPU.
    """
    cpus = max(1, len(session.machine.worker_cpus))
    cells = sorted(session.plan.cells, key=_terms)
    shares: dict[str, float] = {}
    for _, alike in groupby(cells, key=_terms):
        shares |= _compare({cell.name: index.samples(cell.name) for cell in alike}, cpus)
    return shares


def _terms(cell: Cell) -> tuple[str, str]:
    return cell.group, cell.place


def _compare(cells: dict[str, list[Sample]], cpus: int) -> dict[str, float]:
    """Return the shares of cells that crawl the same on the same network."""
    totals = {
        name: _Totals.of(samples, cpus)
        for name, samples in cells.items()
        if samples and all(sample.side_cpu_s is not None for sample in samples)
    }
    singles = {name: one for name, one in totals.items() if one.side <= MAX_SIDE_SHARE * one.used}
    used = sum(one.used for one in singles.values())
    # A thread that is alone in its worker can only have waited for others, so all of its waits are
    # theirs. With several threads nobody knows: those cells are left out.
    if len(singles) < MIN_SINGLES or not used:
        return dict.fromkeys(singles, 1.0)
    usual = sum(one.waited for one in singles.values()) / used
    return {
        # The second amount is what others caused at least, even if it is far more than usual:
        # nobody waits for a thread longer than that uses the CPU.
        name: one.share(max(ALLOWANCE * usual * one.used, one.waited - one.side))
        for name, one in totals.items()
    }
