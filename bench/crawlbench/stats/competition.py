"""How much of a worker's waits for a CPU others caused, not its own threads (floor 2; pure).

A thread that is ready but has no CPU waits for whoever has it: another process, or another thread
of its own worker, which is the strategy's own doing. The system does not say which. But others who
want the CPU make all cells of a group wait, and a worker with one busy thread cannot wait for
itself. So the cells with one thread show how long others delay a second of CPU time, and no cell
waits for others much longer than that.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from crawlbench.stats.headroom import starved_s, used_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.base.records import Cell, Sample, Session
    from crawlbench.stats.index import Index

__all__ = ["find_others_shares"]

MAX_SIDE_SHARE = 0.01
"""Share of its CPU time that a worker's other threads may use if it is to count as having one: so
little cannot have kept it waiting for long enough to matter."""
MIN_SINGLES = 2
"""How many cells with one thread are needed to show how long others kept them waiting."""
ALLOWANCE = 2.0
"""Factor by which a cell may wait longer for others than those cells do, per second of CPU time: a
worker that wakes up more often finds others at work more often."""


def find_others_shares(session: Session, index: Index) -> dict[str, float]:
    """Return, by cell, the largest share of its waits that others can have caused.

    It is 1, and left out, for cells with one thread, for groups with too few of these to compare
    with, and in sessions that do not say which thread used the CPU.
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
    known = {
        name: samples
        for name, samples in cells.items()
        if samples and all(sample.side_cpu_s is not None for sample in samples)
    }
    singles = {name for name, samples in known.items() if _has_one_thread(samples)}
    if len(singles) < MIN_SINGLES:
        return {}
    usual = _rate((sample for name in singles for sample in known[name]), cpus)
    rates = {name: _rate(known[name], cpus) for name in known.keys() - singles}
    return {
        name: ALLOWANCE * usual / rate for name, rate in rates.items() if rate > ALLOWANCE * usual
    }


def _has_one_thread(samples: Iterable[Sample]) -> bool:
    side = used = 0.0
    for sample in samples:
        side += (sample.side_cpu_s or 0.0) * sample.loops
        used += used_s(sample) * sample.loops
    return side <= MAX_SIDE_SHARE * used


def _rate(samples: Iterable[Sample], cpus: int) -> float:
    """Return the seconds that were waited per second of CPU that was used."""
    waited = used = 0.0
    for sample in samples:
        waited += starved_s(sample, cpus) * sample.loops
        used += used_s(sample) * sample.loops
    return waited / used if used else 0.0
