"""Converts what sessions of format 1 mean to what later formats mean (floor 3; pure)."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.base.records import RoundRecord, Session


def cap_waits(session: Session) -> Session:
    """Return a session of format 1 with its workers' waits capped at what is usual in the group.

    In format 1 a wait was that of the main thread alone, which may have waited for its own worker's
    threads. Other processes that want the CPU make all cells of a round wait, but a worker's
    threads delay only their own cell. So no cell may count a larger share of its time as waiting
    than the median cell of its group.
    """
    groups = {cell.name: cell.group for cell in session.plan.cells}
    rounds = tuple(_cap(record, groups) for record in session.rounds)
    return replace(session, rounds=rounds)


def _cap(record: RoundRecord, groups: dict[str, str]) -> RoundRecord:
    shares: dict[str, list[float]] = {}
    for sample in record.samples:
        if not sample.warmup and sample.cell in groups and sample.seconds > 0:
            share = sample.cpu_wait_s / sample.seconds
            shares.setdefault(groups[sample.cell], []).append(share)
    usual = {group: median(found) for group, found in shares.items()}
    samples = tuple(
        replace(
            sample,
            cpu_wait_s=min(
                sample.cpu_wait_s, usual.get(groups.get(sample.cell, ""), 0.0) * sample.seconds
            ),
        )
        for sample in record.samples
    )
    return replace(record, samples=samples)
